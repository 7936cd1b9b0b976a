import * as tf from '@tensorflow/tfjs-core';
import type { NodeProto } from '../../graph/onnx_pb.ts';
import { commonScale, resizeWeights, type AxisResize } from '../../graph/resizeWeights.ts';
import { positiveAxis, required, unsupported, type Attributes, type Operators } from './operator.ts';
import { valuesOf } from './tensors.ts';

/**
 * Resampling. Along each axis it is a product with a matrix [places of the result, places of the source], which covers every
 * mode and coordinate rule in the same way and has a gradient; those of TensorFlow.js's own functions ignore half pixels.
 */
export const resize: Operators = {
  Resize: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axes = attributes.numbers('axes')?.map((axis) => positiveAxis(axis, x.rank)) ?? x.shape.map((_, axis) => axis);
    const scales = inputs[2] && inputs[2].size > 0 ? valuesOf(inputs[2]) : undefined;
    const sizes = scales ? undefined : valuesOf(required(inputs, 3, node));
    const policy = attributes.text('keep_aspect_ratio_policy', 'stretch');
    const common = sizes && supported(node, () => commonScale(policy, axes.map((axis, index) => ({ length: x.shape[axis]!, size: sizes[index]! }))));
    return axes.reduce((part, axis, index) => {
      const length = x.shape[axis]!;
      const size = scales ? Math.floor(length * scales[index]!) : common === undefined ? sizes![index]! : Math.round(length * common);
      const scale = scales?.[index] ?? common ?? size / length;
      if (size === length && scale === 1) return part;
      return alongAxis(part, axis, shares({ length, size, scale }, attributes, node));
    }, x);
  },
};

/** For each place of the result the shares of the source's places. */
function shares(axis: Pick<AxisResize, 'length' | 'size' | 'scale'>, attributes: Attributes, node: NodeProto): Float32Array[] {
  return supported(node, () => resizeWeights({
    ...axis, mode: attributes.text('mode', 'nearest'), coordinates: attributes.text('coordinate_transformation_mode', 'half_pixel'),
    nearest: attributes.text('nearest_mode', 'round_prefer_floor'), cubic: attributes.number('cubic_coeff_a', -0.75),
    antialias: attributes.number('antialias', 0) !== 0, excludeOutside: attributes.number('exclude_outside', 0) !== 0,
  }));
}

/** What `compute` returns, which throws where it knows a mode not. */
function supported<T>(node: NodeProto, compute: () => T): T {
  try {
    return compute();
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
