import * as tf from '@tensorflow/tfjs-core';
import { required, unsupported, type Operators } from './operator.ts';
import { asPictures, channelsLast, channelsSecond, fromPictures, padded, transposedWindows, windows, type Window } from './windows.ts';

/** Convolutions of one or two axes. Padding and dilation are written out, because TensorFlow.js's gradients know neither of them. */
export const convolution: Operators = {
  Conv: (inputs, attributes, node) => {
    const [input, weights, bias] = [required(inputs, 0, node), required(inputs, 1, node), inputs[2]];
    const x = asPictures(input, node);
    const w = asPictures(weights, node);
    const group = attributes.number('group', 1);
    const [rows, columns] = windows(x, weights.shape.slice(2), attributes, node);
    const pictures = padded(channelsLast(x), [[rows.before, rows.after], [columns.before, columns.after]]);
    const strides: [number, number] = [rows.stride, columns.stride];
    if (pictures.shape[3] % group !== 0 || w.shape[0] % group !== 0) throw unsupported(`group ${group}`, node);

    const convolved = group === 1
      ? tf.conv2d(pictures, dilated(tf.transpose(w, [2, 3, 1, 0]), [rows, columns]), strides, 'valid')
      : w.shape[1] === 1 && group === pictures.shape[3] && rows.stride === columns.stride
        ? depthwise(pictures, w, group, strides, [rows, columns])
        : grouped(pictures, w, group, strides, [rows, columns]);
    const y = bias ? tf.add(convolved, bias) : convolved;
    return fromPictures(channelsSecond(y), input.rank);
  },

  ConvTranspose: (inputs, attributes, node) => {
    const [input, weights, bias] = [required(inputs, 0, node), required(inputs, 1, node), inputs[2]];
    const [x, w] = [asPictures(input, node), asPictures(weights, node)];
    const group = attributes.number('group', 1);
    const axes = transposedWindows(x, weights.shape.slice(2), attributes, node);
    const pictures = channelsLast(x);
    const channels = pictures.shape[3] / group;
    const parts = Array.from({ length: group }, (_, index) => {
      const filter = dilated(tf.transpose(tf.slice(w, [index * channels, 0, 0, 0], [channels, -1, -1, -1]), [2, 3, 1, 0]), axes);
      const part = tf.slice(pictures, [0, 0, 0, index * channels], [-1, -1, -1, channels]);
      const size = (axis: 0 | 1) => (part.shape[axis + 1]! - 1) * axes[axis].stride + filter.shape[axis];
      return tf.conv2dTranspose(part, filter, [part.shape[0], size(0), size(1), filter.shape[2]], [axes[0].stride, axes[1].stride], 'valid');
    });
    // Whole windows first; then what the padding takes off, and what `output_padding` adds behind.
    const whole = padded(group === 1 ? parts[0]! : tf.concat(parts, 3), [[0, axes[0].extra], [0, axes[1].extra]]);
    const [rows, columns] = axes;
    const y = tf.slice(whole, [0, rows.before, columns.before, 0], [-1, whole.shape[1] - rows.before - rows.after, whole.shape[2] - columns.before - columns.after, -1]);
    return fromPictures(channelsSecond(bias ? tf.add(y, bias) : y), input.rank);
  },
};

/** One filter a channel, `w` [channels · multiplier, 1, height, width]. TensorFlow wants equal strides here. */
function depthwise(x: tf.Tensor4D, w: tf.Tensor4D, channels: number, strides: [number, number], axes: [Window, Window]): tf.Tensor4D {
  const [outputs, , height, width] = w.shape;
  const filter: tf.Tensor4D = tf.transpose(tf.reshape(w, [channels, outputs / channels, height, width]), [2, 3, 0, 1]);
  return tf.depthwiseConv2d(x, dilated(filter, axes), strides, 'valid');
}

/** Each group of channels by itself. */
function grouped(x: tf.Tensor4D, w: tf.Tensor4D, group: number, strides: [number, number], axes: [Window, Window]): tf.Tensor4D {
  const [channels, outputs] = [x.shape[3] / group, w.shape[0] / group];
  const parts = Array.from({ length: group }, (_, index) => {
    const filter = tf.slice(w, [index * outputs, 0, 0, 0], [outputs, -1, -1, -1]);
    return tf.conv2d(tf.slice(x, [0, 0, 0, index * channels], [-1, -1, -1, channels]), dilated(tf.transpose(filter, [2, 3, 1, 0]), axes), strides, 'valid');
  });
  return tf.concat(parts, 3);
}

/** A filter [height, width, …] with zeros between its taps. */
function dilated(filter: tf.Tensor4D, [rows, columns]: [Window, Window]): tf.Tensor4D {
  if (rows.dilation === 1 && columns.dilation === 1) return filter;
  const [height, width, inputs, outputs] = filter.shape;
  const spread = tf.pad(tf.reshape(filter, [height, 1, width, inputs * outputs]), [[0, 0], [0, rows.dilation - 1], [0, 0], [0, (columns.dilation - 1) * inputs * outputs]]);
  return tf.slice<tf.Rank.R4, tf.Tensor4D>(
    tf.reshape(spread, [height * rows.dilation, width * columns.dilation, inputs, outputs]), [0, 0, 0, 0],
    [(height - 1) * rows.dilation + 1, (width - 1) * columns.dilation + 1, inputs, outputs],
  );
}
