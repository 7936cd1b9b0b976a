import type { NodeGradient } from './nodeGradient.ts';

/** How a window moves over the spatial axes; one entry an axis everywhere. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Padding before and after; auto_pad is resolved. */
  before: number[];
  after: number[];
  /** Spatial size of the input and of the output. */
  input: number[];
  output: number[];
}

/**
 * The window of a convolution or a pooling node. Its spatial sizes must be fixed. `after` is what the output really covers,
 * so that it is also right where ceil_mode lets the last window stand out.
 */
export function windowOf(node: NodeGradient, kernel: number[]): Window {
  const input = node.shape(node.input(0)).slice(2);
  const output = node.shape(node.output).slice(2);
  if (input.includes(-1) || output.includes(-1)) node.fail('the size of its pictures is not fixed');
  const ones = kernel.map(() => 1);
  const strides = node.numbers('strides') ?? ones;
  const dilations = node.numbers('dilations') ?? ones;
  const covered = output.map((size, axis) => (size - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1);
  const autoPad = node.text('auto_pad', 'NOTSET');
  const pads = node.numbers('pads') ?? [...ones, ...ones].map(() => 0);
  const before = kernel.map((_, axis) => {
    if (autoPad === 'VALID') return 0;
    if (autoPad === 'NOTSET') return pads[axis]!;
    const total = Math.max(0, covered[axis]! - input[axis]!);
    return autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return { kernel, strides, dilations, before, after: covered.map((size, axis) => size - input[axis]! - before[axis]!), input, output };
}

/** A value [batch, channels, …spatial] with zeros around it, or with a border cut off where a width is negative. */
export function border(node: NodeGradient, value: string, before: readonly number[], after: readonly number[]): string {
  if ([...before, ...after].every((width) => width === 0)) return value;
  return node.op('Pad', [value, node.ints([0, 0, ...before, 0, 0, ...after])]);
}

/**
 * The transposed convolution of a gradient [batch, …, …output], in the shape of the window's input. `weight` and `group` are
 * those of ConvTranspose.
 */
export function spreadWindows(node: NodeGradient, gradient: string, weight: string, window: Window, group: number): string {
  const { kernel, strides, dilations, before, after } = window;
  // What lies beyond the windows' last position was not read by any: its gradient is 0 and is padded on; padding is cut off.
  const pads = [...before.map((width) => Math.max(0, width)), ...after.map((width) => Math.max(0, width))];
  const spread = node.op('ConvTranspose', [gradient, weight], { kernel_shape: kernel, strides, dilations, group, pads });
  return border(node, spread, before.map((width) => Math.max(0, -width)), after.map((width) => Math.max(0, -width)));
}

/** Every position inside the kernel, in row-major order. */
export function positions(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((list, size) => list.flatMap((head) => Array.from({ length: size }, (_, at) => [...head, at])), [[]]);
}

/** The elements that a position of the kernel meets, from a padded value whose spatial axes start at `firstAxis`. */
export function slicePosition(node: NodeGradient, padded: string, window: Window, position: readonly number[], firstAxis: number): string {
  const starts = position.map((at, axis) => at * window.dilations[axis]!);
  const ends = starts.map((start, axis) => start + (window.output[axis]! - 1) * window.strides[axis]! + 1);
  return node.op('Slice', [padded, node.ints(starts), node.ints(ends), node.ints(starts.map((_, axis) => firstAxis + axis)), node.ints(window.strides)]);
}
