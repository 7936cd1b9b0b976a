import * as tf from '@tensorflow/tfjs-core';
import type { NodeProto } from '../../graph/onnx_pb.ts';
import { positiveAxis, required, unsupported, withoutGradient, type Attributes, type Inputs, type Operators } from './operator.ts';
import { integers, valuesOf } from './tensors.ts';

/** Operators that put values at places, choose some by their size, or go over an axis in order. */
export const scattering: Operators = {
  ScatterElements: (inputs, attributes, node) => {
    const [x, indices] = [required(inputs, 0, node), required(inputs, 1, node)];
    const axis = positiveAxis(attributes.number('axis', 0), x.rank);
    const [from, to] = [strides(x.shape), strides(indices.shape)];
    const places = valuesOf(indices).map((given, flat) => {
      const place = inside(given, x.shape[axis]!, node);
      return indices.shape.reduce((sum, dim, index) => sum + from[index]! * (index === axis ? place : Math.floor(flat / to[index]!) % dim), 0);
    });
    return put(inputs, [...places], 1, attributes, node);
  },

  ScatterND: (inputs, attributes, node) => {
    const [x, indices] = [required(inputs, 0, node), required(inputs, 1, node)];
    const depth = indices.shape[indices.rank - 1]!;
    const values = valuesOf(indices);
    const places = Array.from({ length: indices.size / depth }, (_, row) =>
      x.shape.slice(0, depth).reduce((flat, length, axis) => flat * length + inside(values[row * depth + axis]!, length, node), 0));
    return put(inputs, places, x.shape.slice(depth).reduce((size, dim) => size * dim, 1), attributes, node);
  },

  TopK: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const [count] = valuesOf(required(inputs, 1, node));
    const axis = positiveAxis(attributes.number('axis', -1), x.rank);
    const order = exchanged(x, axis);
    const last = tf.transpose(x, order);
    const length = x.shape[axis]!;
    const sign = attributes.number('largest', 1) === 0 ? -1 : 1;
    const found = withoutGradient((value) => tf.topk(tf.mul(value, sign), count).indices)(last);
    // TensorFlow.js has no gradient of its topk, but one for picking single places.
    const rows = valuesOf(found).map((place, flat) => Math.floor(flat / count!) * length + place);
    const picked = tf.reshape(tf.gather(tf.reshape(last, [-1]), integers([...rows])), found.shape);
    return [tf.transpose(picked, order), tf.transpose(found, order)];
  },

  Hardmax: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axis = positiveAxis(attributes.number('axis', -1), x.rank);
    return withoutGradient((value) => {
      const hot = tf.cast(tf.oneHot(tf.argMax(value, axis), value.shape[axis]!), 'float32');
      return tf.transpose(hot, value.shape.map((_, index) => (index === axis ? value.rank - 1 : index < axis ? index : index - 1)));
    })(x);
  },

  CumSum: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axis = positiveAxis(valuesOf(required(inputs, 1, node))[0]!, x.rank);
    // Along the last axis: for another one the gradient of TensorFlow.js has its axes in a wrong order.
    const order = exchanged(x, axis);
    return tf.transpose(tf.cumsum(tf.transpose(x, order), x.rank - 1, attributes.number('exclusive', 0) !== 0, attributes.number('reverse', 0) !== 0), order);
  },

  Trilu: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const diagonal = inputs[1] ? valuesOf(inputs[1])[0]! : 0;
    const upper = attributes.number('upper', 1) !== 0;
    const kept = Float32Array.from({ length: rows * columns }, (_, place) => {
      const right = (place % columns) - Math.floor(place / columns) - diagonal;
      return (upper ? right >= 0 : right <= 0) ? 1 : 0;
    });
    return tf.mul(x, tf.tensor2d(kept, [rows, columns]));
  },
};

/** The order of axes in which one has changed places with the last; it is its own inverse. */
function exchanged(x: tf.Tensor, axis: number): number[] {
  return x.shape.map((_, index) => (index === axis ? x.rank - 1 : index === x.rank - 1 ? axis : index));
}

function strides(shape: readonly number[]): number[] {
  return shape.map((_, index) => shape.slice(index + 1).reduce((size, dim) => size * dim, 1));
}

function inside(given: number, length: number, node: NodeProto): number {
  const place = positiveAxis(given, length);
  if (place < 0 || place >= length) throw unsupported(`index ${given} in an axis of ${length}`, node);
  return place;
}

/** Rows of `width` elements put in the place of those at `places`, or added to them. */
function put(inputs: Inputs, places: number[], width: number, attributes: Attributes, node: NodeProto): tf.Tensor {
  const [x, updates] = [required(inputs, 0, node), required(inputs, 2, node)];
  const rows = tf.reshape(x, [-1, width]);
  const given = tf.reshape(updates, [-1, width]);
  const reduction = attributes.text('reduction', 'none');
  if (reduction === 'add') return tf.reshape(tf.add(rows, tf.unsortedSegmentSum(given, integers(places) as tf.Tensor1D, rows.shape[0])), x.shape);
  if (reduction !== 'none') throw unsupported(`reduction ${reduction}`, node);
  // TensorFlow.js has no gradient for putting values in the place of others, but one for picking from both.
  const source = Array.from({ length: rows.shape[0] }, (_, place) => place);
  places.forEach((place, index) => (source[place] = source.length + index));
  return tf.reshape(tf.gather(tf.concat([rows, given], 0), integers(source)), x.shape);
}
