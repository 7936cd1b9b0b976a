import * as tf from '@tensorflow/tfjs-core';
import type { NodeProto } from '../../graph/onnx_pb.ts';
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
      return alongAxis(part, axis, Array.from({ length: size }, (_, place) => weights(source(place, length, size, scale, attributes, node), length, attributes, node)));
    }, x);
  },
};

/** Where in the source a place of the result lies (`coordinate_transformation_mode`), in 32-bit floats, which decide ties. */
function source(place: number, length: number, size: number, scale: number, attributes: Attributes, node: NodeProto): number {
  const mode = attributes.text('coordinate_transformation_mode', 'half_pixel');
  const { fround } = Math;
  const halfPixel = () => fround(fround((place + 0.5) / fround(scale)) - 0.5);
  switch (mode) {
    case 'half_pixel': return halfPixel();
    case 'pytorch_half_pixel': return size > 1 ? halfPixel() : 0;
    case 'asymmetric': return fround(place / fround(scale));
    case 'align_corners': return size > 1 ? fround((place * (length - 1)) / (size - 1)) : 0;
    default: throw unsupported(`coordinate_transformation_mode ${mode}`, node);
  }
}

/** Shares of the source's places at that coordinate; beyond an edge, the edge counts. */
function weights(coordinate: number, length: number, attributes: Attributes, node: NodeProto): Float32Array {
  const row = new Float32Array(length);
  const add = (place: number, share: number) => {
    const inside = Math.min(Math.max(place, 0), length - 1);
    row[inside] = row[inside]! + share;
  };
  const mode = attributes.text('mode', 'nearest');
  const floor = Math.floor(coordinate);
  const rest = coordinate - floor;
  switch (mode) {
    case 'nearest': add(nearest(coordinate, attributes, node), 1); break;
    case 'linear': add(floor, 1 - rest); add(floor + 1, rest); break;
    case 'cubic': {
      if (attributes.number('exclude_outside', 0) !== 0) throw unsupported('exclude_outside', node);
      // Keys 1981, "Cubic convolution interpolation for digital image processing".
      const a = attributes.number('cubic_coeff_a', -0.75);
      const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
      const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
      add(floor - 1, far(rest + 1));
      add(floor, near(rest));
      add(floor + 1, near(1 - rest));
      add(floor + 2, far(2 - rest));
      break;
    }
    default: throw unsupported(`mode ${mode}`, node);
  }
  return row;
}

function nearest(coordinate: number, attributes: Attributes, node: NodeProto): number {
  const mode = attributes.text('nearest_mode', 'round_prefer_floor');
  switch (mode) {
    case 'round_prefer_floor': return Math.ceil(coordinate - 0.5);
    case 'round_prefer_ceil': return Math.floor(coordinate + 0.5);
    case 'floor': return Math.floor(coordinate);
    case 'ceil': return Math.ceil(coordinate);
    default: throw unsupported(`nearest_mode ${mode}`, node);
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
