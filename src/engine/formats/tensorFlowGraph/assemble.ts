import { advisingSize, fixSize, type OpenSize, type SizeChoice } from '../../inputSize.ts';
import { UserError } from '../../job.ts';
import { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import type { ModelProto } from '../../graph/onnx_pb.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { findWeights } from '../../graph/weights.ts';
import { FlowGraph, type Flow } from '../layers/flow.ts';
import { shown } from '../operators/call.ts';
import { foldNode } from './foldNode.ts';
import { dataInputs, nodeOf, orderedNodes, typeOf, valueKey, type TensorFlowGraph, type TensorFlowNode } from './graphDef.ts';
import { NodeCall, type NodeKind, type Surroundings } from './nodeCall.ts';
import { nodeKinds } from './operators/index.ts';
import { GraphValues } from './values.ts';

/** Turns a TensorFlow graph into an ONNX graph. Throws a `UserError` that names the node. */
export function assemble(source: TensorFlowGraph, size: SizeChoice): { model: ModelProto; origins: Map<string, WeightOrigin>; openSize: OpenSize | null } {
  const builder = new GraphBuilder();
  const graph = new FlowGraph(builder);
  const values = new GraphValues(graph, source.fixed);
  const nodes = orderedNodes(source);
  const inputs = nodes.filter((node) => source.inputs.includes(node.name));
  const [picture] = inputs;
  if (!picture) throw new UserError(`${source.path}: its answers depend on no input`);
  const depends = new Set<string>();
  const shapes = inputs.map((node) => placeholderShape(source, node, size));
  const open = shapes.every(({ shape }) => shape[0] === -1);
  const surroundings: Surroundings = { path: source.path, graph, values, pictures: { name: picture.name, count: open ? 1 : shapes[0]!.shape[0]! } };
  for (const [index, node] of inputs.entries()) {
    values.setFlow(valueKey(node.name), inputOf(surroundings, source, node, shapes[index]!.shape.map((dim, axis) => (axis === 0 && open ? 1 : dim)), open));
    depends.add(node.name);
  }
  const openSize = shapes.find((input) => input.openSize)?.openSize ?? null;
  advisingSize(openSize, () => {
    for (const node of nodes) {
      if (depends.has(node.name) || source.fixed.has(node.name)) continue;
      if (dataInputs(node).some((input) => depends.has(nodeOf(input)))) depends.add(node.name);
      build(new NodeCall(surroundings, node), values, (key) => depends.has(nodeOf(key)));
    }
  });
  const names = new Set(inputs.map((node) => node.name));
  for (const output of source.outputs) {
    const flow = values.flow(valueKey(output));
    if (!flow) throw new UserError(`${source.path}: nothing makes the output ${output}`);
    const value = graph.plain(flow);
    // An output must be a value of its own, also where a node passes on what it is given.
    const name = names.has(value) ? graph.op('Identity', [value], {}, `${value}/output`) : value;
    names.add(name);
    builder.output(name, 'float32', flow.shape.map((dim, axis) => (axis === 0 && open && depends.has(nodeOf(output)) ? 'batch' : dim)));
  }
  return { model: builder.build(), origins: trained(builder, values), openSize };
}

/** A placeholder's shape, its size fixed, −1 where the number of pictures is open. Throws where more is open. */
function placeholderShape({ path }: TensorFlowGraph, node: TensorFlowNode, size: SizeChoice): { shape: number[]; openSize: OpenSize | null } {
  const shape = node.attributes.get('shape')?.value ?? null;
  if (!Array.isArray(shape)) throw new UserError(`${path}: the input ${node.name} does not say its shape`);
  const dims = shape as number[];
  if (dims.length > 8 || dims.some((dim) => !Number.isSafeInteger(dim) || dim < -1 || dim === 0)) throw new UserError(`${path}: the input ${node.name} has a shape that cannot be: ${shown(dims.slice(0, 9))}`);
  const fixed = fixSize(path, { name: node.name, shape: dims }, size);
  if (fixed.shape.slice(1).includes(-1)) throw new UserError(`${path}: the input ${node.name} leaves more open than the pictures' size (${shown(dims)})`);
  return fixed;
}

/** Floats, whatever the graph wants: they are rounded first where it takes whole numbers. */
function inputOf({ graph }: Surroundings, source: TensorFlowGraph, node: TensorFlowNode, shape: number[], open: boolean): Flow {
  const { builder } = graph;
  const { name } = node;
  const input: Flow = { name: builder.input(name, 'float32', shape.map((dim, axis) => (axis === 0 && open ? 'batch' : dim))), shape, channelsFirst: false };
  const type = typeOf(String(node.attributes.get('dtype')?.value ?? 'DT_FLOAT'));
  if (type === 'float32') return input;
  const whole = (): string => graph.op('Round', [name], {}, `${name}/whole`);
  if (type === 'uint8') return { ...input, name: graph.op('Cast', [graph.op('Clip', [whole(), builder.float(0), builder.float(255)], {}, `${name}/bytes`)], { to: 2 }, `${name}/uint8`) };
  if (type === 'int32') return { ...input, name: graph.op('Cast', [whole()], { to: 6 }, `${name}/int32`) };
  throw new UserError(`${source.path}: the input ${name} takes ${type}, not pictures`);
}

function build(call: NodeCall, values: GraphValues, depends: (key: string) => boolean): void {
  const { node, keys } = call;
  if (passing.has(node.op)) {
    for (const [output, key] of keys.entries()) values.setSource(`${node.name}:${output}`, key);
    return;
  }
  const known = foldNode(call, depends);
  if (known) {
    values.setKnown(`${node.name}:0`, known);
    return;
  }
  const made = [kindOf(call).build(call)].flat();
  for (const [output, flow] of made.entries()) {
    if (flow.shape.some((dim) => !Number.isSafeInteger(dim) || dim < 1) || sizeOf(flow.shape) > largestValue) throw call.error(`it makes a value of the shape ${shown(flow.shape)}`);
    values.setFlow(`${node.name}:${output}`, flow);
  }
}

/** Numbers of one value at most: more do not fit the memory that a graph may take. */
const largestValue = 2 ** 31;

/** Operators that give what they are given. */
const passing = new Set(['CheckNumerics', 'EnsureShape', 'Identity', 'IdentityN', 'PlaceholderWithDefault', 'PreventGradient', 'Snapshot', 'StopGradient']);

const controlFlow = new Set(['Enter', 'Exit', 'If', 'LoopCond', 'Merge', 'NextIteration', 'StatelessIf', 'StatelessWhile', 'Switch', 'While']);

const variables = new Set(['VarHandleOp', 'Variable', 'VariableV2']);

function kindOf(call: NodeCall): NodeKind {
  const kind = nodeKinds.get(call.node.op);
  if (kind) return kind;
  if (variables.has(call.node.op)) throw call.error('the file holds no values of this variable');
  throw call.error(controlFlow.has(call.node.op) ? 'branches and loops in a graph cannot be opened' : 'this operator cannot be opened');
}

/** Of the float arrays of the file those that layers read as weights. */
function trained(builder: GraphBuilder, values: GraphValues): Map<string, WeightOrigin> {
  const graph = builder.build().graph!;
  const shapes = new Map(graph.initializer.map((tensor) => [tensor.name, tensor.dims.map(Number)]));
  const names = findWeights(graph, (name) => values.origins.has(name), (name) => sizeOf(shapes.get(name)!));
  return new Map(names.map((name) => [name, values.origins.get(name)!]));
}
