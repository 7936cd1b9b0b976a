import * as tf from '@tensorflow/tfjs-core';
import { unsupported, type Attributes } from './operator.ts';
import type { NodeProto } from '../../graph/onnx_pb.ts';

/** Where a convolution's or a pooling's windows lie along one axis. `extra` is room behind the padding that `ceil_mode` reaches into. */
export interface Window {
  size: number;
  stride: number;
  dilation: number;
  before: number;
  after: number;
  extra: number;
}

/** Windows along height and width, from the attributes that Conv and the poolings share (auto_pad, ceil_mode, dilations, pads, strides). */
export function windows(x: tf.Tensor4D, sizes: readonly number[], attributes: Attributes, node: NodeProto): [Window, Window] {
  const along = (axis: 0 | 1): Window => {
    const length = x.shape[axis + 2]!;
    // A picture of one axis was given a height of 1 by `asPictures`.
    const own = sizes.length === 1 ? axis - 1 : axis;
    const of = (name: string, index: number, otherwise: number) => (own < 0 ? otherwise : attributes.numbers(name)?.[index] ?? otherwise);
    const size = own < 0 ? 1 : sizes[own]!;
    const stride = of('strides', own, 1);
    const dilation = of('dilations', own, 1);
    const reach = (size - 1) * dilation + 1;
    let [before, after] = [of('pads', own, 0), of('pads', own + sizes.length, 0)];
    const automatic = attributes.text('auto_pad', 'NOTSET');
    if (automatic === 'VALID') [before, after] = [0, 0];
    else if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
      const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
      const less = Math.floor(total / 2);
      [before, after] = automatic === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    } else if (automatic !== 'NOTSET') throw unsupported(`auto_pad ${automatic}`, node);
    const padded = length + before + after;
    let count = Math.floor((padded - reach) / stride) + 1;
    if (attributes.number('ceil_mode', 0) !== 0) {
      count = Math.ceil((padded - reach) / stride) + 1;
      // A window that would start behind the picture is left out.
      if ((count - 1) * stride >= length + before) count--;
    }
    return { size, stride, dilation, before, after, extra: Math.max((count - 1) * stride + reach - padded, 0) };
  };
  return [along(0), along(1)];
}

/**
 * The same for ConvTranspose, where `before` and `after` are cut off the result and `extra` (`output_padding`) is added behind.
 * With `output_shape` or an automatic padding, the padding is what leads to that size.
 */
export function transposedWindows(x: tf.Tensor4D, sizes: readonly number[], attributes: Attributes, node: NodeProto): [Window, Window] {
  const automatic = attributes.text('auto_pad', 'NOTSET');
  const along = (axis: 0 | 1): Window => {
    const own = sizes.length === 1 ? axis - 1 : axis;
    const of = (name: string, index: number, otherwise: number) => (own < 0 ? otherwise : attributes.numbers(name)?.[index] ?? otherwise);
    const size = own < 0 ? 1 : sizes[own]!;
    const [stride, dilation, extra] = [of('strides', own, 1), of('dilations', own, 1), of('output_padding', own, 0)];
    const length = x.shape[axis + 2]!;
    const wanted = of('output_shape', own, automatic.startsWith('SAME') ? length * stride : -1);
    const fixed = { size, stride, dilation, extra };
    if (wanted < 0) return { ...fixed, before: automatic === 'VALID' ? 0 : of('pads', own, 0), after: automatic === 'VALID' ? 0 : of('pads', own + sizes.length, 0) };
    const total = Math.max((length - 1) * stride + (size - 1) * dilation + 1 + extra - wanted, 0);
    const less = Math.floor(total / 2);
    return automatic === 'SAME_UPPER' ? { ...fixed, before: less, after: total - less } : { ...fixed, before: total - less, after: less };
  };
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(automatic)) throw unsupported(`auto_pad ${automatic}`, node);
  return [along(0), along(1)];
}

/** [batch, channels, width] as [batch, channels, 1, width]; two axes stay as they are, more are not supported. */
export function asPictures(x: tf.Tensor, node: NodeProto): tf.Tensor4D {
  if (x.rank === 4) return x as tf.Tensor4D;
  if (x.rank !== 3) throw unsupported(`rank ${x.rank}`, node);
  return tf.expandDims(x, 2);
}

/** Undoes `asPictures` for an input of that rank. */
export function fromPictures(y: tf.Tensor, rank: number): tf.Tensor {
  return rank === 3 ? tf.squeeze(y, [2]) : y;
}

/** Channels last, as TensorFlow.js computes. */
export function channelsLast(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [0, 2, 3, 1]);
}

/** Channels second, as ONNX has them. */
export function channelsSecond(x: tf.Tensor): tf.Tensor4D {
  return tf.transpose(x as tf.Tensor4D, [0, 3, 1, 2]);
}

/** Pads height and width of a picture with channels last. */
export function padded(x: tf.Tensor4D, [vertical, horizontal]: [[number, number], [number, number]], value = 0): tf.Tensor4D {
  if ([...vertical, ...horizontal].every((amount) => amount === 0)) return x;
  return tf.pad(x, [[0, 0], vertical, horizontal, [0, 0]], value);
}
