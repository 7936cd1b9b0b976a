import { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import type { ModelProto } from '../../graph/onnx_pb.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { findWeights } from '../../graph/weights.ts';
import { advisingSize, fixSize, type OpenSize, type SizeChoice } from '../../inputSize.ts';
import { FlowGraph, type Flow } from '../layers/flow.ts';
import { shown } from '../operators/call.ts';
import { foldOperator } from './foldOperator.ts';
import { operatorKinds } from './operators/index.ts';
import { OperatorCall, type OperatorKind } from './operators/operator.ts';
import { isQuantized, quantized } from './quantization.ts';
import type { Operator, StoredTensor, TfliteFile } from './schema.ts';
import { TensorValues } from './values.ts';

/** Turns the file's first graph into an ONNX graph. Throws a `UserError` that names the operator. */
export function assemble(file: TfliteFile, size: SizeChoice): { model: ModelProto; origins: Map<string, WeightOrigin>; openSize: OpenSize | null } {
  const builder = new GraphBuilder();
  const graph = new FlowGraph(builder);
  const values = new TensorValues(graph, file);
  const inputs = new Set(file.inputs);
  const names = new Set<string>();
  let openSize: OpenSize | null = null;
  for (const index of inputs) {
    const tensor = file.tensors[index]!;
    const fixed = fixedShape(file, tensor, size);
    openSize ??= fixed.openSize;
    values.setFlow(index, inputOf(graph, file, { ...tensor, shape: fixed.shape }));
    names.add(tensor.name);
  }
  const depends = new Set(inputs);
  advisingSize(openSize, () => {
    for (const operator of neededOperators(file)) {
      build(new OperatorCall(graph, file, values, operator), values, (tensor) => depends.has(tensor));
      if (operator.inputs.some((index) => depends.has(index))) operator.outputs.forEach((index) => depends.add(index));
    }
  });
  for (const index of file.outputs) {
    const tensor = file.tensors[index]!;
    const flow = values.flow(index);
    if (!flow) throw file.error(`nothing makes the output ${tensor.name}`);
    if (!isQuantized(tensor) && tensor.type !== 'float32') throw file.error(`the output ${tensor.name} is ${tensor.type}, not floating-point numbers`);
    const value = graph.plain(flow);
    // An output must be a value of its own, also where an operator passes on what it is given.
    const name = names.has(value) ? graph.op('Identity', [value], {}, `${value}/output`) : value;
    names.add(name);
    builder.output(name, 'float32', flow.shape.map((dim, axis) => (axis === 0 && depends.has(index) && openBatch(file) ? 'batch' : dim)));
  }
  return { model: builder.build(), origins: trained(builder, values), openSize };
}

/** Whether the file takes any number of pictures. */
function openBatch(file: TfliteFile): boolean {
  return file.inputs.every((index) => file.tensors[index]!.signature[0] === -1);
}

/** An input's shape for one picture, its size fixed; the sides of the file's own shape are an example. Throws where more is open. */
function fixedShape(file: TfliteFile, { name, shape, signature }: StoredTensor, size: SizeChoice): { shape: number[]; openSize: OpenSize | null } {
  if (signature.length !== shape.length) return { shape, openSize: null };
  const fixed = fixSize(file.path, { name, shape: signature }, { ...size, example: shape });
  if (fixed.shape.slice(1).includes(-1)) throw file.error(`the input ${name} leaves more open than the pictures' size (${shown(signature)})`);
  return { openSize: fixed.openSize, shape: shape.map((dim, axis) => (axis > 0 && signature[axis] === -1 ? fixed.shape[axis]! : dim)) };
}

/** Floats, whatever the file wants: a model of integers rounds them by its own scale first. */
function inputOf(graph: FlowGraph, file: TfliteFile, tensor: StoredTensor): { flow: Flow; integers?: string } {
  const { name, shape, type } = tensor;
  const dims = shape.map((dim, axis) => (axis === 0 && openBatch(file) ? 'batch' : dim));
  const input: Flow = { name: graph.builder.input(name, 'float32', dims), shape, channelsFirst: false };
  if (type === 'float32') return { flow: input };
  if (isQuantized(tensor)) return quantized(graph, input, { ...tensor, name: `${name}/integers` }, null, file);
  if (type !== 'uint8') throw file.error(`the input ${name} takes ${type}, not pictures`);
  const whole = graph.op('Round', [name], {}, `${name}/whole`);
  return { flow: { ...input, name: graph.op('Cast', [graph.op('Clip', [whole, graph.builder.float(0), graph.builder.float(255)], {}, `${name}/bytes`)], { to: 2 }, `${name}/uint8`) } };
}

/** The operators that an output depends on, in the file's order. */
function neededOperators(file: TfliteFile): Operator[] {
  const wanted = new Set(file.outputs);
  const needed: Operator[] = [];
  for (const operator of file.operators.toReversed()) {
    if (!operator.outputs.some((index) => wanted.has(index))) continue;
    needed.push(operator);
    for (const index of operator.inputs) wanted.add(index);
  }
  return needed.reverse();
}

function build(call: OperatorCall, values: TensorValues, dependsOnPicture: (tensor: number) => boolean): void {
  const { graph, file, operator } = call;
  const [output] = operator.outputs as [number];
  const source = operator.name === 'DEQUANTIZE' && operator.inputs.length === 1 ? values.stored(operator.inputs[0]!) : null;
  if (source) {
    values.setSource(output, source.index);
    return;
  }
  const known = foldOperator(call, dependsOnPicture);
  if (known) {
    values.setKnown(output, known);
    return;
  }
  const made = [kindOf(call).build(call)].flat();
  for (const [place, index] of operator.outputs.entries()) {
    const tensor = file.tensors[index]!;
    const flow = made[place];
    if (!flow) throw call.error(`it has ${operator.outputs.length} outputs, ${made.length} are known`);
    if (!fits(flow.shape, tensor)) throw call.error(`it makes ${shown(flow.shape)}, the file says ${shown(tensor.shape)}`);
    values.setFlow(index, isQuantized(tensor) ? quantized(graph, flow, tensor, call.bounds, file) : { flow });
  }
}

/** Whether a value has the shape that the file gives it; some files leave it out, and what is open there may be anything. */
function fits(shape: readonly number[], { shape: given, signature }: StoredTensor): boolean {
  return given.length === 0 || (given.length === shape.length && given.every((dim, axis) => dim === shape[axis] || signature[axis] === -1));
}

function kindOf(call: OperatorCall): OperatorKind {
  const { name, custom } = call.operator;
  const kind = custom ? undefined : operatorKinds.get(name);
  if (kind) return kind;
  if (name === 'DENSIFY') throw call.error('weights that are stored sparse cannot be opened');
  if (name.startsWith('Flex')) throw call.error('operators of TensorFlow outside of TensorFlow Lite cannot be opened; convert the model without them');
  throw call.error(custom ? 'custom operators cannot be opened: they are code of their own' : 'this operator cannot be opened');
}

/** Of the float arrays of the file those that layers read as weights. */
function trained(builder: GraphBuilder, values: TensorValues): Map<string, WeightOrigin> {
  const graph = builder.build().graph!;
  const shapes = new Map(graph.initializer.map((tensor) => [tensor.name, tensor.dims.map(Number)]));
  const names = findWeights(graph, (name) => values.origins.has(name), (name) => sizeOf(shapes.get(name)!));
  return new Map(names.map((name) => [name, values.origins.get(name)!]));
}
