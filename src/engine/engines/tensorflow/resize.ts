import * as tf from '@tensorflow/tfjs-core';
import type { NodeProto } from '../../graph/onnx_pb.ts';
import { resizeWeights, type AxisResize } from '../../graph/resizeWeights.ts';
import { positiveAxis, required, unsupported, type Attributes, type Operators } from './operator.ts';
import { valuesOf } from './tensors.ts';

/**
 * Resampling. Along each axis it is a product with a matrix [places of the result, places of the source], which covers every
 * mode and coordinate rule in the same way and has a gradient; those of TensorFlow.js's own functions ignore half pixels.
 */
export const resize: Operators = {
  Resize: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    if (attributes.number('antialias', 0) !== 0) throw unsupported('antialias', node);
    if (attributes.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') throw unsupported('keep_aspect_ratio_policy', node);
    const axes = attributes.numbers('axes')?.map((axis) => positiveAxis(axis, x.rank)) ?? x.shape.map((_, axis) => axis);
    const scales = inputs[2] && inputs[2].size > 0 ? valuesOf(inputs[2]) : undefined;
    const sizes = scales ? undefined : valuesOf(required(inputs, 3, node));
    return axes.reduce((part, axis, index) => {
      const length = x.shape[axis]!;
      const size = scales ? Math.floor(length * scales[index]!) : sizes![index]!;
      const scale = scales ? scales[index]! : size / length;
      if (size === length && scale === 1) return part;
      return alongAxis(part, axis, shares({ length, size, scale }, attributes, node));
    }, x);
  },
};

/** For each place of the result the shares of the source's places. */
function shares(axis: Pick<AxisResize, 'length' | 'size' | 'scale'>, attributes: Attributes, node: NodeProto): Float32Array[] {
  const mode = attributes.text('mode', 'nearest');
  if (mode === 'cubic' && attributes.number('exclude_outside', 0) !== 0) throw unsupported('exclude_outside', node);
  try {
    return resizeWeights({
      ...axis, mode, coordinates: attributes.text('coordinate_transformation_mode', 'half_pixel'),
      nearest: attributes.text('nearest_mode', 'round_prefer_floor'), cubic: attributes.number('cubic_coeff_a', -0.75),
    });
  } catch (error) {
    throw unsupported(error instanceof Error ? error.message : String(error), node);
  }
}

function alongAxis(x: tf.Tensor, axis: number, rows: Float32Array[]): tf.Tensor {
  const length = x.shape[axis]!;
  const flat = Float32Array.from(rows.flatMap((row) => [...row]));
  const matrix = tf.tensor2d(flat, [rows.length, length]);
  const order = x.shape.map((_, index) => index);
  order[axis] = x.rank - 1;
  order[x.rank - 1] = axis;
  const last = tf.transpose(x, order);
  const product = tf.matMul(tf.reshape(last, [-1, length]), matrix, false, true);
  return tf.transpose(tf.reshape(product, [...last.shape.slice(0, -1), rows.length]), order);
}
