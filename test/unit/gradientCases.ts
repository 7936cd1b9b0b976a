import type { Attribute } from '../../src/engine/graph/graphBuilder.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';

/**
 * An input of a case. `signed`: 0.1 ≤ |v| ≤ 1, so that no value is near 0. `positive`: 0.3 to 1.3. `aboveOne`: 1.3 to 2.3. `spaced`: all values differ
 * by `spacing` or more and lie in the middle between its multiples, so that a kink at a multiple or a tie is never near.
 */
export type CaseInput =
  | { kind: 'signed' | 'positive' | 'aboveOne'; dims: number[] }
  | { kind: 'spaced'; dims: number[]; spacing: number }
  | { kind: 'constant'; tensor: Tensor };

/** One operator with its attributes and inputs; null is an absent optional input. Every float input that is no constant is differentiated. */
export interface GradientCase {
  op: string;
  /** What is special about it. */
  note?: string;
  opset?: number;
  attributes?: Record<string, Attribute>;
  inputs: (CaseInput | null)[];
  outputs?: number;
  /** Inputs whose first dimension is the batch, which a network leaves open; none where absent. */
  batch?: number[];
}

const signed = (...dims: number[]): CaseInput => ({ kind: 'signed', dims });
const positive = (...dims: number[]): CaseInput => ({ kind: 'positive', dims });
const spaced = (spacing: number, ...dims: number[]): CaseInput => ({ kind: 'spaced', dims, spacing });
const ints = (...values: number[]): CaseInput => ({ kind: 'constant', tensor: { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) } });
const whole = (value: number): CaseInput => ({ kind: 'constant', tensor: { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) } });
const table = (dims: number[], ...values: number[]): CaseInput => ({ kind: 'constant', tensor: { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) } });
const float = (value: number): CaseInput => ({ kind: 'constant', tensor: { type: 'float32', dims: [], data: Float32Array.of(value) } });
const fixed = (...values: number[]): CaseInput => ({ kind: 'constant', tensor: { type: 'float32', dims: [values.length], data: Float32Array.from(values) } });
const mask = (dims: number[]): CaseInput => ({ kind: 'constant', tensor: { type: 'bool', dims, data: Uint8Array.from({ length: sizeOf(dims) }, (_, index) => index % 3 === 0 ? 1 : 0) } });

const unary = (op: string, input: CaseInput = signed(2, 3, 4), attributes: Record<string, Attribute> = {}, opset = 18): GradientCase => ({ op, opset, inputs: [input], attributes, batch: [0] });
const conv = (note: string, x: number[], w: number[], attributes: Record<string, Attribute> = {}): GradientCase[] => [
  { op: 'Conv', note, inputs: [signed(...x), signed(...w), signed(w[0]!)], attributes, batch: [0] },
];
const pool = (op: string, note: string, attributes: Record<string, Attribute>, dims = [2, 2, 5, 6]): GradientCase =>
  ({ op, note, inputs: [op === 'MaxPool' ? spaced(0.08, ...dims) : signed(...dims)], attributes, batch: [0] });

/** Broadcasting of two operands in every direction. */
const broadcasts: [number[], number[], number[]][] = [
  [[2, 3], [2, 3], [0, 1]],
  [[2, 3, 4], [4], [0]],
  [[2, 3, 4], [3, 1], [0]],
  [[2, 1, 4], [1, 3, 1], [0]],
  [[3], [2, 2, 3], [1]],
  [[2, 3], [], [0]],
];
const binary = (op: string, make: (...dims: number[]) => CaseInput): GradientCase[] =>
  broadcasts.map(([a, b, batch]) => ({ op, note: `[${a.join()}] and [${b.join()}]`, inputs: [make(...a), make(...b)], batch }));

const reductions = ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceProd', 'ReduceSumSquare'].flatMap((op): GradientCase[] => {
  const x = op === 'ReduceLogSum' || op === 'ReduceProd' ? positive(2, 3, 4) : spaced(0.08, 2, 3, 4);
  return [
    { op, note: 'an inner axis', inputs: [x, ints(1)], attributes: { keepdims: 0 }, batch: [0] },
    { op, note: 'axes from the end, kept', inputs: [x, ints(-1, -2)], attributes: { keepdims: 1 }, batch: [0] },
    { op, note: 'the batch and another', inputs: [x, ints(0, 2)], attributes: { keepdims: 0 }, batch: [0] },
    { op, note: 'everything', inputs: [x], attributes: { keepdims: 0 }, batch: [0] },
    { op, note: 'nothing', inputs: [x, ints()], attributes: { noop_with_empty_axes: 1 }, batch: [0] },
  ];
});

/** Every operator with a gradient, in the forms of operator set 18 unless a case says otherwise. */
export const gradientCases: GradientCase[] = [
  unary('Abs'),
  unary('Acos', spaced(0.08, 2, 3, 3)),
  unary('Acosh', { kind: 'aboveOne', dims: [2, 3, 3] }),
  ...binary('Add', signed),
  unary('Asin', spaced(0.08, 2, 3, 3)),
  unary('Asinh'),
  unary('Atan'),
  unary('Atanh', spaced(0.08, 2, 3, 3)),
  { op: 'Attention', opset: 23, inputs: [signed(2, 2, 3, 4), signed(2, 2, 5, 4), signed(2, 2, 5, 3)], batch: [0, 1, 2] },
  { op: 'Attention', note: 'with a mask that is added', opset: 23, inputs: [signed(2, 2, 3, 4), signed(2, 2, 5, 4), signed(2, 2, 5, 4), signed(3, 5)], attributes: { scale: { float: 0.7 } }, batch: [0, 1, 2] },
  { op: 'Attention', note: 'with a mask of truth values', opset: 23, inputs: [signed(2, 2, 3, 4), signed(2, 2, 4, 4), signed(2, 2, 4, 4), mask([3, 4])], batch: [0, 1, 2] },
  pool('AveragePool', 'with a stride', { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('AveragePool', 'overlapping, padded', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('AveragePool', 'counting the padding', { kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 2, 1], count_include_pad: 1 }),
  pool('AveragePool', 'with a last window that stands out', { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 }),
  pool('AveragePool', 'same size', { kernel_shape: [3, 2], auto_pad: 'SAME_UPPER' }),
  pool('AveragePool', 'with a rest that no window reads', { kernel_shape: [2, 2], strides: [3, 4] }),
  pool('AveragePool', 'of one dimension', { kernel_shape: [3], strides: [2], pads: [1, 1] }, [2, 3, 7]),
  { ...pool('AveragePool', 'dilated', { kernel_shape: [2, 2], dilations: [2, 1], strides: [1, 2], pads: [1, 0, 0, 1] }), opset: 19 },
  { op: 'BatchNormalization', inputs: [signed(2, 3, 2, 2), signed(3), signed(3), fixed(0.1, -0.2, 0.3), fixed(0.5, 1, 2)], attributes: { epsilon: { float: 1e-3 } }, batch: [0] },
  { op: 'BatchNormalization', note: 'of a matrix', inputs: [signed(4, 3), signed(3), signed(3), fixed(0.1, -0.2, 0.3), fixed(0.5, 1, 2)], batch: [0] },
  { op: 'Cast', inputs: [signed(2, 3)], attributes: { to: 1 }, batch: [0] },
  { op: 'CastLike', inputs: [signed(2, 3), float(0)], batch: [0] },
  unary('Ceil', spaced(0.1, 2, 24)),
  unary('Celu', signed(2, 3, 4), { alpha: { float: 1.5 } }),
  { op: 'Clip', inputs: [spaced(0.08, 2, 24), float(-0.8), float(0.4)], batch: [0] },
  { op: 'Clip', note: 'below only', inputs: [spaced(0.08, 2, 24), float(0)], batch: [0] },
  { op: 'Clip', note: 'above only', inputs: [spaced(0.08, 2, 24), null, float(0.8)], batch: [0] },
  { op: 'Clip', note: 'without limits', inputs: [signed(2, 3)], batch: [0] },
  { op: 'Col2Im', inputs: [signed(2, 3 * 4, 6), ints(4, 6), ints(2, 2)], attributes: { strides: [2, 2] }, batch: [0] },
  { op: 'Col2Im', note: 'overlapping, padded', inputs: [signed(2, 2 * 9, 12), ints(5, 7), ints(3, 3)], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] }, batch: [0] },
  { op: 'Col2Im', note: 'dilated', inputs: [signed(2, 2 * 6, 12), ints(8, 4), ints(3, 2)], attributes: { dilations: [2, 1] }, batch: [0] },
  { op: 'Concat', inputs: [signed(2, 3, 2), signed(2, 1, 2), signed(2, 2, 2)], attributes: { axis: 1 }, batch: [0, 1, 2] },
  { op: 'Concat', note: 'along the last axis', inputs: [signed(2, 3), signed(2, 2)], attributes: { axis: -1 }, batch: [0, 1] },
  ...conv('1×1', [2, 3, 4, 4], [5, 3, 1, 1]),
  ...conv('1×1 with a stride', [2, 3, 5, 4], [4, 3, 1, 1], { strides: [2, 3] }),
  ...conv('1×1 in groups', [2, 4, 3, 3], [6, 2, 1, 1], { group: 2 }),
  ...conv('1×1 padded', [2, 2, 3, 3], [3, 2, 1, 1], { pads: [1, 1, 0, 1] }),
  ...conv('3×3 padded', [2, 2, 5, 4], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  ...conv('3×3 unpadded', [2, 2, 5, 4], [3, 2, 3, 3]),
  ...conv('3×2 padded unevenly', [2, 2, 5, 4], [3, 2, 3, 2], { pads: [0, 1, 2, 0] }),
  ...conv('3×3 with a stride', [2, 2, 7, 6], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  ...conv('2×2 with a rest that no window reads', [2, 2, 6, 6], [3, 2, 2, 2], { strides: [4, 3] }),
  ...conv('3×3 dilated', [2, 2, 7, 6], [3, 2, 3, 3], { dilations: [2, 1], pads: [2, 1, 2, 1] }),
  ...conv('3×3 dilated with a stride', [2, 2, 8, 7], [2, 2, 3, 3], { dilations: [2, 2], strides: [2, 1], pads: [1, 2, 1, 0] }),
  ...conv('3×3 of six channels', [2, 6, 5, 4], [3, 6, 3, 3], { pads: [1, 1, 1, 1] }),
  ...conv('3×2 of six channels, with a stride, dilated', [2, 6, 8, 7], [2, 6, 3, 2], { dilations: [2, 1], strides: [2, 1], pads: [1, 2, 1, 0] }),
  ...conv('2×2 of six channels with a rest that no window reads', [2, 6, 6, 6], [3, 6, 2, 2], { strides: [4, 3] }),
  ...conv('more padding than kernel', [2, 2, 3, 3], [2, 2, 2, 2], { pads: [2, 2, 2, 2] }),
  ...conv('in groups', [2, 4, 5, 4], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  ...conv('in groups with a stride', [2, 4, 5, 5], [2, 2, 3, 3], { group: 2, strides: [2, 2] }),
  ...conv('depthwise', [2, 3, 5, 4], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  ...conv('depthwise with a stride', [2, 3, 6, 6], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [0, 0, 1, 1] }),
  ...conv('depthwise with two filters a channel', [2, 3, 5, 4], [6, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  ...conv('same size, upper', [2, 2, 5, 6], [3, 2, 2, 3], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  ...conv('same size, lower', [2, 2, 5, 6], [3, 2, 2, 4], { auto_pad: 'SAME_LOWER' }),
  ...conv('auto_pad VALID', [2, 2, 5, 6], [3, 2, 2, 3], { auto_pad: 'VALID' }),
  ...conv('of one dimension', [2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 0] }),
  ...conv('of three dimensions', [1, 2, 3, 4, 3], [2, 2, 2, 2, 2], { pads: [0, 1, 0, 1, 0, 1] }),
  { op: 'Conv', note: 'without bias', inputs: [signed(2, 2, 4, 4), signed(3, 2, 3, 3)], batch: [0] },
  { op: 'ConvTranspose', inputs: [signed(2, 3, 3, 4), signed(3, 2, 3, 3), signed(2)], attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }, batch: [0] },
  { op: 'ConvTranspose', note: 'in groups', inputs: [signed(2, 4, 3, 3), signed(4, 2, 2, 2), signed(4)], attributes: { group: 2, strides: [2, 2] }, batch: [0] },
  { op: 'ConvTranspose', note: 'same size, upper', inputs: [signed(2, 3, 3, 4), signed(3, 2, 3, 3), signed(2)], attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' }, batch: [0] },
  { op: 'ConvTranspose', note: 'same size, lower', inputs: [signed(2, 3, 3, 4), signed(3, 2, 3, 2)], attributes: { strides: [2, 1], auto_pad: 'SAME_LOWER' }, batch: [0] },
  { op: 'ConvTranspose', note: 'with the size of its output', inputs: [signed(2, 3, 4, 5), signed(3, 2, 4, 3)], attributes: { strides: [2, 2], output_shape: [8, 10] }, batch: [0] },
  { op: 'ConvTranspose', note: 'dilated', inputs: [signed(2, 4, 3, 3), signed(4, 1, 3, 2)], attributes: { group: 2, dilations: [2, 1] }, batch: [0] },
  unary('Cos'),
  unary('Cosh'),
  ...[0, 1].flatMap((reverse) => [0, 1].map((exclusive): GradientCase => ({ op: 'CumSum', note: `reverse ${reverse}, exclusive ${exclusive}`, inputs: [signed(2, 4, 3), whole(1)], attributes: { reverse, exclusive }, batch: [0] }))),
  { op: 'CumSum', note: 'along the last axis', inputs: [signed(2, 3, 4), whole(-1)], batch: [0] },
  unary('DepthToSpace', signed(2, 8, 2, 3), { blocksize: 2 }),
  unary('DepthToSpace', signed(2, 8, 2, 3), { blocksize: 2, mode: 'CRD' }),
  ...binary('Div', positive),
  ...([
    ['ij,jk->ik', [[2, 3], [3, 4]], [0]], ['bhid,bhjd->bhij', [[2, 2, 3, 2], [2, 2, 4, 2]], [0, 1]], ['bij,jk', [[2, 3, 4], [4, 2]], [0]],
    ['...ij,...jk->...ik', [[2, 2, 3], [2, 3, 4]], [0, 1]], ['bij->bj', [[2, 3, 4]], [0]], ['ab,bc,cd->ad', [[2, 3], [3, 2], [2, 4]], [0]],
    ['bi,bi->b', [[2, 3], [2, 3]], [0, 1]], ['bij,k->bk', [[2, 3, 2], [3]], [0]],
  ] as [string, number[][], number[]][]).map(([equation, shapes, batch]): GradientCase => ({ op: 'Einsum', inputs: shapes.map((dims) => signed(...dims)), attributes: { equation }, batch })),
  ...([
    ['ii->i', [[4, 4]]], ['ii', [[4, 4]]], ['bii->bi', [[2, 3, 3]]], ['iji->ij', [[3, 2, 3]]], ['iii->i', [[3, 3, 3]]], ['bii->b', [[2, 3, 3]]],
    ['ii,ij->j', [[3, 3], [3, 2]]], ['biij,jj->bj', [[2, 3, 3, 2], [2, 2]]], ['kii,ij->j', [[2, 3, 3], [3, 2]]],
  ] as [string, number[][]][]).map(([equation, shapes]): GradientCase => ({
    op: 'Einsum', note: `${equation}, a diagonal`, inputs: shapes.map((dims) => signed(...dims)), attributes: { equation }, batch: equation.startsWith('b') ? [0] : [],
  })),
  unary('Elu', signed(2, 3, 4), { alpha: { float: 0.7 } }),
  unary('Erf'),
  unary('Exp'),
  { op: 'Expand', inputs: [signed(2, 1, 3), ints(2, 4, 3)] },
  { op: 'Expand', note: 'to more axes', inputs: [signed(3, 1), ints(2, 3, 2)] },
  unary('Floor', spaced(0.1, 2, 24)),
  { op: 'Flatten', inputs: [signed(2, 3, 4)], batch: [0] },
  { op: 'Flatten', note: 'at axis 2', inputs: [signed(2, 3, 4)], attributes: { axis: 2 }, batch: [0] },
  { op: 'Gather', note: 'one row', inputs: [signed(2, 4, 3), table([], 2)], attributes: { axis: 1 }, batch: [0] },
  { op: 'Gather', note: 'rows in another order', inputs: [signed(2, 4, 3), ints(3, -4)], attributes: { axis: 1 }, batch: [0] },
  { op: 'Gather', note: 'rows taken twice', inputs: [signed(4, 3), ints(1, 1, 0)], attributes: { axis: 0 } },
  { op: 'Gather', note: 'a table of indices', inputs: [signed(2, 4, 3), table([2, 2], 0, 3, 3, 1)], attributes: { axis: 1 }, batch: [0] },
  { op: 'Gather', note: 'rows of the batch', inputs: [signed(3, 4), ints(1, 0, 1)], attributes: { axis: 0 }, batch: [0] },
  { op: 'GatherElements', inputs: [signed(2, 3, 4), table([2, 2, 4], 0, 2, 1, -1, 2, 0, 1, 1, 1, 1, 0, 2, 2, -3, 1, 0)], attributes: { axis: 1 } },
  { op: 'GatherElements', note: 'fewer rows', inputs: [signed(3, 4), table([2, 3], 0, 1, 1, 3, 0, 2)], attributes: { axis: 1 } },
  { op: 'GatherND', inputs: [signed(2, 3, 4), table([3, 2], 0, 2, 1, -1, 0, 2)] },
  { op: 'GatherND', note: 'single elements', inputs: [signed(3, 4), table([2, 2, 2], 0, 1, 2, 3, 0, 1, 1, 0)] },
  unary('Gelu', signed(2, 3, 4)),
  unary('Gelu', signed(2, 3, 4), { approximate: 'tanh' }),
  ...[0, 1].flatMap((transA) => [0, 1].map((transB): GradientCase => ({
    op: 'Gemm', note: `transA ${transA}, transB ${transB}`, attributes: { transA, transB, alpha: { float: 0.5 }, beta: { float: 2 } },
    inputs: [transA ? signed(3, 2) : signed(2, 3), transB ? signed(4, 3) : signed(3, 4), signed(4)], batch: transA ? [] : [0],
  }))),
  { op: 'Gemm', note: 'a column as third input', inputs: [signed(2, 3), signed(3, 4), signed(2, 1)] },
  { op: 'Gemm', note: 'two inputs', inputs: [signed(2, 3), signed(3, 4)], batch: [0] },
  unary('GlobalAveragePool', signed(2, 3, 4, 5)),
  unary('GlobalMaxPool', spaced(0.08, 2, 2, 4, 5)),
  { op: 'GroupNormalization', note: 'an entry a channel', opset: 21, inputs: [signed(2, 6, 3, 2), signed(6), signed(6)], attributes: { num_groups: 2, epsilon: { float: 1e-3 } }, batch: [0] },
  { op: 'GroupNormalization', note: 'an entry a group', inputs: [signed(2, 6, 3, 2), signed(3), signed(3)], attributes: { num_groups: 3, epsilon: { float: 1e-3 } }, batch: [0] },
  unary('Hardmax', spaced(0.08, 2, 3, 4)),
  unary('HardSigmoid', spaced(0.08, 2, 40), { alpha: { float: 0.25 }, beta: { float: 0.5 } }),
  unary('HardSwish', spaced(0.12, 2, 40)),
  unary('Identity'),
  { op: 'InstanceNormalization', inputs: [signed(2, 3, 3, 4), signed(3), signed(3)], attributes: { epsilon: { float: 1e-3 } }, batch: [0] },
  { op: 'LayerNormalization', inputs: [signed(2, 3, 6), signed(6), signed(6)], batch: [0] },
  { op: 'LayerNormalization', note: 'over two axes, without bias', inputs: [signed(2, 3, 4), signed(3, 4)], attributes: { axis: 1, epsilon: { float: 1e-3 } }, batch: [0] },
  unary('LeakyRelu', signed(2, 3, 4), { alpha: { float: 0.2 } }),
  unary('Log', positive(2, 3, 4)),
  unary('LogSoftmax', signed(3, 5)),
  unary('LogSoftmax', signed(2, 3, 4), { axis: 1 }),
  unary('LpNormalization', signed(2, 3, 4), { axis: 1 }),
  unary('LpNormalization', signed(3, 5), { p: 1 }),
  unary('LRN', signed(2, 6, 2, 3), { size: 3, alpha: { float: 0.5 }, beta: { float: 0.6 }, bias: { float: 2 } }),
  unary('LRN', signed(2, 6, 2, 3), { size: 5, alpha: { float: 0.9 } }),
  { op: 'MatMul', inputs: [signed(2, 3), signed(3, 4)], batch: [0] },
  { op: 'MatMul', note: 'a stack by a matrix', inputs: [signed(2, 3, 4), signed(4, 5)], batch: [0] },
  { op: 'MatMul', note: 'a stack by a stack', inputs: [signed(2, 3, 4), signed(2, 4, 2)], batch: [0, 1] },
  { op: 'MatMul', note: 'stacks that are broadcast', inputs: [signed(2, 1, 3, 4), signed(3, 4, 2)], batch: [0] },
  { op: 'MatMul', note: 'a matrix by a stack', inputs: [signed(3, 4), signed(2, 4, 2)], batch: [1] },
  { op: 'MatMul', note: 'a row by a matrix', inputs: [signed(3), signed(3, 4)] },
  { op: 'MatMul', note: 'a row by a stack', inputs: [signed(3), signed(2, 3, 4)], batch: [1] },
  { op: 'MatMul', note: 'a matrix by a column', inputs: [signed(2, 3), signed(3)], batch: [0] },
  { op: 'MatMul', note: 'a stack by a column', inputs: [signed(2, 3, 4), signed(4)], batch: [0] },
  { op: 'MatMul', note: 'two vectors', inputs: [signed(3), signed(3)] },
  { op: 'Max', inputs: [spaced(0.08, 2, 6), fixed(0)], batch: [0] },
  { op: 'Max', note: 'three', inputs: [spaced(0.08, 2, 6), spaced(0.24, 6), spaced(0.4, 2, 1)], batch: [0, 2] },
  pool('MaxPool', 'with a stride', { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('MaxPool', 'overlapping, padded', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('MaxPool', 'with a last window that stands out', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  pool('MaxPool', 'dilated, same places twice', { kernel_shape: [2, 2], dilations: [2, 2] }),
  pool('MaxPool', 'same size', { kernel_shape: [3, 2], auto_pad: 'SAME_UPPER' }),
  pool('MaxPool', 'of one dimension', { kernel_shape: [3], strides: [2] }, [2, 3, 7]),
  { op: 'Mean', inputs: [signed(2, 3), signed(3), signed(2, 1)], batch: [0, 2] },
  { op: 'Min', inputs: [spaced(0.08, 2, 6), spaced(0.24, 6)], batch: [0] },
  unary('Mish'),
  ...binary('Mul', signed),
  unary('Neg'),
  { op: 'PRelu', inputs: [signed(2, 3, 2, 2), signed(3, 1, 1)], batch: [0] },
  { op: 'PRelu', note: 'one slope', inputs: [signed(2, 3), signed(1)], batch: [0] },
  { op: 'Pad', inputs: [signed(2, 3, 4), ints(0, 1, 2, 0, 0, 1)], batch: [0] },
  { op: 'Pad', note: 'by another value, cutting off', inputs: [signed(2, 3, 4), ints(0, -1, 2, 0, 0, -1), float(0.5)], batch: [0] },
  { op: 'Pad', note: 'some axes', inputs: [signed(2, 3, 4), ints(1, 2), null, ints(-1)], batch: [0] },
  { op: 'Pad', note: 'by its mirror', inputs: [signed(2, 3, 4, 5), ints(0, 0, 2, 1, 0, 0, 3, 2)], attributes: { mode: 'reflect' }, batch: [0] },
  { op: 'Pad', note: 'by its edge, also of channels', inputs: [signed(2, 3, 4, 5), ints(0, 1, 0, 2, 0, 0, 3, 2)], attributes: { mode: 'edge' }, batch: [0] },
  { op: 'Pad', note: 'by its edge, some axes, cutting off', inputs: [signed(2, 3, 4, 5), ints(2, -1, 1, 2), null, ints(-1, 2)], attributes: { mode: 'edge' }, batch: [0] },
  { op: 'Pad', note: 'by its other end', opset: 19, inputs: [signed(2, 3, 4, 5), ints(0, 0, 2, 1, 0, 0, 3, 2)], attributes: { mode: 'wrap' }, batch: [0] },
  { op: 'Pow', inputs: [positive(2, 3), positive(3)], batch: [0] },
  { op: 'Pow', note: 'squares of both signs', inputs: [signed(2, 3), float(2)], batch: [0] },
  { op: 'Pow', note: 'a whole exponent', inputs: [signed(2, 3), table([], 3)], batch: [0] },
  unary('Reciprocal', positive(2, 3, 4)),
  ...reductions,
  unary('Relu'),
  { op: 'Reshape', inputs: [signed(2, 3, 4), ints(0, -1)], batch: [0] },
  { op: 'Reshape', note: 'the batch elsewhere', inputs: [signed(2, 3, 4), ints(3, -1)], batch: [0] },
  ...(['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const).flatMap((rule) => ['linear', 'cubic', 'nearest'].flatMap((mode): GradientCase[] => [
    { op: 'Resize', note: 'up and down', inputs: [signed(2, 2, 4, 5), null, null, ints(2, 2, 9, 3)], attributes: { mode, coordinate_transformation_mode: rule }, batch: [] },
  ])),
  { op: 'Resize', note: 'by scales', inputs: [signed(2, 2, 3, 4), null, fixed(1, 1, 2, 2.6)], attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, batch: [0] },
  { op: 'Resize', note: 'by scales down', inputs: [signed(2, 2, 7, 6), null, fixed(1, 1, 0.6, 0.7)], attributes: { mode: 'linear' }, batch: [0] },
  { op: 'Resize', note: 'some axes', inputs: [signed(2, 2, 3, 4), null, null, ints(5, 7)], attributes: { mode: 'linear', axes: [2, 3] }, batch: [0] },
  { op: 'Resize', note: 'with channels last', inputs: [signed(2, 3, 4, 2), null, fixed(1, 2, 2, 1)], attributes: { mode: 'nearest', nearest_mode: 'ceil' }, batch: [0] },
  ...(['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const).flatMap((rule) => ['linear', 'cubic'].flatMap((mode) => [0, 1].map((exclude_outside): GradientCase => (
    { op: 'Resize', note: `up and down, smoothed${exclude_outside ? ' from the inside alone' : ''}`, inputs: [signed(2, 2, 4, 11), null, null, ints(2, 2, 9, 3)], attributes: { mode, coordinate_transformation_mode: rule, antialias: 1, exclude_outside } }
  )))),
  { op: 'Resize', note: 'smoothed, by scales', inputs: [signed(2, 2, 7, 9), null, fixed(1, 1, 0.4, 0.7)], attributes: { mode: 'linear', antialias: 1 }, batch: [0] },
  { op: 'Resize', note: 'from the inside alone', inputs: [signed(2, 2, 4, 5), null, null, ints(2, 2, 9, 3)], attributes: { mode: 'cubic', exclude_outside: 1 } },
  ...['not_larger', 'not_smaller'].map((policy): GradientCase => (
    { op: 'Resize', note: policy, inputs: [signed(2, 2, 4, 6), null, null, ints(7, 8)], attributes: { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: policy }, batch: [0] }
  )),
  unary('Round', spaced(0.1, 2, 24)),
  { op: 'ScatterElements', inputs: [signed(2, 3, 4), table([2, 2, 4], 0, 2, 1, -1, 2, 0, 0, 1, 1, 1, 0, 2, 2, -3, 1, 0), signed(2, 2, 4)], attributes: { axis: 1 } },
  { op: 'ScatterElements', note: 'added, some twice', inputs: [signed(3, 4), table([2, 3], 0, 1, 1, 3, 0, 2), signed(2, 3)], attributes: { axis: 1, reduction: 'add' } },
  { op: 'ScatterND', inputs: [signed(2, 3, 4), table([3, 2], 0, 2, 1, -1, 0, 0), signed(3, 4)] },
  { op: 'ScatterND', note: 'single elements', inputs: [signed(3, 4), table([2, 2, 2], 0, 1, 2, 3, 0, 2, 1, 0), signed(2, 2)] },
  { op: 'ScatterND', note: 'added, some twice', inputs: [signed(3, 4), table([3, 1], 0, 2, 0), signed(3, 4)], attributes: { reduction: 'add' } },
  unary('Selu'),
  unary('Shrink', spaced(0.1, 2, 24), { bias: { float: 0.2 }, lambd: { float: 0.4 } }),
  unary('Sigmoid'),
  unary('Sign'),
  unary('Sin'),
  unary('Sinh'),
  { op: 'Slice', inputs: [signed(2, 5, 6), ints(1), ints(4), ints(1)], batch: [0] },
  { op: 'Slice', note: 'several axes from the end', inputs: [signed(2, 5, 6), ints(-3, 0), ints(1000, -2), ints(-1, 1)], batch: [0] },
  { op: 'Slice', note: 'with steps', inputs: [signed(2, 5, 6), ints(0, 1), ints(5, 6), ints(1, 2), ints(2, 3)], batch: [0] },
  { op: 'Slice', note: 'backwards', inputs: [signed(2, 5, 6), ints(-1, 3), ints(-1000, 0), ints(1, 2), ints(-1, -2)], batch: [0] },
  { op: 'Slice', note: 'without axes', inputs: [signed(4, 5), ints(1, 2), ints(3, 5)] },
  unary('Softmax', signed(3, 5)),
  unary('Softmax', signed(2, 3, 4), { axis: 1 }),
  unary('Softplus'),
  unary('Softsign'),
  unary('SpaceToDepth', signed(2, 2, 4, 6), { blocksize: 2 }),
  { op: 'Split', inputs: [signed(2, 5, 2), ints(2, 3)], attributes: { axis: 1 }, outputs: 2, batch: [0] },
  { op: 'Split', note: 'in equal parts', inputs: [signed(2, 6)], attributes: { axis: -1, num_outputs: 3 }, outputs: 3, batch: [0] },
  unary('Sqrt', positive(2, 3, 4)),
  { op: 'Squeeze', inputs: [signed(2, 1, 3, 1), ints(1, -1)], batch: [0] },
  ...binary('Sub', signed),
  { op: 'Sum', inputs: [signed(2, 3), signed(3), signed(2, 1)], batch: [0, 2] },
  unary('Swish', signed(2, 3, 4), {}, 24),
  unary('Swish', signed(2, 3, 4), { alpha: { float: 1.7 } }, 24),
  unary('Tan'),
  unary('Tanh'),
  unary('ThresholdedRelu', spaced(0.08, 2, 24), { alpha: { float: 0.4 } }),
  { op: 'Tile', inputs: [signed(2, 3, 2), ints(1, 2, 3)], batch: [0] },
  { op: 'Tile', note: 'also the batch', inputs: [signed(2, 3), ints(2, 1)], batch: [0] },
  { op: 'Transpose', inputs: [signed(2, 3, 4)], attributes: { perm: [2, 0, 1] }, batch: [0] },
  { op: 'Transpose', note: 'without an order', inputs: [signed(2, 3, 4)], batch: [0] },
  { op: 'TopK', inputs: [spaced(0.08, 2, 5, 3), ints(2)], attributes: { axis: 1 }, outputs: 2, batch: [0] },
  { op: 'TopK', note: 'the least of the last axis', inputs: [spaced(0.08, 2, 6), ints(3)], attributes: { largest: 0 }, outputs: 2, batch: [0] },
  { op: 'Trilu', inputs: [signed(2, 4, 3)], batch: [0] },
  { op: 'Trilu', note: 'the lower one, with a diagonal more', inputs: [signed(2, 3, 5), whole(1)], attributes: { upper: 0 }, batch: [0] },
  { op: 'Unsqueeze', inputs: [signed(2, 3), ints(0, -1)], batch: [0] },
  { op: 'Where', inputs: [mask([2, 3]), signed(2, 3), signed(3)] },
  { op: 'Where', note: 'a condition that is broadcast', inputs: [mask([3]), signed(2, 3), signed(2, 1)], batch: [1, 2] },
].map((item) => (item.op === 'Gelu' ? { ...item, opset: 20 } : item));

/** What a case is called: its operator, what is special, its attributes. */
export function caseName({ op, note, attributes = {} }: GradientCase): string {
  return `${op}${note ? `, ${note}` : ''}${Object.keys(attributes).length > 0 ? ` ${JSON.stringify(attributes)}` : ''}`;
}

/** The tensors of a case's inputs, from a source of numbers in [0, 1); null where one is absent. */
export function caseTensors({ inputs }: GradientCase, next: () => number): (Tensor | null)[] {
  return inputs.map((input) => {
    if (input === null) return null;
    if (input.kind === 'constant') return input.tensor;
    const size = sizeOf(input.dims);
    const make = {
      positive: () => Array.from({ length: size }, () => 0.3 + next()),
      aboveOne: () => Array.from({ length: size }, () => 1.3 + next()),
      signed: () => Array.from({ length: size }, () => (next() < 0.5 ? -1 : 1) * (0.1 + 0.9 * next())),
      spaced: () => {
        const { spacing } = input as { spacing: number };
        return shuffled(size, next).map((rank) => (rank - Math.floor(size / 2) + 0.5) * spacing);
      },
    };
    return { type: 'float32', dims: input.dims, data: Float32Array.from(make[input.kind]()) };
  });
}

function shuffled(size: number, next: () => number): number[] {
  const list = Array.from({ length: size }, (_, index) => index);
  for (let index = size - 1; index > 0; index--) {
    const other = Math.floor(next() * (index + 1));
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
  return list;
}
