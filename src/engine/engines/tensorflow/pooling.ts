import * as tf from '@tensorflow/tfjs-core';
import { required, unsupported, type Operator, type Operators } from './operator.ts';
import { asPictures, channelsLast, channelsSecond, fromPictures, padded, windows } from './windows.ts';

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
    if (rows.dilation !== 1 || columns.dilation !== 1) throw unsupported('dilations', node);
    // The least float, not −∞, which times the zeros of a backward pass would not be a number.
    const pictures = padded(channelsLast(x), [[rows.before, rows.after + rows.extra], [columns.before, columns.after + columns.extra]], -3.4e38);
    return fromPictures(channelsSecond(tf.maxPool(pictures, [rows.size, columns.size], [rows.stride, columns.stride], 'valid')), input.rank);
  },

  AveragePool: (inputs, attributes, node) => {
    const input = required(inputs, 0, node);
    const x = asPictures(input, node);
    const [rows, columns] = windows(x, attributes.numbers('kernel_shape') ?? [], attributes, node);
    if (rows.dilation !== 1 || columns.dilation !== 1) throw unsupported('dilations', node);
    const pool = (pictures: tf.Tensor4D) => tf.avgPool(pictures, [rows.size, columns.size], [rows.stride, columns.stride], 'valid');
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
