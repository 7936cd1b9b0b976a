import * as tf from '@tensorflow/tfjs-core';
import { required, unsupported, type Operator, type Operators } from './operator.ts';
import { asPictures, channelsLast, channelsSecond, fromPictures, padded, windows, type Window } from './windows.ts';
import { integers } from './tensors.ts';

const overPicture = (reduce: (x: tf.Tensor, axes: number[]) => tf.Tensor): Operator => (inputs, _attributes, node) => {
  const x = required(inputs, 0, node);
  return reduce(x, x.shape.slice(2).map((_, index) => index + 2));
};

/** Poolings of one or two axes. */
export const pooling: Operators = {
  GlobalAveragePool: overPicture((x, axes) => tf.mean(x, axes, true)),
  GlobalMaxPool: overPicture((x, axes) => tf.max(x, axes, true)),

  MaxPool: (inputs, attributes, node) => {
    if (node.output.length > 1) throw unsupported('output of indices', node);
    const input = required(inputs, 0, node);
    const x = asPictures(input, node);
    const axes = windows(x, attributes.numbers('kernel_shape') ?? [], attributes, node);
    const [rows, columns] = axes;
    // The least float, not −∞, which times the zeros of a backward pass would not be a number.
    const pictures = padded(channelsLast(x), [[rows.before, rows.after + rows.extra], [columns.before, columns.after + columns.extra]], -3.4e38);
    const greatest = isDilated(axes)
      ? taps(pictures, axes).reduce((left, right) => tf.maximum(left, right))
      : tf.maxPool(pictures, [rows.size, columns.size], [rows.stride, columns.stride], 'valid');
    return fromPictures(channelsSecond(greatest), input.rank);
  },

  AveragePool: (inputs, attributes, node) => {
    const input = required(inputs, 0, node);
    const x = asPictures(input, node);
    const axes = windows(x, attributes.numbers('kernel_shape') ?? [], attributes, node);
    const [rows, columns] = axes;
    const pool = (pictures: tf.Tensor4D): tf.Tensor4D => {
      if (!isDilated(axes)) return tf.avgPool(pictures, [rows.size, columns.size], [rows.stride, columns.stride], 'valid');
      return tf.div(tf.addN(taps(pictures, axes)), rows.size * columns.size);
    };
    const sides = (withPads: boolean, withExtra: boolean): [[number, number], [number, number]] => [rows, columns].map(
      ({ before, after, extra }) => [withPads ? before : 0, (withPads ? after : 0) + (withExtra ? extra : 0)],
    ) as [[number, number], [number, number]];
    const mean = pool(padded(channelsLast(x), sides(true, true)));
    if (sides(true, true).flat().every((amount) => amount === 0)) return fromPictures(channelsSecond(mean), input.rank);
    // How much of each window counts: the picture, with `count_include_pad` its padding too, never what `ceil_mode` adds.
    const picture = tf.ones<tf.Rank.R4>([1, x.shape[2], x.shape[3], 1]);
    const counts = attributes.number('count_include_pad', 0) !== 0
      ? padded(padded(picture, sides(true, false), 1), sides(false, true))
      : padded(picture, sides(true, true));
    return fromPictures(channelsSecond(tf.div(mean, pool(counts))), input.rank);
  },
};

function isDilated([rows, columns]: readonly [Window, Window]): boolean {
  return rows.dilation !== 1 || columns.dilation !== 1;
}

/** For each place in the window what all windows have there, from padded pictures: TensorFlow.js pools no dilated windows. */
function taps(pictures: tf.Tensor4D, [rows, columns]: readonly [Window, Window]): tf.Tensor4D[] {
  const along = (x: tf.Tensor4D, axis: 1 | 2, { size, stride, dilation }: Window, at: number): tf.Tensor4D => {
    const count = Math.floor((x.shape[axis] - (size - 1) * dilation - 1) / stride) + 1;
    return tf.gather(x, integers(Array.from({ length: count }, (_, place) => place * stride + at * dilation)), axis);
  };
  return Array.from({ length: rows.size }, (_, row) => along(pictures, 1, rows, row))
    .flatMap((part) => Array.from({ length: columns.size }, (_, column) => along(part, 2, columns, column)));
}
