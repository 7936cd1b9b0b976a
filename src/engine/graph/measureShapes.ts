import { create } from '@bufbuild/protobuf';
import type { Engine, SessionOptions } from '../engines/engine.ts';
import { copyMessage } from './copyMessage.ts';
import { GraphProtoSchema, ModelProtoSchema, ValueInfoProtoSchema, type ModelProto, type NodeProto } from './onnx_pb.ts';
import { elementType, sizeOf, type ElementType, type Tensor, decodeTensor } from './tensor.ts';

/** What is known of a value of a graph without its data. */
export interface MeasuredValue {
  type: ElementType;
  /** −1 where the dimension depends on the open dimension of the inputs. */
  shape: number[];
  /** The values of a small array of integers that does not depend on the inputs: a shape, axes, indices. */
  integers?: number[];
  /** The values of a vector of up to 8 floats that does not depend on the inputs, such as scales. */
  floats?: number[];
}

export type MeasuredValues = ReadonlyMap<string, MeasuredValue>;

/** Arrays of integers up to this size are kept: shapes, axes, pads, split sizes. */
const keptIntegers = 64;

/**
 * The type and shape of every value of a graph, found by running it with all its values as outputs. Where an input has an
 * open first dimension (the batch), the graph runs with two sizes of it, and a dimension that differs between the two is
 * open (−1). Throws where another dimension of an input is open.
 *
 * `batches` are those two sizes, 2 and 3 unless given. `feeds` gives inputs a value; the others are filled with 0.5, which keeps
 * logarithms and roots in their domain. `only` names the computed values to measure, all unless given.
 */
export async function measureShapes(model: ModelProto, engine: Engine, options: SessionOptions & { feeds?: Record<string, Tensor>; batches?: readonly [number, number]; only?: readonly string[] } = {}): Promise<Map<string, MeasuredValue>> {
  const graph = model.graph;
  if (!graph) throw new Error('the model has no graph');
  const weights = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((input) => !weights.has(input.name));
  const computed = (options.only ?? graph.node.flatMap((node) => node.output)).filter((name) => name !== '');
  const output = computed.map((name) => create(ValueInfoProtoSchema, { name }));
  // Shallow copies: the weights' bytes are shared with the model.
  const tapped = copyMessage(ModelProtoSchema, model, { graph: copyMessage(GraphProtoSchema, graph, { output }) });
  const session = await engine.load(tapped, options);
  try {
    const feed = (batch: number): Record<string, Tensor> => Object.fromEntries(inputs.map((input) => [input.name, options.feeds?.[input.name] ?? filled(input, batch)]));
    const open = inputs.some((input) => options.feeds?.[input.name] === undefined && openDimensions(input).includes(0));
    // Two sizes that no fixed dimension is likely to equal by a rule of broadcasting: neither is 1.
    const [batch, otherBatch] = options.batches ?? [2, 3];
    const feeds = feed(batch);
    const otherFeeds = open ? feed(otherBatch) : feeds;
    const first = { ...feeds, ...await session.run(feeds) };
    const second = open ? { ...otherFeeds, ...await session.run(otherFeeds) } : first;
    const values = new Map<string, MeasuredValue>(graph.initializer.map((proto) => {
      const type = elementType(proto.dataType);
      const shape = proto.dims.map(Number);
      return [proto.name, (isInteger(type) && sizeOf(shape) <= keptIntegers) || isShortVector(type, shape) ? compare(decodeTensor(proto)) : { type, shape }];
    }));
    const dependent = dataDependent(graph.node, Object.keys(feeds));
    for (const [name, tensor] of Object.entries(first)) {
      const value = compare(tensor, second[name]);
      if (dependent.has(name)) {
        delete value.integers;
        delete value.floats;
      }
      values.set(name, value);
    }
    return values;
  } finally {
    await session.release();
  }
}

function compare(first: Tensor, second: Tensor = first): MeasuredValue {
  if (first.dims.length !== second.dims.length) throw new Error('the number of dimensions of a value depends on the batch');
  const value: MeasuredValue = { type: first.type, shape: first.dims.map((dim, axis) => (dim === second.dims[axis] ? dim : -1)) };
  if (isInteger(first.type) && first.data.length <= keptIntegers && first.data.length === second.data.length) {
    const integers = Array.from(first.data as ArrayLike<number | bigint>, Number);
    if (integers.every((item, index) => item === Number(second.data[index]))) value.integers = integers;
  }
  if (isShortVector(first.type, first.dims)) {
    const floats = Array.from(first.data as Float32Array);
    if (floats.every((item, index) => item === second.data[index])) value.floats = floats;
  }
  return value;
}

function isShortVector(type: ElementType, shape: readonly number[]): boolean {
  return type === 'float32' && shape.length === 1 && shape[0]! <= 8;
}

/** The values that depend on what is in the inputs, not only on their shapes. */
function dataDependent(nodes: readonly NodeProto[], inputs: readonly string[]): Set<string> {
  const dependent = new Set(inputs);
  for (const node of nodes) {
    // A node with a graph inside (If, Loop) may read any value without naming it as an input.
    const reads = node.attribute.some((attribute) => attribute.g !== undefined) || node.input.some((input) => dependent.has(input));
    if (reads && node.opType !== 'Shape' && node.opType !== 'Size') for (const output of node.output) dependent.add(output);
  }
  return dependent;
}

function isInteger(type: ElementType): boolean {
  return type === 'int64' || type === 'int32';
}

type Input = NonNullable<ModelProto['graph']>['input'][number];

function dimensions(input: Input): number[] {
  return input.type?.tensorType?.shape?.dim.map((dim) => (dim.value.case === 'dimValue' ? Number(dim.value.value) : -1)) ?? [];
}

function openDimensions(input: Input): number[] {
  return dimensions(input).flatMap((dim, axis) => (dim < 0 ? [axis] : []));
}

function filled(input: Input, batch: number): Tensor {
  const type = elementType(input.type?.tensorType?.elemType ?? 1);
  const dims = dimensions(input).map((dim, axis) => {
    if (dim < 0 && axis > 0) throw new Error(`dimension ${axis} of input ${input.name} is open; only the batch may be`);
    return dim < 0 ? batch : dim;
  });
  if (type === 'float32' || type === 'float64') {
    const data = type === 'float32' ? new Float32Array(sizeOf(dims)) : new Float64Array(sizeOf(dims));
    return { type, dims, data: data.fill(0.5) };
  }
  if (type === 'int64') return { type, dims, data: new BigInt64Array(sizeOf(dims)) };
  if (type === 'int32') return { type, dims, data: new Int32Array(sizeOf(dims)) };
  throw new Error(`input ${input.name} is ${type}; only float and integer inputs can be measured`);
}
