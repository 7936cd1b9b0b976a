import { GraphBuilder, type Attribute } from '../../src/engine/graph/graphBuilder.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';
import type { ModelProto } from '../../src/engine/graph/onnx_pb.ts';

/** One node with its inputs; null is an absent optional one. */
export interface OperatorCase {
  name: string;
  op: string;
  inputs: (Tensor | null)[];
  attributes?: Record<string, Attribute>;
  outputs?: number;
  opset?: number;
  /** Inputs by whose gradients the node is tested too; absent where it has none. */
  differentiable?: number[];
  /** Set where the gradient graph says that it cannot train through this form. */
  refused?: true;
}

/** Values between −1 and 1 that differ from each other and from 0, the same at each call. */
export function floats(dims: number[], seed = 0): Tensor {
  return { type: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, (_, index) => Math.sin((index + 1) * 1.7 + seed * 0.61) * 0.9 + 0.05) };
}

/** Values between 0.2 and 1.2, for roots, logarithms and variances. */
export function positives(dims: number[], seed = 0): Tensor {
  return { type: 'float32', dims, data: (floats(dims, seed).data as Float32Array).map((value) => Math.abs(value) + 0.2) };
}

export function ints(...values: number[]): Tensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** One index without dimensions, and several with them. */
function place(value: number): Tensor {
  return { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) };
}

function places(dims: number[], ...values: number[]): Tensor {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

export function scalar(value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) };
}

function bools(dims: number[]): Tensor {
  return { type: 'bool', dims, data: Uint8Array.from({ length: sizeOf(dims) }, (_, index) => (index * 7) % 3 === 0 ? 1 : 0) };
}

const picture = floats([2, 4, 7, 6]);

/** A case with one float input for operators that need no more. */
const simple = (op: string, x: Tensor = picture, attributes: Record<string, Attribute> = {}, more: Partial<OperatorCase> = {}): OperatorCase =>
  ({ name: `${op} ${JSON.stringify(attributes)}`, op, inputs: [x], attributes, differentiable: [0], ...more });
const flat = (op: string, x: Tensor = picture): OperatorCase => simple(op, x, {}, { differentiable: [] });
const pair = (op: string, a: Tensor, b: Tensor, more: Partial<OperatorCase> = {}): OperatorCase =>
  ({ name: `${op} [${a.dims.join()}] [${b.dims.join()}]`, op, inputs: [a, b], differentiable: [0, 1], ...more });
const conv = (name: string, x: number[], w: number[], attributes: Record<string, Attribute>, bias = true): OperatorCase =>
  ({ name: `Conv ${name}`, op: 'Conv', inputs: [floats(x), floats(w, 1), ...(bias ? [floats([w[0]!], 2)] : [])], attributes, differentiable: bias ? [0, 1, 2] : [0, 1] });
const transposed = (name: string, x: number[], w: number[], attributes: Record<string, Attribute>): OperatorCase => ({
  name: `ConvTranspose ${name}`, op: 'ConvTranspose', inputs: [floats(x), floats(w, 1), floats([w[1]! * (attributes['group'] as number | undefined ?? 1)], 2)], attributes, differentiable: [0, 1, 2],
});
const pool = (op: string, attributes: Record<string, Attribute>, x: Tensor = picture): OperatorCase => simple(op, x, attributes);
const reduce = (op: string, axes: number[] | null, attributes: Record<string, Attribute> = {}, x: Tensor = picture): OperatorCase =>
  ({ name: `${op} ${axes?.join() ?? 'all'} ${JSON.stringify(attributes)}`, op, inputs: axes ? [x, ints(...axes)] : [x], attributes, differentiable: [0] });
const slice = (starts: number[], ends: number[], axes: number[], steps?: number[]): OperatorCase => ({
  name: `Slice ${starts.join()}:${ends.join()} of ${axes.join()}${steps ? ` by ${steps.join()}` : ''}`, op: 'Slice', differentiable: [0],
  inputs: [picture, ints(...starts), ints(...ends), ints(...axes), ...(steps ? [ints(...steps)] : [])],
});
const pad = (pads: number[], mode: string, more: (Tensor | null)[] = []): OperatorCase =>
  ({ name: `Pad ${mode} ${pads.join()}`, op: 'Pad', inputs: [picture, ints(...pads), ...more], attributes: { mode }, differentiable: [0] });
const resize = (name: string, attributes: Record<string, Attribute>, scales: number[] | null, sizes?: number[]): OperatorCase => ({
  name: `Resize ${name}`, op: 'Resize', attributes, differentiable: [0],
  inputs: [picture, null, scales ? { type: 'float32', dims: [scales.length], data: Float32Array.from(scales) } : null, ...(sizes ? [ints(...sizes)] : [])],
});

/** Every operator of the TensorFlow engine in the forms in which files have it. */
export const operatorCases: OperatorCase[] = [
  // Matrix products.
  pair('MatMul', floats([3, 4]), floats([4, 5], 1)),
  pair('MatMul', floats([2, 3, 4]), floats([4, 5], 1)),
  pair('MatMul', floats([2, 1, 3, 4]), floats([3, 4, 5], 1)),
  pair('MatMul', floats([4]), floats([4, 5], 1)),
  pair('MatMul', floats([3, 4]), floats([4], 1)),
  pair('MatMul', floats([4]), floats([4], 1)),
  { name: 'Attention', op: 'Attention', opset: 23, inputs: [floats([2, 2, 3, 4]), floats([2, 2, 5, 4], 1), floats([2, 2, 5, 3], 2)], differentiable: [0, 1, 2] },
  { name: 'Attention with a mask that is added', op: 'Attention', opset: 23, inputs: [floats([2, 2, 3, 4]), floats([2, 2, 5, 4], 1), floats([2, 2, 5, 4], 2), floats([3, 5], 3)], attributes: { scale: { float: 0.7 } }, differentiable: [0, 1, 2, 3] },
  { name: 'Attention with a mask of truth values', op: 'Attention', opset: 23, inputs: [floats([2, 2, 3, 4]), floats([2, 2, 4, 4], 1), floats([2, 2, 4, 4], 2), bools([3, 4])], differentiable: [0, 1, 2] },
  { name: 'Gemm', op: 'Gemm', inputs: [floats([3, 4]), floats([4, 5], 1), floats([5], 2)], differentiable: [0, 1, 2] },
  { name: 'Gemm transposed, scaled', op: 'Gemm', inputs: [floats([4, 3]), floats([5, 4], 1), floats([3, 1], 2)], attributes: { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } }, differentiable: [0, 1, 2] },
  { name: 'Gemm without C', op: 'Gemm', inputs: [floats([3, 4]), floats([4, 5], 1)], differentiable: [0, 1] },
  ...([['ij,jk->ik', [3, 4], [4, 5]], ['bhid,bhjd->bhij', [2, 2, 3, 2], [2, 2, 4, 2]], ['bij,jk', [2, 3, 4], [4, 2]], ['...ij,...jk->...ik', [2, 2, 3], [2, 3, 4]], ['bij,k->bk', [2, 3, 2], [3]], ['bi,bi->b', [2, 3], [2, 3]], ['kii,ij->kj', [2, 3, 3], [3, 2]]] as [string, number[], number[]][])
    .map(([equation, a, b]) => ({ ...pair('Einsum', floats(a), floats(b, 1)), name: `Einsum ${equation}`, attributes: { equation } })),
  { name: 'Einsum of three', op: 'Einsum', inputs: [floats([2, 3]), floats([3, 2], 1), floats([2, 4], 2)], attributes: { equation: 'ab,bc,cd->ad' }, differentiable: [0, 1, 2] },
  ...['bii->bi', 'bii->b'].map((equation) => simple('Einsum', floats([2, 3, 3]), { equation })),
  simple('Einsum', floats([2, 3, 4]), { equation: 'bij->jb' }),
  // Value by value.
  ...['Add', 'Sub', 'Mul', 'Div'].map((op) => pair(op, floats([2, 3, 4]), floats([3, 1], 3))),
  pair('Pow', positives([2, 3]), floats([3], 1)),
  pair('Div', ints(7, -7, 9), ints(2, 2, -4), { differentiable: [] }),
  pair('Mod', ints(7, -7, 9), ints(3, 3, 4), { differentiable: [] }),
  ...['Max', 'Min', 'Sum', 'Mean'].map((op): OperatorCase => ({ name: op, op, inputs: [floats([2, 3]), floats([3], 1), floats([2, 1], 2)], differentiable: [0, 1, 2] })),
  ...['Abs', 'Neg', 'Exp', 'Sin', 'Cos', 'Tan', 'Sinh', 'Cosh', 'Asin', 'Acos', 'Atan', 'Asinh', 'Atanh', 'Erf'].map((op) => simple(op)),
  ...['Sqrt', 'Log', 'Reciprocal'].map((op) => simple(op, positives([3, 4]))),
  simple('Acosh', { type: 'float32', dims: [4], data: Float32Array.of(1.2, 1.7, 2.4, 5) }),
  simple('Shrink'),
  simple('Shrink', picture, { bias: { float: 0.2 }, lambd: { float: 0.31 } }),
  ...[1, 1.7].map((alpha) => simple('Swish', picture, { alpha: { float: alpha } }, { opset: 24 })),
  ...['Sign', 'Floor', 'Ceil'].map((op) => flat(op)),
  flat('Round', { type: 'float32', dims: [6], data: Float32Array.of(-1.5, -0.5, 0.5, 1.5, 2.4, 2.6) }),
  { name: 'Clip', op: 'Clip', inputs: [picture, scalar(-0.3), scalar(0.4)], differentiable: [0] },
  { name: 'Clip above only', op: 'Clip', inputs: [picture, null, scalar(0.4)], differentiable: [0] },
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) => pair(op, ints(1, 2, 3), ints(3, 2, 1), { differentiable: [] })),
  ...['And', 'Or', 'Xor'].map((op) => pair(op, bools([2, 3]), bools([3]), { differentiable: [] })),
  flat('Not', bools([5])),
  { name: 'Where', op: 'Where', inputs: [bools([2, 3]), floats([3]), floats([2, 1], 1)], differentiable: [1, 2] },
  // Activations.
  ...['Relu', 'Elu', 'Selu', 'Celu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'HardSigmoid', 'HardSwish', 'LeakyRelu', 'Mish'].map((op) => simple(op)),
  simple('ThresholdedRelu', picture, { alpha: { float: 0.3 } }),
  ...['LeakyRelu', 'Elu', 'Celu', 'HardSigmoid'].map((op) => simple(op, picture, { alpha: { float: 0.37 } })),
  simple('Gelu', picture, {}, { opset: 20 }),
  simple('Gelu', picture, { approximate: 'tanh' }, { opset: 20 }),
  { name: 'PRelu', op: 'PRelu', inputs: [picture, floats([4, 1, 1], 1)], differentiable: [0, 1] },
  simple('Dropout', picture, {}, { outputs: 2 }),
  // Softmax.
  ...['Softmax', 'LogSoftmax'].flatMap((op) => [simple(op), simple(op, picture, { axis: 1 })]),
  // Convolutions.
  conv('plain', [2, 3, 6, 5], [4, 3, 3, 3], {}),
  conv('1×1', [2, 3, 6, 5], [4, 3, 1, 1], {}, false),
  conv('stride and uneven padding', [2, 3, 8, 7], [4, 3, 3, 2], { strides: [2, 3], pads: [1, 0, 2, 1] }),
  conv('dilated', [2, 3, 9, 8], [4, 3, 3, 2], { dilations: [2, 3], pads: [2, 1, 1, 2] }),
  conv('groups', [2, 6, 6, 5], [4, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv('depthwise', [2, 3, 6, 5], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  conv('depthwise, stride 2', [2, 3, 7, 6], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv('depthwise, two filters a channel', [2, 3, 7, 6], [6, 1, 3, 2], { group: 3, strides: [2, 2] }),
  conv('depthwise, unequal strides', [2, 3, 7, 6], [3, 1, 3, 3], { group: 3, strides: [2, 1] }),
  conv('depthwise, dilated', [2, 3, 9, 8], [3, 1, 3, 3], { group: 3, dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv('SAME_UPPER', [2, 3, 7, 6], [4, 3, 4, 3], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  conv('SAME_LOWER', [2, 3, 7, 6], [4, 3, 4, 3], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
  conv('VALID', [2, 3, 7, 6], [4, 3, 4, 3], { auto_pad: 'VALID' }),
  conv('one axis', [2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 0], dilations: [2] }),
  transposed('plain', [2, 3, 4, 5], [3, 4, 3, 3], {}),
  transposed('stride, padding, output_padding', [2, 3, 4, 5], [3, 4, 3, 3], { strides: [2, 2], pads: [1, 0, 1, 2], output_padding: [1, 1] }),
  transposed('groups and dilation', [2, 4, 4, 5], [4, 3, 3, 2], { group: 2, dilations: [2, 1] }),
  transposed('SAME_UPPER', [2, 3, 4, 5], [3, 4, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  transposed('output_shape', [2, 3, 4, 5], [3, 4, 4, 3], { strides: [2, 2], output_shape: [8, 10] }),
  transposed('one axis', [2, 3, 5], [3, 4, 3], { strides: [2] }),
  // Poolings.
  pool('MaxPool', { kernel_shape: [2, 2] }),
  pool('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1] }),
  pool('MaxPool', { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }),
  pool('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  pool('MaxPool', { kernel_shape: [3], strides: [2] }, floats([2, 3, 8])),
  pool('MaxPool', { kernel_shape: [2, 3], strides: [2, 1], dilations: [2, 1], pads: [1, 0, 0, 1] }),
  pool('AveragePool', { kernel_shape: [2, 2] }),
  pool('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1] }),
  pool('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1], count_include_pad: 1 }),
  { ...pool('AveragePool', { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1, pads: [0, 1, 0, 0], count_include_pad: 1 }), opset: 19 },
  pool('AveragePool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  pool('AveragePool', { kernel_shape: [3], pads: [1, 1] }, floats([2, 3, 8])),
  { ...pool('AveragePool', { kernel_shape: [2, 2], dilations: [2, 1], strides: [1, 2], pads: [1, 0, 0, 1] }), opset: 19 },
  pool('GlobalAveragePool', {}),
  pool('GlobalMaxPool', {}),
  // Normalisations.
  { name: 'BatchNormalization', op: 'BatchNormalization', inputs: [picture, floats([4], 1), floats([4], 2), floats([4], 3), positives([4], 4)], attributes: { epsilon: { float: 1e-3 } }, differentiable: [0, 1, 2] },
  { name: 'BatchNormalization by its statistics', op: 'BatchNormalization', inputs: [picture, floats([4], 1), floats([4], 2), floats([4], 3), positives([4], 4)], differentiable: [3, 4], refused: true },
  { name: 'BatchNormalization of vectors', op: 'BatchNormalization', inputs: [floats([3, 4]), floats([4], 1), floats([4], 2), floats([4], 3), positives([4], 4)], differentiable: [0, 1, 2] },
  { name: 'LayerNormalization', op: 'LayerNormalization', inputs: [floats([2, 3, 5]), floats([5], 1), floats([5], 2)], differentiable: [0, 1, 2] },
  { name: 'LayerNormalization of two axes', op: 'LayerNormalization', inputs: [floats([2, 3, 5]), floats([3, 5], 1)], attributes: { axis: 1, epsilon: { float: 1e-3 } }, differentiable: [0, 1] },
  { name: 'InstanceNormalization', op: 'InstanceNormalization', inputs: [picture, floats([4], 1), floats([4], 2)], differentiable: [0, 1, 2] },
  { name: 'GroupNormalization', op: 'GroupNormalization', opset: 21, inputs: [picture, floats([4], 1), floats([4], 2)], attributes: { num_groups: 2 }, differentiable: [0, 1, 2] },
  { name: 'GroupNormalization by group', op: 'GroupNormalization', inputs: [picture, floats([2], 1), floats([2], 2)], attributes: { num_groups: 2, epsilon: { float: 1e-3 } }, differentiable: [0, 1, 2] },
  simple('LpNormalization', picture, { axis: 1 }),
  simple('LpNormalization', picture, { p: 1 }),
  simple('LRN', picture, { size: 3, alpha: { float: 0.5 }, beta: { float: 0.6 }, bias: { float: 2 } }),
  simple('LRN', picture, { size: 5 }),
  // Shapes.
  simple('Identity'),
  { name: 'Reshape', op: 'Reshape', inputs: [picture, ints(0, -1, 3)], differentiable: [0] },
  ...[0, 1, 2, -1].map((axis) => simple('Flatten', picture, { axis })),
  simple('Transpose'),
  simple('Transpose', picture, { perm: [0, 2, 3, 1] }),
  { name: 'Squeeze', op: 'Squeeze', inputs: [floats([1, 3, 1, 2]), ints(-2)], differentiable: [0] },
  simple('Squeeze', floats([1, 3, 1, 2])),
  { name: 'Unsqueeze', op: 'Unsqueeze', inputs: [floats([3, 2]), ints(0, -1)], differentiable: [0] },
  { name: 'Expand', op: 'Expand', inputs: [floats([3, 1]), ints(2, 1, 4)], differentiable: [0] },
  simple('Cast', picture, { to: 1 }),
  { ...flat('Cast', { ...picture, data: (picture.data as Float32Array).map((value) => value * 9) }), name: 'Cast to whole numbers', attributes: { to: 7 } },
  { ...flat('Cast', ints(0, 1, 2)), name: 'Cast to truth', attributes: { to: 9 } },
  { name: 'CastLike', op: 'CastLike', inputs: [ints(1, 2), scalar(0)] },
  flat('Shape'),
  { ...flat('Shape'), name: 'Shape from 1 to −1', attributes: { start: 1, end: -1 } },
  flat('Size'),
  { name: 'Constant', op: 'Constant', inputs: [], attributes: { value: { tensor: floats([2, 3]) } } },
  { name: 'Constant value_float', op: 'Constant', inputs: [], attributes: { value_float: { float: 1.5 } } },
  { name: 'Constant value_floats', op: 'Constant', inputs: [], attributes: { value_floats: { floats: [1.5, 2] } } },
  { name: 'Constant value_int', op: 'Constant', inputs: [], attributes: { value_int: 3 } },
  { name: 'Constant value_ints', op: 'Constant', inputs: [], attributes: { value_ints: [3, 4] } },
  { name: 'ConstantOfShape', op: 'ConstantOfShape', inputs: [ints(2, 3)] },
  { name: 'ConstantOfShape of ones', op: 'ConstantOfShape', inputs: [ints(2, 3)], attributes: { value: { tensor: ints(1) } } },
  { name: 'Range', op: 'Range', inputs: [scalar(1), scalar(3), scalar(0.5)] },
  simple('DepthToSpace', floats([1, 8, 2, 3]), { blocksize: 2 }),
  simple('DepthToSpace', floats([1, 8, 2, 3]), { blocksize: 2, mode: 'CRD' }),
  simple('SpaceToDepth', floats([1, 2, 4, 6]), { blocksize: 2 }),
  // Taking apart and putting together.
  { name: 'Concat', op: 'Concat', inputs: [floats([2, 3]), floats([2, 1], 1)], attributes: { axis: -1 }, differentiable: [0, 1] },
  slice([1, 2], [3, 100], [1, 2]),
  slice([-2], [1000], [-1]),
  slice([0, 1], [7, 6], [2, 3], [2, 3]),
  slice([-1], [-1000], [2], [-2]),
  { name: 'Slice of leading axes', op: 'Slice', inputs: [picture, ints(1), ints(2)], differentiable: [0] },
  { name: 'Split', op: 'Split', inputs: [picture, ints(1, 3)], attributes: { axis: 1 }, outputs: 2, differentiable: [0] },
  { name: 'Split evenly', op: 'Split', inputs: [picture], attributes: { axis: 2, num_outputs: 3 }, outputs: 3, differentiable: [0] },
  { name: 'Gather', op: 'Gather', inputs: [picture, { type: 'int64', dims: [2, 2], data: BigInt64Array.of(3n, 0n, -1n, 2n) }], attributes: { axis: 1 }, differentiable: [0] },
  { name: 'Gather one', op: 'Gather', inputs: [picture, { type: 'int64', dims: [], data: BigInt64Array.of(-1n) }], attributes: { axis: 2 }, differentiable: [0] },
  { name: 'GatherND', op: 'GatherND', inputs: [floats([2, 3, 4]), { type: 'int64', dims: [3, 2], data: BigInt64Array.of(0n, 2n, 1n, -1n, 0n, 2n) }], differentiable: [0] },
  { name: 'GatherElements', op: 'GatherElements', inputs: [floats([2, 3, 4]), { type: 'int64', dims: [2, 2, 4], data: BigInt64Array.from([0, 2, 1, -1, 2, 0, 1, 1, 1, 1, 0, 2, 2, -3, 1, 0], BigInt) }], attributes: { axis: 1 }, differentiable: [0] },
  pad([0, 0, 1, 2, 0, 0, 0, 3], 'constant'),
  pad([0, 0, -1, 2, 0, 0, 1, -3], 'constant', [scalar(0.7)]),
  pad([1, 2, 0, 1], 'constant', [null, ints(2, -1)]),
  ...['reflect', 'edge'].map((mode): OperatorCase => pad([0, 0, 2, 1, 0, 0, 3, 2], mode)),
  { ...pad([0, 0, 2, 1, 0, 0, 3, 2], 'wrap'), opset: 19 },
  { name: 'Tile', op: 'Tile', inputs: [floats([2, 3]), ints(2, 3)], differentiable: [0] },
  // Reductions.
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceSumSquare', 'ReduceL1', 'ReduceL2', 'ReduceLogSumExp'].flatMap((op) => [reduce(op, [-1, 1]), reduce(op, null, { keepdims: 0 })]),
  reduce('ReduceProd', [2], {}, positives([2, 3, 4])),
  reduce('ReduceLogSum', [1], {}, positives([2, 3, 4])),
  reduce('ReduceSum', null, { noop_with_empty_axes: 1 }),
  ...['ArgMax', 'ArgMin'].flatMap((op): OperatorCase[] => [{ ...flat(op), attributes: { axis: 1 } }, { ...flat(op), name: `${op} without the axis`, attributes: { axis: -1, keepdims: 0 } }]),
  { name: 'Col2Im', op: 'Col2Im', inputs: [floats([2, 12, 6]), ints(4, 6), ints(2, 2)], attributes: { strides: [2, 2] }, differentiable: [0] },
  { name: 'Col2Im overlapping, padded', op: 'Col2Im', inputs: [floats([2, 18, 12]), ints(5, 7), ints(3, 3)], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] }, differentiable: [0] },
  { name: 'Col2Im dilated', op: 'Col2Im', inputs: [floats([2, 12, 12]), ints(8, 4), ints(3, 2)], attributes: { dilations: [2, 1] }, differentiable: [0] },
  // Places.
  ...[0, 1].flatMap((reverse) => [0, 1].map((exclusive): OperatorCase => ({ name: `CumSum reverse ${reverse} exclusive ${exclusive}`, op: 'CumSum', inputs: [picture, place(2)], attributes: { reverse, exclusive }, differentiable: [0] }))),
  { name: 'ScatterElements', op: 'ScatterElements', inputs: [floats([2, 3]), places([2, 2], 2, 0, -1, 1), floats([2, 2], 1)], attributes: { axis: 1 }, differentiable: [0, 2] },
  { name: 'ScatterElements added', op: 'ScatterElements', inputs: [floats([2, 3]), places([2, 2], 2, 2, 0, 1), floats([2, 2], 1)], attributes: { axis: 1, reduction: 'add' }, differentiable: [0, 2] },
  { name: 'ScatterND', op: 'ScatterND', inputs: [floats([3, 4]), places([2, 1], 2, 0), floats([2, 4], 1)], differentiable: [0, 2] },
  { name: 'ScatterND of single elements', op: 'ScatterND', inputs: [floats([3, 4]), places([2, 2], 2, 0, 1, -1), floats([2], 1)], differentiable: [0, 2] },
  { name: 'ScatterND added', op: 'ScatterND', inputs: [floats([3, 4]), places([3, 1], 2, 0, 2), floats([3, 4], 1)], attributes: { reduction: 'add' }, differentiable: [0, 2] },
  { name: 'TopK', op: 'TopK', inputs: [picture, ints(2)], attributes: { axis: 1 }, outputs: 2, differentiable: [0] },
  { name: 'TopK of the least', op: 'TopK', inputs: [picture, ints(3)], attributes: { largest: 0 }, outputs: 2, differentiable: [0] },
  { name: 'Trilu', op: 'Trilu', inputs: [floats([2, 4, 3])], differentiable: [0] },
  { name: 'Trilu lower', op: 'Trilu', inputs: [floats([3, 5]), place(1)], attributes: { upper: 0 }, differentiable: [0] },
  ...[-1, 1].map((axis) => simple('Hardmax', picture, { axis }, { differentiable: [] })),
  // Resampling.
  resize('nearest up', { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, [1, 1, 2, 3]),
  resize('nearest down', { mode: 'nearest' }, [1, 1, 0.6, 0.7]),
  resize('nearest, prefer ceil', { mode: 'nearest', nearest_mode: 'round_prefer_ceil' }, null, [2, 4, 11, 3]),
  ...['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'].map((rule) => resize(`linear ${rule}`, { mode: 'linear', coordinate_transformation_mode: rule }, null, [2, 4, 11, 4])),
  resize('cubic', { mode: 'cubic' }, null, [2, 4, 11, 4]),
  resize('cubic from the inside alone', { mode: 'cubic', exclude_outside: 1 }, null, [2, 4, 11, 4]),
  ...['linear', 'cubic'].flatMap((mode) => [0, 1].map((exclude_outside) => resize(`${mode} smoothed, ${exclude_outside}`, { mode, antialias: 1, exclude_outside }, null, [2, 4, 11, 2]))),
  ...['not_larger', 'not_smaller'].map((policy) => resize(policy, { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: policy }, null, [9, 4])),
];

/** The graph of a case; its inputs are x0, x1, …, its outputs y0, y1, …. Whole numbers stand in the graph, as shapes do in files. */
export function graphOf({ op, inputs, attributes = {}, outputs = 1, opset = 18 }: OperatorCase): { model: ModelProto; feeds: Record<string, Tensor> } {
  const builder = new GraphBuilder(opset);
  const feeds: Record<string, Tensor> = {};
  const names = inputs.map((tensor, index) => {
    if (!tensor) return '';
    const name = `x${index}`;
    if (tensor.type !== 'float32' || (index > 0 && (tensor.dims.length === 0 || op === 'Resize'))) return builder.weight(name, tensor);
    feeds[name] = tensor;
    return builder.input(name, 'float32', tensor.dims);
  });
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  builder.node(op, names, attributes, { outputs: results });
  for (const result of results) builder.output(result);
  return { model: builder.build(), feeds };
}
