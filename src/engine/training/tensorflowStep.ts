import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../engines/tensorflow.ts';
import { startBackend } from '../engines/tensorflow/backend.ts';
import { Program } from '../engines/tensorflow/program.ts';
import { download, upload } from '../engines/tensorflow/tensors.ts';
import { UserError } from '../job.ts';
import { optimizerState, stateName } from '../graph/gradient/optimizers.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Divergence, OptimizerName } from '../results.ts';
import { optimizerConstants, type Losses, type TrainingBatch, type TrainingDefinition, type TrainingState, type TrainingStep } from './trainingStep.ts';

/**
 * The training step on TensorFlow.js: the same mathematics as the generated ONNX graph, with losses of its own, TensorFlow.js's
 * automatic gradients and its kernels. The number of threads is TensorFlow's own affair. Calls must not overlap.
 */
export async function createTensorFlowStep(definition: TrainingDefinition): Promise<TrainingStep> {
  check(definition);
  await startBackend();
  const program = new Program(definition.forward);
  const parts = optimizerState[definition.optimizer];
  const start = (name: string): tf.Tensor => program.constant(name)!;
  const weights = new Map(definition.weights.map((name) => [name, tf.variable(start(name))]));
  const zeros = (name: string): tf.Variable => {
    const filling = tf.zeros(start(name).shape);
    const variable = tf.variable(filling);
    filling.dispose();
    return variable;
  };
  const state = new Map(definition.weights.flatMap((name) => parts.map((part) => [stateName(name, part), zeros(name)])));
  let steps = 0;

  const forward = (branch: Record<string, Tensor>): tf.Tensor2D => {
    const given = { ...uploadInputs(branch, program.inputs), ...Object.fromEntries(weights) };
    return tf.logSoftmax(program.run(given, [definition.logits])[definition.logits] as tf.Tensor2D);
  };
  /** Both losses, as scalars. */
  const losses = ({ clean, noisy, targets }: Pick<TrainingBatch, 'clean' | 'noisy' | 'targets'>) => {
    const logP = forward(clean);
    if (!targets) throw new Error('the batch has no targets');
    return { loss: cleanLoss(logP, upload(targets)), stabilityLoss: divergences[definition.divergence](logP, forward(noisy)) };
  };
  const read = async ({ loss, stabilityLoss }: { loss: tf.Scalar; stabilityLoss: tf.Scalar }): Promise<Losses> => {
    try {
      return { loss: (await loss.data())[0]!, stabilityLoss: (await stabilityLoss.data())[0]! };
    } finally {
      tf.dispose([loss, stabilityLoss]);
    }
  };

  return {
    async train(batch) {
      const found = tf.tidy(() => {
        let both: { loss: tf.Scalar; stabilityLoss: tf.Scalar } | undefined;
        const { grads } = tf.variableGrads(() => {
          const { loss, stabilityLoss } = losses(batch);
          both = { loss: tf.keep(tf.clone(loss)), stabilityLoss: tf.keep(tf.clone(stabilityLoss)) };
          // With α = 0 the noisy branch must not reach the weights, not even by an infinity times zero.
          return batch.alpha === 0 ? loss : tf.add(loss, tf.mul(stabilityLoss, batch.alpha));
        }, [...weights.values()]);
        for (const [name, weight] of weights) {
          const gradient = grads[weight.name];
          if (!gradient) throw new UserError(`cannot train ${name}: the logits ${definition.logits} do not depend on it`);
          updates[definition.optimizer]({
            weight, gradient, state: parts.map((part) => state.get(stateName(name, part))!),
            learningRate: batch.learningRate, step: steps + 1,
          });
        }
        return both!;
      });
      steps += 1;
      return await read(found);
    },

    async evaluate(batch) {
      return await read(tf.tidy(() => losses(batch)));
    },

    async state() {
      const copies = async (variables: Map<string, tf.Variable>) => Object.fromEntries(
        await Promise.all([...variables].map(async ([name, variable]) => [name, await download(variable, 'float32')] as const)),
      );
      return { weights: await copies(weights), optimizer: await copies(state), steps };
    },

    reset(to) {
      tf.tidy(() => {
        for (const [name, weight] of weights) weight.assign(to ? restored(to.weights, name) : tf.clone(start(name)));
        for (const [name, array] of state) array.assign(to ? restored(to.optimizer, name) : tf.zerosLike(array));
      });
      steps = to?.steps ?? 0;
      return Promise.resolve();
    },

    release() {
      tf.dispose([...weights.values(), ...state.values()]);
      program.dispose();
      return Promise.resolve();
    },
  };
}

/** Throws where the trained part lacks something, or a weight cannot be trained because the logits do not depend on it. */
function check({ forward, logits, weights }: TrainingDefinition): void {
  const nodes = forward.graph?.node ?? [];
  const fixed = new Set(forward.graph?.initializer.map(({ name }) => name));
  const missing = weights.find((name) => !fixed.has(name));
  if (missing !== undefined) throw new Error(`the trained part has no weight ${missing}`);
  if (!nodes.some(({ output }) => output.includes(logits))) throw new Error(`the trained part has no value ${logits}`);
  const reached = new Set([logits]);
  for (const { input, output } of [...nodes].reverse()) if (output.some((name) => reached.has(name))) for (const name of input) reached.add(name);
  const unreached = weights.find((name) => !reached.has(name));
  if (unreached !== undefined) throw new UserError(`cannot train ${unreached}: the logits ${logits} do not depend on it`);
}

function restored(tensors: TrainingState['weights'], name: string): tf.Tensor {
  const tensor = tensors[name];
  if (!tensor) throw new Error(`the state has no ${name}`);
  return upload(tensor);
}

/** L0 = −Σ_j t_j log P(y_j|x), mean over the batch (Zheng et al. 2016). */
function cleanLoss(logP: tf.Tensor2D, targets: tf.Tensor): tf.Scalar {
  return tf.neg(meanOfSums(tf.mul(logP, targets)));
}

/** D(P, P') from log P and log P' [batch, classes], mean over the batch; gradients flow through both. */
const divergences: Record<Divergence, (logP: tf.Tensor2D, logQ: tf.Tensor2D) => tf.Scalar> = {
  'cross-entropy': (logP, logQ) => tf.neg(meanOfSums(tf.mul(tf.exp(logP), logQ))),
  kl: (logP, logQ) => klDivergence(logP, logQ),
  js: (logP, logQ) => {
    // log M = log ½(P + P') = log P' + log(1 + P/P') − ln 2, without leaving the logarithms; smooth where P = P'.
    const logM: tf.Tensor2D = tf.sub(tf.add(logQ, tf.softplus(tf.sub(logP, logQ))), Math.LN2);
    return tf.div(tf.add(klDivergence(logP, logM), klDivergence(logQ, logM)), 2);
  },
  l2: (logP, logQ) => {
    const squares = tf.sum(tf.squaredDifference(tf.exp(logP), tf.exp(logQ)), -1);
    // The root has no gradient at 0; there P = P' and nothing is to be changed.
    const different = tf.step(squares);
    return tf.mean(tf.mul(different, tf.sqrt(tf.add(squares, tf.sub(1, different)))));
  },
};

function klDivergence(logP: tf.Tensor2D, logQ: tf.Tensor2D): tf.Scalar {
  return meanOfSums(tf.mul(tf.exp(logP), tf.sub(logP, logQ)));
}

function meanOfSums(values: tf.Tensor): tf.Scalar {
  return tf.mean(tf.sum(values, -1));
}

interface UpdateInputs {
  weight: tf.Variable;
  gradient: tf.Tensor;
  /** In the order of `optimizerState`. */
  state: tf.Variable[];
  learningRate: number;
  /** Number of this update, from 1. */
  step: number;
}

const updates: Record<OptimizerName, (inputs: UpdateInputs) => void> = {
  /** v ← μ·v + g, w ← w − lr·v. */
  sgd({ weight, gradient, state: [velocity], learningRate }) {
    velocity!.assign(tf.add(tf.mul(velocity!, optimizerConstants.momentum), gradient));
    weight.assign(tf.sub(weight, tf.mul(velocity!, learningRate)));
  },

  /** Kingma & Ba 2015, algorithm 1: w ← w − lr·m̂/(√v̂ + ε). */
  adam({ weight, gradient, state: [mean, variance], learningRate, step }) {
    const { beta1, beta2, epsilon } = optimizerConstants;
    mean!.assign(tf.add(tf.mul(mean!, beta1), tf.mul(gradient, 1 - beta1)));
    variance!.assign(tf.add(tf.mul(variance!, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
    const correctedMean = tf.div(mean!, 1 - beta1 ** step);
    const correctedVariance = tf.div(variance!, 1 - beta2 ** step);
    weight.assign(tf.sub(weight, tf.div(tf.mul(correctedMean, learningRate), tf.add(tf.sqrt(correctedVariance), epsilon))));
  },
};
