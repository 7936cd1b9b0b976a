import { attributesOf, type AttributeValue, type ModelGraph } from './modelGraph.ts';
import type { NodeProto } from './onnx_pb.ts';

/** A shape; −1 where a dimension is open. */
type Shape = readonly number[];
/** What a rule knows of its node. A missing shape of an input is undefined. */
interface NodeShapes {
  node: NodeProto;
  attributes: Record<string, AttributeValue>;
  inputs: (Shape | undefined)[];
  /** Numbers of an input that can be told, NaN for those that depend on an open dimension; null where there is no such input. */
  numbers: (input: number) => number[] | null | undefined;
}
/** Shapes of a node's outputs from those of its inputs; undefined where they cannot be told. */
type Rule = (node: NodeShapes) => (Shape | undefined)[] | undefined;

const numbersOf = (value: AttributeValue): number[] | undefined => Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : undefined;
const numberOf = (value: AttributeValue, otherwise: number): number => typeof value === 'number' ? value : otherwise;
const axisOf = (axis: number, rank: number): number => axis < 0 ? axis + rank : axis;
const product = (dims: Shape): number => dims.reduce((total, dim) => (total < 0 || dim < 0 ? -1 : total * dim), 1);

const asFirst: Rule = ({ inputs, node }) => node.output.map((_, index) => index === 0 ? inputs[0] : undefined);

const broadcast: Rule = ({ inputs }) => {
  if (inputs.some((shape) => !shape)) return undefined;
  const shapes = inputs as Shape[];
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return [Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((dim) => dim !== 1);
    return dims.length === 0 ? 1 : (dims.find((dim) => dim > 0) ?? -1);
  })];
};

/** Spatial sizes after a window moves over them; https://onnx.ai/onnx/operators/onnx__MaxPool.html gives the formula. */
function windowed({ attributes }: NodeShapes, sizes: Shape, kernel: Shape): number[] {
  const strides = numbersOf(attributes['strides']);
  const dilations = numbersOf(attributes['dilations']);
  const pads = numbersOf(attributes['pads']);
  const automatic = attributes['auto_pad'];
  const round = numberOf(attributes['ceil_mode'], 0) === 1 ? Math.ceil : Math.floor;
  return sizes.map((size, axis) => {
    const stride = strides?.[axis] ?? 1;
    if (size < 0) return -1;
    if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') return Math.ceil(size / stride);
    const before = automatic === 'VALID' ? 0 : (pads?.[axis] ?? 0);
    const padded = size + before + (automatic === 'VALID' ? 0 : (pads?.[axis + sizes.length] ?? 0));
    const count = round((padded - ((kernel[axis] ?? 1) - 1) * (dilations?.[axis] ?? 1) - 1) / stride) + 1;
    // A window that would begin in the padding at the end is left out.
    return round === Math.ceil && (count - 1) * stride >= size + before ? count - 1 : count;
  });
}

const convolution: Rule = (node) => {
  const [input, weight] = node.inputs;
  if (!input || !weight) return undefined;
  return [[input[0]!, weight[0]!, ...windowed(node, input.slice(2), weight.slice(2))]];
};

const pool: Rule = (node) => {
  const [input] = node.inputs;
  const kernel = numbersOf(node.attributes['kernel_shape']);
  return input && kernel && [[...input.slice(0, 2), ...windowed(node, input.slice(2), kernel)]];
};

const globalPool: Rule = ({ inputs: [input] }) => input && [[...input.slice(0, 2), ...input.slice(2).map(() => 1)]];

const matMul: Rule = ({ inputs: [a, b], ...rest }) => {
  if (!a || !b || a.length < 2 || b.length < 2) return undefined;
  const [batch] = broadcast({ ...rest, inputs: [a.slice(0, -2), b.slice(0, -2)] }) ?? [];
  return batch && [[...batch, a.at(-2)!, b.at(-1)!]];
};

const gemm: Rule = ({ inputs: [a, b], attributes }) => a && b && [[
  numberOf(attributes['transA'], 0) ? a[1]! : a[0]!, numberOf(attributes['transB'], 0) ? b[0]! : b[1]!,
]];

const flatten: Rule = ({ inputs: [input], attributes }) => {
  if (!input) return undefined;
  const axis = axisOf(numberOf(attributes['axis'], 1), input.length);
  return [[product(input.slice(0, axis)), product(input.slice(axis))]];
};

/** Stands for a size that is computed from an open dimension; −1 already means "what is left". */
const OPEN = -2;

const reshape: Rule = ({ inputs: [input], numbers, attributes }) => {
  const target = numbers(1)?.map((dim) => Number.isNaN(dim) ? OPEN : dim);
  if (!input || !target) return undefined;
  const copied = target.map((dim, axis) => dim === OPEN ? -1 : dim === 0 && !numberOf(attributes['allowzero'], 0) ? (input[axis] ?? -1) : dim);
  const all = product(input);
  const rest = product(copied.filter((dim, axis) => target[axis] !== -1));
  // What goes into −1 is known where all of the input is, or where the open batch is on both sides.
  const sizes = copied.filter((dim, axis) => target[axis] !== -1 && dim !== -1);
  const openOnBothSides = input[0] === -1 && copied[0] === -1 && (target[0] === 0 || target[0] === OPEN);
  const filler = all > 0 && rest > 0 ? all / rest : openOnBothSides ? product(input.slice(1)) / product(sizes) : -1;
  return [copied.map((dim, axis) => target[axis] === -1 ? filler : dim)];
};

const transpose: Rule = ({ inputs: [input], attributes }) => {
  if (!input) return undefined;
  const order = numbersOf(attributes['perm']) ?? input.map((_, axis) => input.length - 1 - axis);
  return [order.map((axis) => input[axis]!)];
};

const concatenation: Rule = ({ inputs, attributes }) => {
  const [first] = inputs;
  if (!first || inputs.some((shape) => !shape)) return undefined;
  const joined = axisOf(numberOf(attributes['axis'], 0), first.length);
  const sizes = inputs.map((shape) => shape![joined]!);
  return [first.map((dim, axis) => axis !== joined ? dim : sizes.some((size) => size < 0) ? -1 : sizes.reduce((sum, size) => sum + size, 0))];
};

const reduction: Rule = ({ inputs: [input], attributes, numbers }) => {
  if (!input) return undefined;
  const given = numbersOf(attributes['axes']) ?? numbers(1);
  if (given === undefined) return undefined;
  const axes = new Set((given ?? input.map((_, axis) => axis)).map((axis) => axisOf(axis, input.length)));
  const keep = numberOf(attributes['keepdims'], 1) === 1;
  return [input.flatMap((dim, axis) => axes.has(axis) ? (keep ? [1] : []) : [dim])];
};

const squeeze: Rule = ({ inputs: [input], attributes, numbers }) => {
  const given = numbersOf(attributes['axes']) ?? numbers(1);
  if (!input || given === undefined) return undefined;
  const axes = new Set(given?.map((axis) => axisOf(axis, input.length)) ?? input.flatMap((dim, axis) => dim === 1 ? [axis] : []));
  return [input.filter((_, axis) => !axes.has(axis))];
};

const unsqueeze: Rule = ({ inputs: [input], attributes, numbers }) => {
  const given = numbersOf(attributes['axes']) ?? numbers(1);
  if (!input || !given) return undefined;
  const rank = input.length + given.length;
  const axes = new Set(given.map((axis) => axisOf(axis, rank)));
  const rest = [...input];
  return [Array.from({ length: rank }, (_, axis) => axes.has(axis) ? 1 : rest.shift()!)];
};

const padding: Rule = ({ inputs: [input], attributes, numbers }) => {
  const pads = numbersOf(attributes['pads']) ?? numbers(1);
  if (!input || pads?.length !== 2 * input.length) return undefined;
  return [input.map((dim, axis) => dim < 0 ? -1 : dim + pads[axis]! + pads[axis + input.length]!)];
};

const slice: Rule = ({ inputs: [input], attributes, numbers }) => {
  const starts = numbersOf(attributes['starts']) ?? numbers(1);
  const ends = numbersOf(attributes['ends']) ?? numbers(2);
  const given = numbersOf(attributes['axes']) ?? numbers(3);
  const steps = numbers(4);
  if (!input || !starts || !ends || given === undefined || steps === undefined) return undefined;
  const shape = [...input];
  for (const [index, start] of starts.entries()) {
    const axis = axisOf(given?.[index] ?? index, input.length);
    const size = input[axis]!;
    const step = steps?.[index] ?? 1;
    const place = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
    shape[axis] = size < 0 ? -1 : Math.max(0, Math.ceil((place(ends[index]!) - place(start)) / step));
  }
  return [shape];
};

const resize: Rule = ({ inputs: [input], node, numbers }) => {
  // Operator set 10 has no region of interest before the scales.
  const scales = numbers(node.input.length === 2 ? 1 : 2);
  const sizes = numbers(3);
  if (!input) return undefined;
  if (sizes?.length === input.length) return [sizes.map((size) => Number.isNaN(size) ? -1 : size)];
  return scales?.length === input.length ? [input.map((dim, axis) => dim < 0 ? -1 : Math.floor(dim * scales[axis]!))] : undefined;
};

const everySame = ['Abs', 'BatchNormalization', 'Cast', 'CastLike', 'Ceil', 'Clip', 'DequantizeLinear', 'Dropout', 'Elu', 'Erf', 'Exp', 'Floor', 'Gelu', 'GroupNormalization', 'HardSigmoid', 'HardSwish', 'Identity', 'InstanceNormalization', 'LRN', 'LayerNormalization', 'LeakyRelu', 'Log', 'LogSoftmax', 'LpNormalization', 'Mish', 'Neg', 'PRelu', 'QuantizeLinear', 'Reciprocal', 'Relu', 'Round', 'Selu', 'Sigmoid', 'Sign', 'Softmax', 'Softplus', 'Softsign', 'Sqrt', 'Tanh', 'ThresholdedRelu'];
const everyBroadcast = ['Add', 'Div', 'Max', 'Mean', 'Min', 'Mul', 'Pow', 'Sub', 'Sum'];
const everyReduction = ['ReduceL1', 'ReduceL2', 'ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd', 'ReduceSum', 'ReduceSumSquare'];

const rules = new Map<string, Rule>([
  ...everySame.map((name): [string, Rule] => [name, asFirst]),
  ...everyBroadcast.map((name): [string, Rule] => [name, broadcast]),
  ...everyReduction.map((name): [string, Rule] => [name, reduction]),
  ['AveragePool', pool], ['Concat', concatenation], ['Conv', convolution], ['Flatten', flatten], ['Gemm', gemm],
  ['GlobalAveragePool', globalPool], ['GlobalMaxPool', globalPool], ['MatMul', matMul], ['MaxPool', pool], ['Pad', padding],
  ['Reshape', reshape], ['Resize', resize], ['Slice', slice], ['Squeeze', squeeze], ['Transpose', transpose], ['Unsqueeze', unsqueeze],
]);

/**
 * Shapes of a graph's values as far as they follow from its inputs, its constants and what the file says of its values, without
 * running it. A value whose shape cannot be told so is absent.
 */
export function staticShapes(graph: ModelGraph): Map<string, Shape> {
  const known = new Map<string, Shape>();
  for (const { name, shape } of graph.inputs) known.set(name, shape);
  for (const { name, type } of [...graph.graph.valueInfo, ...graph.graph.output]) {
    const dims = type?.tensorType?.shape?.dim;
    if (dims) known.set(name, dims.map((dim) => dim.value.case === 'dimValue' && dim.value.value > 0n ? Number(dim.value.value) : -1));
  }
  const integers = new Map<string, number[]>();
  const numbers = (name: string | undefined): number[] | null | undefined =>
    name === undefined || name === '' ? null : integers.get(name) ?? numbersOfConstant(graph, name);
  for (const node of graph.nodes) {
    const folded = foldShape(node, numbers, known);
    if (folded) integers.set(node.output[0]!, folded);
    const rule = node.domain === '' || node.domain === 'ai.onnx' ? rules.get(node.opType) : undefined;
    const outputs = rule?.({
      node, attributes: attributesOf(node),
      inputs: node.input.filter((name) => name !== '').map((name) => known.get(name) ?? graph.constantShape(name)),
      numbers: (input) => numbers(node.input[input]),
    });
    outputs?.forEach((shape, index) => {
      const name = node.output[index];
      if (shape && name) known.set(name, finer(shape, known.get(name)));
    });
  }
  return known;
}

/** Axes, sizes and pads are short; a long constant is none of them. */
const longest = 64;

/** Exporters compute the target of a Reshape from the input's shape; those few operators are worked out here. */
function foldShape(node: NodeProto, numbers: (name: string | undefined) => number[] | null | undefined, shapes: ReadonlyMap<string, Shape>): number[] | undefined {
  const [first, second] = node.input;
  switch (node.opType) {
    case 'Shape': return node.attribute.length > 0 ? undefined : shapes.get(first!)?.map((dim) => dim < 0 ? Number.NaN : dim);
    case 'Gather': {
      const values = numbers(first);
      const indices = numbers(second);
      return values && indices ? indices.map((index) => values.at(index)!) : undefined;
    }
    case 'Cast': case 'Identity': case 'Unsqueeze': case 'Squeeze': return numbers(first) ?? undefined;
    case 'Concat': {
      const parts = node.input.map(numbers);
      return parts.every((part) => !!part) ? parts.flat() : undefined;
    }
    default: return undefined;
  }
}

function numbersOfConstant(graph: ModelGraph, name: string): number[] | undefined {
  if (product(graph.constantShape(name) ?? [longest + 1]) > longest) return undefined;
  const tensor = graph.constant(name);
  return tensor && Array.from(tensor.data, Number);
}

/** Two shapes of one value: the dimensions that either knows. */
function finer(found: Shape, said: Shape | undefined): Shape {
  return said?.length === found.length ? found.map((dim, axis) => dim < 0 ? said[axis]! : dim) : found;
}
