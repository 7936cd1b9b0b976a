import type { GradientFunction, NodeGradient } from './nodeGradient.ts';
import { border, positions, slicePosition, spreadWindows, windowOf, type Window } from './spatial.ts';
import { tileConvolution, tileGradients } from './winograd.ts';

/**
 * Conv over any number of spatial axes. Which form the gradients take was measured on ONNX Runtime's processor kernels
 * (16 pictures of 64 channels at 56×56): the input's as a convolution with the kernel turned round (27 ms; ConvTranspose 55),
 * the weight's as one product of matrices for each position of the kernel (71 ms; one convolution with the batch in the
 * channels' place 164), where there are channels enough.
 */
export const conv: GradientFunction = (node) => {
  const [x, w, bias] = [node.input(0), node.input(1), node.input(2)];
  const group = node.number('group', 1);
  const shape = node.shape(w);
  const window = windowOf(node, shape.slice(2));
  const spatial = window.kernel.map((_, axis) => axis + 2);
  const tiled = tiledGradients(node);
  return [
    () => tiled?.input() ?? inputGradient(node, w, window, group),
    () => {
      if (tiled) return tiled.weight();
      if (shape[1] === 1 && group === node.shape(x)[1] && shape[0] === group) return depthwiseWeightGradient(node, x, window, shape);
      if (group === 1 && window.kernel.every((size) => size === 1)) return pointwiseWeightGradient(node, x, window, shape);
      if (group === 1 && shape[1]! <= fewChannels) return weightGradientByConvolution(node, x, window, shape);
      return weightGradient(node, x, node.outputGradient, window, shape, group);
    },
    ...(bias ? [() => node.op('ReduceSum', [node.outputGradient, node.ints([0, ...spatial])], { keepdims: 0 })] : []),
  ];
};

/** Those of a convolution that runs in tiles: its node names them as two inputs more (`tiledForward.ts`). */
function tiledGradients(node: NodeGradient): ReturnType<typeof tileGradients> | undefined {
  const [pictures, kernel] = [node.input(3), node.input(4)];
  const tiled = pictures === '' ? undefined : tileConvolution(node.builder, node.node, node.values);
  return tiled && tileGradients(node.builder, tiled, { pictures, kernel }, node.outputGradient);
}

/**
 * Up to that many input channels the products of the kernel's positions are too narrow to be fast, as in a network's first layer
 * (3 channels at 224×224, 7×7 kernel: 73 ms by one convolution, 361 by products).
 */
const fewChannels = 4;

/** Where its stride is 1, the gradient of the input is a convolution itself, with the kernel turned round and its channels swapped. */
function inputGradient(node: NodeGradient, w: string, window: Window, group: number): string {
  const { kernel, strides, dilations, before, after } = window;
  const reach = kernel.map((size, axis) => dilations[axis]! * (size - 1));
  const pads = [...reach.map((width, axis) => width - before[axis]!), ...reach.map((width, axis) => width - after[axis]!)];
  if (strides.some((stride) => stride !== 1) || pads.some((width) => width < 0)) return spreadWindows(node, node.outputGradient, w, window, group);
  return node.op('Conv', [node.outputGradient, swapChannels(node, turn(node, w, kernel), node.shape(w), group)], { kernel_shape: kernel, dilations, pads, group });
}

/** The kernel read backwards along its spatial axes. */
function turn(node: NodeGradient, w: string, kernel: readonly number[]): string {
  const axes = kernel.flatMap((size, axis) => (size > 1 ? [axis + 2] : []));
  if (axes.length === 0) return w;
  const last = axes.map(() => -1);
  // The end lies before the first element, however large the kernel is.
  return node.op('Slice', [w, node.ints(last), node.ints(axes.map((axis) => -kernel[axis - 2]! - 1)), node.ints(axes), node.ints(last)]);
}

/** [out, in/group, …] → [in, out/group, …], within each group. */
function swapChannels(node: NodeGradient, w: string, shape: readonly number[], group: number): string {
  const [out, inner, ...kernel] = shape as [number, number, ...number[]];
  if (group === out && inner === 1) return w;
  const spatial = kernel.map((_, axis) => axis);
  if (group === 1) return node.op('Transpose', [w], { perm: [1, 0, ...spatial.map((axis) => axis + 2)] });
  const grouped = node.op('Reshape', [w, node.ints([group, out / group, inner, ...kernel])]);
  const swapped = node.op('Transpose', [grouped], { perm: [0, 2, 1, ...spatial.map((axis) => axis + 3)] });
  return node.op('Reshape', [swapped, node.ints([group * inner, out / group, ...kernel])]);
}

/**
 * One channel in, one out: at each position of the kernel the sum of the products. With a stride, where slices are slow, as one
 * convolution that goes over the kernel's positions, with the batch in the channels' place (73 ms for 96 channels at 112×112,
 * stride 2; by slices 160).
 */
function depthwiseWeightGradient(node: NodeGradient, x: string, window: Window, shape: readonly number[]): string {
  const padded = border(node, x, window.before, window.after);
  const spatial = window.kernel.map((_, axis) => axis + 2);
  if (window.strides.some((stride) => stride !== 1)) return weightGradientByConvolution(node, x, window, shape);
  const axes = node.ints([0, ...spatial]);
  const sums = positions(window.kernel).map((position) =>
    node.op('ReduceSum', [node.op('Mul', [slicePosition(node, padded, window, position, 2), node.outputGradient]), axes], { keepdims: 0 }));
  return stack(node, sums, 1, shape);
}

/**
 * A convolution over the kernel's positions, with the batch in the channels' place and the output's gradient as the kernel; group
 * is 1, or every channel is one.
 */
function weightGradientByConvolution(node: NodeGradient, x: string, window: Window, shape: readonly number[]): string {
  const perm = [1, 0, ...window.kernel.map((_, axis) => axis + 2)];
  const swap = (value: string): string => node.op('Transpose', [value], { perm });
  const [pictures, kernels] = [swap(border(node, x, window.before, window.after)), swap(node.outputGradient)];
  const over = { kernel_shape: window.output, strides: window.dilations, dilations: window.strides };
  if (node.number('group', 1) === 1) return swap(node.op('Conv', [pictures, kernels], over));
  const sizes = window.input.map((size, axis) => size + window.before[axis]! + window.after[axis]!);
  const joined = node.op('Reshape', [pictures, node.ints([1, -1, ...sizes])]);
  return node.op('Reshape', [node.op('Conv', [joined, kernels], { ...over, group: shape[0]! }), node.ints([...shape])]);
}

/** A 1×1 kernel: for each picture one product of matrices, and the sum over the pictures. */
function pointwiseWeightGradient(node: NodeGradient, x: string, window: Window, shape: readonly number[]): string {
  const [out, inner] = shape as [number, number];
  const read = window.strides.every((stride) => stride === 1) && [...window.before, ...window.after].every((width) => width === 0)
    ? x
    : slicePosition(node, border(node, x, window.before, window.after), window, window.kernel.map(() => 0), 2);
  const columns = node.op('Reshape', [read, node.ints([-1, inner, product(window.output)])]);
  const gradient = node.op('Reshape', [node.outputGradient, node.ints([-1, out, product(window.output)])]);
  const products = node.op('MatMul', [gradient, node.op('Transpose', [columns], { perm: [0, 2, 1] })]);
  return node.op('Reshape', [node.op('ReduceSum', [products, node.ints([0])], { keepdims: 0 }), node.ints([...shape])]);
}

/**
 * dW of any kernel [out, in/group, …]: for each of its positions the product of the output's gradient [out, n] and of the
 * inputs that this position met [n, in], where n runs over pictures and places.
 */
export function weightGradient(node: NodeGradient, x: string, dy: string, window: Window, shape: readonly number[], group: number): string {
  const [out, inner] = shape as [number, number];
  const spatial = window.kernel.map((_, axis) => axis + 2);
  const channelsLast = node.op('Transpose', [border(node, x, window.before, window.after)], { perm: [0, ...spatial, 1] });
  const rows = node.op('Reshape', [node.op('Transpose', [dy], { perm: [1, 0, ...spatial] }), node.ints(group === 1 ? [out, -1] : [group, out / group, -1])]);
  const products = positions(window.kernel).map((position) => {
    const met = node.op('Reshape', [slicePosition(node, channelsLast, window, position, 1), node.ints(group === 1 ? [-1, inner] : [-1, group, inner])]);
    return node.op('MatMul', [rows, group === 1 ? met : node.op('Transpose', [met], { perm: [1, 0, 2] })]);
  });
  return stack(node, products, group === 1 ? 2 : 3, shape);
}

/** The results of all positions side by side along a new last axis, in the weight's shape. */
function stack(node: NodeGradient, parts: string[], axis: number, shape: readonly number[]): string {
  if (parts.length === 1) return node.op('Reshape', [parts[0]!, node.ints([...shape])]);
  const columns = parts.map((part) => node.op('Unsqueeze', [part, node.ints([axis])]));
  return node.op('Reshape', [node.op('Concat', columns, { axis }), node.ints([...shape])]);
}

function product(values: readonly number[]): number {
  return values.reduce((total, value) => total * value, 1);
}

/** ConvTranspose is the gradient of a convolution; its own gradients are that convolution and that convolution's weight gradient. */
export const convTranspose: GradientFunction = (node) => {
  const [x, w, bias] = [node.input(0), node.input(1), node.input(2)];
  const group = node.number('group', 1);
  const shape = node.shape(w);
  const kernel = shape.slice(2);
  const [small, large] = [node.shape(x).slice(2), node.shape(node.output).slice(2)];
  if (small.includes(-1) || large.includes(-1)) node.fail('the size of its pictures is not fixed');
  const ones = kernel.map(() => 1);
  const strides = node.numbers('strides') ?? ones;
  const dilations = node.numbers('dilations') ?? ones;
  const before = transposedPadding(node, { kernel, strides, dilations, small, large });
  // The convolution goes from this node's output to its input.
  const after = small.map((size, axis) => (size - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1 - large[axis]! - before[axis]!);
  const window: Window = { kernel, strides, dilations, before, after, input: large, output: small };
  return [
    () => node.op('Conv', [border(node, node.outputGradient, before, after), w], { kernel_shape: kernel, strides, dilations, group }),
    () => weightGradient(node, node.outputGradient, x, window, shape, group),
    ...(bias ? [() => node.op('ReduceSum', [node.outputGradient, node.ints([0, ...kernel.map((_, axis) => axis + 2)])], { keepdims: 0 })] : []),
  ];
};

/**
 * What ConvTranspose takes off before the result: `pads`, or, where `output_shape` or `auto_pad` says the result's size, its share
 * of what is too much.
 */
function transposedPadding(node: NodeGradient, { kernel, strides, dilations, small, large }: Record<'kernel' | 'strides' | 'dilations' | 'small' | 'large', number[]>): number[] {
  const automatic = node.text('auto_pad', 'NOTSET');
  const given = node.numbers('pads') ?? [...kernel, ...kernel].map(() => 0);
  const sized = node.numbers('output_shape') !== undefined || automatic.startsWith('SAME');
  if (!sized) return automatic === 'VALID' ? kernel.map(() => 0) : given.slice(0, kernel.length);
  const extra = node.numbers('output_padding') ?? kernel.map(() => 0);
  return kernel.map((size, axis) => {
    const total = Math.max((small[axis]! - 1) * strides[axis]! + dilations[axis]! * (size - 1) + 1 + extra[axis]! - large[axis]!, 0);
    return automatic === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
}
