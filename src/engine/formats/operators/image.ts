import type { Attribute } from '../../graph/graphBuilder.ts';
import type { Flow } from '../layers/flow.ts';
import { shown, type Call } from './call.ts';

/** An input as ONNX's image operators want it: batch, channels, height, width. */
export interface Image {
  name: string;
  batch: number;
  channels: number;
  /** Height and width. */
  spatial: [number, number];
}

/** A picture's values with channels first. Throws where the value is none. */
export function imageOf(call: Call, flow: Flow): Image {
  if (flow.shape.length !== 4) throw call.error(`its input has the shape ${shown(flow.shape)}, it wants 4 axes`);
  const [batch, height, width, channels] = flow.shape as [number, number, number, number];
  return { name: call.graph.channelsFirst(flow), batch, channels, spatial: [height, width] };
}

/** What an image operator made, back in the file's terms. */
export function flowOf({ name, batch, spatial, channels }: Image): Flow {
  return { name, shape: [batch, ...spatial, channels], channelsFirst: true };
}

/** A sliding window's attributes in ONNX and the spatial size of what it makes. */
export interface Window {
  attributes: Record<string, Attribute | undefined>;
  spatial: [number, number];
}

interface Sliding {
  kernel: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  padding: Padding;
}

/**
 * 0: as large as the input divided by the stride (SAME); 1: only where the window lies inside (VALID); or places before and after,
 * height before width.
 */
export type Padding = number | readonly [number, number, number, number];

/** Size and padding of a convolution or pooling; where the padding is odd, the greater part comes after. */
export function windowOf(call: Call, spatial: readonly number[], { kernel, strides, dilations, padding }: Sliding): Window {
  const wrong = [...kernel, ...strides, ...dilations].some((value) => value < 1 || value > 65_536);
  if (wrong || (typeof padding === 'number' && ![0, 1].includes(padding))) throw call.error(`a window of ${kernel.join(' × ')}, strides ${strides.join(' × ')}, dilations ${dilations.join(' × ')} cannot be`);
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1);
  const same = padding === 0;
  const given = typeof padding === 'number' ? [0, 0, 0, 0] : padding;
  const size = spatial.map((dim, axis) => Math.floor((same ? dim - 1 : dim + given[axis]! + given[axis + 2]! - reach[axis]!) / strides[axis]!) + 1);
  if (size.some((dim) => dim < 1)) throw call.error(`its input of ${spatial.join(' × ')} is smaller than its window of ${reach.join(' × ')}`);
  const total = size.map((dim, axis) => (same ? Math.max(0, (dim - 1) * strides[axis]! + reach[axis]! - spatial[axis]!) : given[axis]! + given[axis + 2]!));
  const before = total.map((pad, axis) => (same ? Math.floor(pad / 2) : given[axis]!));
  return {
    attributes: {
      kernel_shape: [...kernel], strides: [...strides], dilations: dilations.some((dilation) => dilation !== 1) ? [...dilations] : undefined,
      pads: total.some((pad) => pad > 0) ? [...before, ...total.map((pad, axis) => pad - before[axis]!)] : undefined,
    },
    spatial: size as [number, number],
  };
}
