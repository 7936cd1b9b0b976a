import type { Attribute } from '../../../graph/graphBuilder.ts';
import type { Flow } from '../flow.ts';
import type { LayerCall } from './layerKind.ts';

/** A layer's input as ONNX's image operators want it: batch, channels, then the spatial axes. */
export interface Image {
  name: string;
  channels: number;
  /** −1 where open. */
  spatial: number[];
}

/** A layer's input with channels first, by its `data_format`. Throws where it has not `spatialRank` spatial axes. */
export function imageOf(call: LayerCall, flow: Flow, spatialRank: number): Image {
  if (flow.shape.length !== spatialRank + 2) {
    throw call.config.error(`its input has the shape [${shown(flow.shape)}], it wants ${spatialRank + 2} axes`);
  }
  const [, ...rest] = flow.shape;
  if (call.config.channelsFirst) return { name: call.graph.plain(flow), channels: rest[0]!, spatial: rest.slice(1) };
  return { name: call.graph.channelsFirst(flow), channels: rest.at(-1)!, spatial: rest.slice(0, -1) };
}

/** What an image operator made of a layer's input, back in the file's terms. */
export function flowOf(call: LayerCall, input: Flow, image: Image): Flow {
  return call.config.channelsFirst
    ? { name: image.name, shape: [input.shape[0]!, image.channels, ...image.spatial], channelsFirst: false }
    : { name: image.name, shape: [input.shape[0]!, ...image.spatial, image.channels], channelsFirst: true };
}

/** A sliding window's attributes in ONNX and the spatial size of what it makes. */
export interface Window {
  attributes: Record<string, Attribute | undefined>;
  spatial: number[];
}

/**
 * Strides, dilations and padding of a convolution or pooling, as TensorFlow counts them: with `same` the output has
 * ⌈input / stride⌉ places, and where the padding is odd the greater part comes after. So it depends on the input's size;
 * where that is open, ONNX Runtime computes it by the same rule.
 */
export function windowOf(call: LayerCall, spatial: readonly number[], kernel: number[], strides: number[], dilations: number[]): Window {
  const padding = call.config.word('padding', 'valid');
  const rank = spatial.length;
  if (!['valid', 'same'].includes(padding) && !(padding === 'causal' && rank === 1)) throw call.config.unsupported(`padding ${padding}`);
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1);
  const attributes: Window['attributes'] = {
    kernel_shape: kernel, strides, dilations: dilations.some((dilation) => dilation !== 1) ? dilations : undefined,
  };
  if (padding === 'same') {
    const size = spatial.map((dim, axis) => (dim < 0 ? -1 : Math.ceil(dim / strides[axis]!)));
    if (size.includes(-1)) return { attributes: { ...attributes, auto_pad: 'SAME_UPPER' }, spatial: size };
    const total = size.map((dim, axis) => Math.max(0, (dim - 1) * strides[axis]! + reach[axis]! - spatial[axis]!));
    const before = total.map((pad) => Math.floor(pad / 2));
    return { attributes: { ...attributes, pads: [...before, ...total.map((pad, axis) => pad - before[axis]!)] }, spatial: size };
  }
  const before = padding === 'causal' ? reach[0]! - 1 : 0;
  const size = spatial.map((dim, axis) => (dim < 0 ? -1 : Math.floor((dim + before - reach[axis]!) / strides[axis]!) + 1));
  if (size.some((dim) => dim === 0 || dim < -1)) {
    throw call.config.error(`its input of ${shown(spatial)} is smaller than its window of ${reach.join(' × ')}`);
  }
  return { attributes: { ...attributes, pads: before > 0 ? [before, 0] : undefined }, spatial: size };
}

/** A shape as messages show it; an open dimension is a question mark. */
export function shown(shape: readonly number[]): string {
  return shape.map((dim) => (dim < 0 ? '?' : String(dim))).join(', ');
}
