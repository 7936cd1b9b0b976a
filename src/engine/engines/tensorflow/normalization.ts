import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis, required, unsupported, type Operators } from './operator.ts';

/** Normalisations, written out so that gradients reach every parameter. */
export const normalization: Operators = {
  // With the statistics of the file, as a trained network is run (Ioffe & Szegedy 2015, algorithm 2).
  BatchNormalization: (inputs, attributes, node) => {
    if (attributes.number('training_mode', 0) !== 0) throw unsupported('training_mode', node);
    const x = required(inputs, 0, node);
    const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => perChannel(required(inputs, index, node), x.rank)) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, attributes.number('epsilon', 1e-5))));
    return tf.add(tf.mul(tf.sub(x, mean), factor), bias);
  },

  LayerNormalization: (inputs, attributes, node) => {
    if (node.output.slice(1).some((name) => name !== '')) throw unsupported('output of statistics', node);
    const [x, scale, bias] = [required(inputs, 0, node), required(inputs, 1, node), inputs[2]];
    const first = positiveAxis(attributes.number('axis', -1), x.rank);
    const axes = Array.from({ length: x.rank - first }, (_, index) => first + index);
    const scaled = tf.mul(standardise(x, axes, attributes.number('epsilon', 1e-5)), scale);
    return bias ? tf.add(scaled, bias) : scaled;
  },

  InstanceNormalization: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axes = Array.from({ length: x.rank - 2 }, (_, index) => index + 2);
    const scaled = tf.mul(standardise(x, axes, attributes.number('epsilon', 1e-5)), perChannel(required(inputs, 1, node), x.rank));
    return tf.add(scaled, perChannel(required(inputs, 2, node), x.rank));
  },

  // Groups of channels (Wu & He 2018); scale and bias have an entry a channel, or a group before operator set 21.
  GroupNormalization: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const groups = attributes.number('num_groups', 1);
    const [batch, channels] = x.shape as [number, number];
    const normal = tf.reshape(standardise(tf.reshape(x, [batch, groups, -1]), [2], attributes.number('epsilon', 1e-5)), x.shape);
    const entries = (index: number): tf.Tensor => {
      const vector = required(inputs, index, node);
      const each = vector.size === channels ? vector : tf.reshape(tf.tile(tf.expandDims(vector, 1), [1, channels / groups]), [channels]);
      return perChannel(each, x.rank);
    };
    return tf.add(tf.mul(normal, entries(1)), entries(2));
  },

  LpNormalization: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const axis = positiveAxis(attributes.number('axis', -1), x.rank);
    return tf.div(x, attributes.number('p', 2) === 2 ? tf.sqrt(tf.sum(tf.square(x), axis, true)) : tf.sum(tf.abs(x), axis, true));
  },

  // Across channels (Krizhevsky et al. 2012), the channels within size/2 on either side.
  LRN: (inputs, attributes, node) => {
    const x = required(inputs, 0, node);
    const size = attributes.number('size', 1);
    if (x.rank !== 4) throw unsupported(`rank ${x.rank}`, node);
    const channels = x.shape[1]!;
    const before = Math.floor((size - 1) / 2);
    const squares = tf.pad(tf.square(x), [[0, 0], [before, size - 1 - before], [0, 0], [0, 0]]);
    const sum = tf.addN(Array.from({ length: size }, (_, index) => tf.slice(squares, [0, index, 0, 0], [-1, channels, -1, -1])));
    const base = tf.add(tf.mul(sum, attributes.number('alpha', 1e-4) / size), attributes.number('bias', 1));
    return tf.mul(x, tf.pow(base, -attributes.number('beta', 0.75)));
  },
};

/** A vector with an entry a channel, as [channels, 1, …] beside [batch, channels, …]. */
function perChannel(vector: tf.Tensor, rank: number): tf.Tensor {
  return tf.reshape(vector, [vector.size, ...Array.from({ length: Math.max(rank - 2, 0) }, () => 1)]);
}

function standardise(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon)));
}
