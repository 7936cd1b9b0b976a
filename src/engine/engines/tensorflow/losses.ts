import * as tf from '@tensorflow/tfjs-core';
import type { Divergence } from '../../results.ts';
import type { TrainingDefinition } from '../../training/trainingStep.ts';

/** Both losses of a batch, scalars. */
export type LossTensors = Record<'loss' | 'stabilityLoss', tf.Scalar>;

/**
 * The losses of a definition from the trained part's outputs [batch, width] of the clean branch and the noisy ones: the same
 * mathematics as `graph/gradient/losses.ts`, written once more for TensorFlow.js.
 */
export function lossesOf({ objective = 'classification', divergence, margin }: TrainingDefinition, defaultMargin: number, outputs: readonly tf.Tensor2D[], targets: tf.Tensor2D | undefined): LossTensors {
  if (objective === 'classification') {
    const [logP, logQ, logR] = outputs.map((output) => tf.logSoftmax(output)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D?];
    return { loss: tf.neg(meanOfSums(tf.mul(logP, given(targets)))), stabilityLoss: logR ? threeViews(logP, logQ, logR) : divergences[divergence](logP, logQ) };
  }
  const [clean, noisy] = outputs.map(unitLength) as [tf.Tensor2D, tf.Tensor2D];
  const stabilityLoss: tf.Scalar = tf.mean(distances(clean, noisy));
  if (objective === 'embedding') return { stabilityLoss, loss: tf.div(meanOfSums(tf.squaredDifference(clean, unitLength(given(targets)))), 2) };
  const [query, positive, negative] = tf.split(tf.reshape<tf.Rank.R3>(clean, [-1, 3, clean.shape[1]]), 3, 1) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const excess = tf.sub(distances(query, positive), distances(query, negative));
  return { stabilityLoss, loss: tf.mean(tf.relu(tf.add(excess, margin ?? defaultMargin))) };
}

function given(targets: tf.Tensor2D | undefined): tf.Tensor2D {
  if (!targets) throw new Error('the batch has no targets');
  return targets;
}

/** D(P, P') from log P and log P' [batch, classes], mean over the batch; gradients flow through both (Zheng et al. 2016). */
const divergences: Record<Divergence, (logP: tf.Tensor2D, logQ: tf.Tensor2D) => tf.Scalar> = {
  'cross-entropy': (logP, logQ) => tf.neg(meanOfSums(tf.mul(tf.exp(logP), logQ))),
  kl: (logP, logQ) => klDivergence(logP, logQ),
  js: (logP, logQ) => {
    // log M = log ½(P + P') = log P' + log(1 + P/P') − ln 2, without leaving the logarithms; smooth where P = P'.
    const logM: tf.Tensor2D = tf.sub(tf.add(logQ, tf.softplus(tf.sub(logP, logQ))), Math.LN2);
    return tf.div(tf.add(klDivergence(logP, logM), klDivergence(logQ, logM)), 2);
  },
  l2: (logP, logQ) => tf.mean(distances(tf.exp(logP), tf.exp(logQ))),
};

/** ⅓ Σ KL(P_i‖M) with M the mean of three distributions (Hendrycks et al., AugMix, 2020). */
function threeViews(logP: tf.Tensor2D, logQ: tf.Tensor2D, logR: tf.Tensor2D): tf.Scalar {
  const joined = tf.add(logQ, tf.softplus(tf.sub(logP, logQ)));
  const logM: tf.Tensor2D = tf.sub(tf.add(logR, tf.softplus(tf.sub(joined, logR))), Math.log(3));
  return tf.div(tf.addN([logP, logQ, logR].map((logA) => klDivergence(logA, logM))), 3);
}

function klDivergence(logP: tf.Tensor2D, logQ: tf.Tensor2D): tf.Scalar {
  return meanOfSums(tf.mul(tf.exp(logP), tf.sub(logP, logQ)));
}

function unitLength(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.maximum(tf.expandDims(root(tf.sum(tf.square(x), -1)), -1), 1e-12));
}

/** ‖a − b‖₂ along the last axis. */
function distances(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return root(tf.sum(tf.squaredDifference(a, b), -1));
}

/** A root whose gradient at 0, where it has none, is 0. */
function root(squares: tf.Tensor): tf.Tensor {
  const different = tf.step(squares);
  return tf.mul(different, tf.sqrt(tf.add(squares, tf.sub(1, different))));
}

function meanOfSums(values: tf.Tensor): tf.Scalar {
  return tf.mean(tf.sum(values, -1));
}
