import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis, required, unsupported, type Operators } from './operator.ts';
import { integers, valuesOf } from './tensors.ts';
import { paddedPlace } from '../../graph/paddedPlace.ts';

/** Operators that take tensors apart and put them together. */
export const slicing: Operators = {
  Concat: (inputs, attributes, node) => {
    const parts = inputs.map((_, index) => required(inputs, index, node));
    return tf.concat(parts, positiveAxis(attributes.number('axis', 0), parts[0]!.rank));
  },

  Slice: (inputs, _attributes, node) => {
    const x = required(inputs, 0, node);
    const [starts, ends] = [valuesOf(required(inputs, 1, node)), valuesOf(required(inputs, 2, node))];
    const axes = inputs[3] ? valuesOf(inputs[3]) : starts.map((_, index) => index);
    const steps = inputs[4] ? valuesOf(inputs[4]) : starts.map(() => 1);
    const begin = x.shape.map(() => 0);
    const size = [...x.shape];
    const strided: { axis: number; indices: number[] }[] = [];
    axes.forEach((given, index) => {
      const axis = positiveAxis(given, x.rank);
      const length = x.shape[axis]!;
      const step = steps[index]!;
      const bound = (value: number, low: number, high: number) => Math.min(Math.max(value < 0 ? value + length : value, low), high);
      if (step > 0) {
        begin[axis] = bound(starts[index]!, 0, length);
        size[axis] = Math.max(bound(ends[index]!, 0, length) - begin[axis], 0);
        if (step > 1) strided.push({ axis, indices: Array.from({ length: Math.ceil(size[axis] / step) }, (_, place) => place * step) });
        return;
      }
      const first = bound(starts[index]!, -1, length - 1);
      const end = bound(ends[index]!, -1, length - 1);
      strided.push({ axis, indices: Array.from({ length: Math.max(Math.ceil((end - first) / step), 0) }, (_, place) => first + place * step) });
    });
    // TensorFlow.js has no gradient for a strided slice, but one for picking single places.
    return strided.reduce((part, { axis, indices }) => pick(part, indices, axis), tf.slice(x, begin, size));
  },

  Split: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axis = positiveAxis(attributes.number('axis', 0), x.rank);
    const sizes = inputs[1] ? [...valuesOf(inputs[1])] : evenly(x.shape[axis]!, attributes.number('num_outputs', node.output.length));
    return tf.split(x, sizes, axis);
  },

  Gather: (inputs, attributes, node) => {
    const [x, indices] = [required(inputs, 0, node), required(inputs, 1, node)];
    const axis = positiveAxis(attributes.number('axis', 0), x.rank);
    const places = valuesOf(indices).map((index) => positiveAxis(index, x.shape[axis]!));
    const outside = places.find((place) => place < 0 || place >= x.shape[axis]!);
    if (outside !== undefined) throw unsupported(`index ${outside} in an axis of ${x.shape[axis]!}`, node);
    const picked = pick(x, places, axis);
    return tf.reshape(picked, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
  },

  GatherElements: (inputs, attributes, node) => {
    const [x, indices] = [required(inputs, 0, node), required(inputs, 1, node)];
    const axis = positiveAxis(attributes.number('axis', 0), x.rank);
    const strides = (shape: readonly number[]): number[] => shape.map((_, index) => shape.slice(index + 1).reduce((size, dim) => size * dim, 1));
    const [from, to] = [strides(x.shape), strides(indices.shape)];
    const places = valuesOf(indices).map((given, flat) => {
      const place = positiveAxis(given, x.shape[axis]!);
      if (place < 0 || place >= x.shape[axis]!) throw unsupported(`index ${given} in an axis of ${x.shape[axis]!}`, node);
      return indices.shape.reduce((sum, dim, index) => sum + from[index]! * (index === axis ? place : Math.floor(flat / to[index]!) % dim), 0);
    });
    return tf.reshape(tf.gather(tf.reshape(x, [-1]), integers(places), 0), indices.shape);
  },

  GatherND: (inputs, attributes, node) => {
    if (attributes.number('batch_dims', 0) !== 0) throw unsupported('batch_dims', node);
    const [x, indices] = [required(inputs, 0, node), required(inputs, 1, node)];
    const depth = indices.shape[indices.rank - 1]!;
    const values = valuesOf(indices);
    // The first axes become one, and each row of indices the number of a place along it.
    const places = Array.from({ length: indices.size / depth }, (_, row) => x.shape.slice(0, depth).reduce((flat, length, axis) => {
      const place = positiveAxis(values[row * depth + axis]!, length);
      if (place < 0 || place >= length) throw unsupported(`index ${place} in an axis of ${length}`, node);
      return flat * length + place;
    }, 0));
    const rest = x.shape.slice(depth);
    const rows = tf.reshape(x, [-1, rest.reduce((size, length) => size * length, 1)]);
    return tf.reshape(pick(rows, places, 0), [...indices.shape.slice(0, -1), ...rest]);
  },

  Pad: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const pads = valuesOf(required(inputs, 1, node));
    const axes = inputs[3] ? valuesOf(inputs[3]).map((axis) => positiveAxis(axis, x.rank)) : x.shape.map((_, axis) => axis);
    const sides = x.shape.map((_, axis): [number, number] => {
      const index = axes.indexOf(axis);
      return index < 0 ? [0, 0] : [pads[index]!, pads[index + axes.length]!];
    });
    const mode = attributes.text('mode', 'constant');
    if (mode === 'constant') return padConstant(x, sides, inputs[2] ? valuesOf(inputs[2])[0]! : 0);
    const place = paddedPlace[mode];
    if (!place) throw unsupported(`mode ${mode}`, node);
    return sides.reduce((part, [before, after], axis) => {
      const length = x.shape[axis]!;
      if (before === 0 && after === 0) return part;
      return pick(part, Array.from({ length: before + length + after }, (_, index) => place(index - before, length)), axis);
    }, x);
  },

  Tile: (inputs, _attributes, node) => tf.tile(required(inputs, 0, node), [...valuesOf(required(inputs, 1, node))]),
};

function padConstant(x: tf.Tensor, sides: [number, number][], value: number): tf.Tensor {
  const padded = tf.pad(x, sides.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]), value);
  if (sides.flat().every((amount) => amount >= 0)) return padded;
  return tf.slice(padded, sides.map(([before]) => Math.max(-before, 0)), sides.map(([before, after], axis) => x.shape[axis]! + before + after));
}

/** The places of an axis, in that order; one run of neighbours is a slice. */
function pick(x: tf.Tensor, places: number[], axis: number): tf.Tensor {
  if (places.every((place, index) => place === places[0]! + index) && places.length > 0) {
    return tf.slice(x, x.shape.map((_, other) => (other === axis ? places[0]! : 0)), x.shape.map((size, other) => (other === axis ? places.length : size)));
  }
  return tf.gather(x, integers(places), axis);
}

/** Parts as equal as they can be, the last one smaller. */
function evenly(length: number, parts: number): number[] {
  const size = Math.ceil(length / parts);
  return Array.from({ length: parts }, (_, index) => Math.max(Math.min(size, length - index * size), 0));
}
