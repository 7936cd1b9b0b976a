import * as tf from '@tensorflow/tfjs-core';
import { uploadInputs } from '../engines/tensorflow.ts';
import { startBackend } from '../engines/tensorflow/backend.ts';
import { lossesOf, type LossTensors } from '../engines/tensorflow/losses.ts';
import { Program } from '../engines/tensorflow/program.ts';
import { download, upload } from '../engines/tensorflow/tensors.ts';
import { withBatchStatistics } from '../graph/gradient/batchStatistics.ts';
import { checkDefinition, defaultMargin } from '../graph/gradient/objectives.ts';
import { optimizerState, stateName } from '../graph/gradient/optimizers.ts';
import { UserError } from '../job.ts';
import type { OptimizerName } from '../results.ts';
import { batchParts, joinLosses, type Pictures } from './batchParts.ts';
import { optimizerConstants, type Losses, type TrainingDefinition, type TrainingState, type TrainingStep } from './trainingStep.ts';

type Variables = Map<string, tf.Variable>;

/**
 * The training step on TensorFlow.js: the same mathematics as the generated ONNX graph, with losses of its own, TensorFlow.js's
 * automatic gradients and its kernels. The number of threads is TensorFlow's own affair. Calls must not overlap.
 */
export async function createTensorFlowStep(definition: TrainingDefinition): Promise<TrainingStep> {
  check(definition);
  await startBackend();
  const program = new Program(definition.forward);
  const training = definition.updateStatistics ? withBatchStatistics(definition.forward) : undefined;
  const trainingProgram = training ? new Program(training.model) : program;
  const running = training?.statistics ?? [];
  const parts = optimizerState[definition.optimizer];
  const start = (name: string): tf.Tensor => program.constant(name)!;
  const startingAt = (names: readonly string[]): Variables => new Map(names.map((name) => [name, tf.variable(start(name))]));
  const zeros = (name: string): tf.Variable => {
    const filling = tf.zeros(start(name).shape);
    const variable = tf.variable(filling);
    filling.dispose();
    return variable;
  };
  const weights = startingAt(definition.weights);
  const statistics = startingAt(running.map(({ name }) => name));
  const state: Variables = new Map(definition.weights.flatMap((name) => parts.map((part) => [stateName(name, part), zeros(name)])));
  let steps = 0;

  /** The losses, and the running statistics that the clean branch leads to. */
  const losses = (network: Program, { clean, noisy, secondNoisy, targets }: Pictures): LossTensors & { moved: Record<string, tf.Tensor> } => {
    const moved: Record<string, tf.Tensor> = {};
    const outputs = [clean, noisy, ...(definition.views === 3 && secondNoisy ? [secondNoisy] : [])].map((branch, index) => {
      const given = { ...uploadInputs(branch, network.inputs), ...Object.fromEntries([...weights, ...statistics]) };
      const wanted = network === program || index > 0 ? [] : running;
      const results = network.run(given, [definition.logits, ...wanted.map(({ output }) => output)]);
      for (const { name, output } of wanted) moved[name] = results[output]!;
      return results[definition.logits] as tf.Tensor2D;
    });
    return { ...lossesOf(definition, defaultMargin, outputs, targets && (upload(targets) as tf.Tensor2D)), moved };
  };

  /** Gradients of one part of a batch, times its share; the running statistics move on. */
  const gradientsOf = (pictures: Pictures, share: number, alpha: number): { found: LossTensors; gradients: tf.NamedTensorMap } => {
    let found: LossTensors & { moved: Record<string, tf.Tensor> } | undefined;
    const { grads } = tf.variableGrads(() => {
      const { loss, stabilityLoss, moved } = losses(trainingProgram, pictures);
      found = { loss: tf.keep(tf.clone(loss)), stabilityLoss: tf.keep(tf.clone(stabilityLoss)), moved: Object.fromEntries(Object.entries(moved).map(([name, value]) => [name, tf.keep(tf.clone(value))])) };
      // With α = 0 the noisy branch must not reach the weights, not even by an infinity times zero.
      const total = alpha === 0 ? loss : tf.add(loss, tf.mul(stabilityLoss, alpha));
      return share === 1 ? total as tf.Scalar : tf.mul(total, share);
    }, [...weights.values()]);
    for (const [name, value] of Object.entries(found!.moved)) {
      statistics.get(name)!.assign(tf.reshape(value, statistics.get(name)!.shape));
      value.dispose();
    }
    const missing = [...weights].find(([, weight]) => !(grads[weight.name]));
    if (missing) throw new UserError(`cannot train ${missing[0]}: the logits ${definition.logits} do not depend on it`);
    return { found: found!, gradients: grads };
  };

  return {
    async train(batch) {
      const pieces = batchParts(batch, definition.microBatch);
      const found = tf.tidy(() => {
        const sums = new Map<string, tf.Tensor>();
        const each = pieces.map(({ pictures, share }) => tf.tidy(() => {
          const { found: values, gradients } = gradientsOf(pictures, share, batch.alpha);
          for (const [name, weight] of weights) {
            const sum = sums.get(name);
            sums.set(name, tf.keep(sum ? tf.add(sum, gradients[weight.name]!) : gradients[weight.name]!));
            sum?.dispose();
          }
          return values;
        }));
        const factor = shortening(definition.clipNorm, [...sums.values()]);
        for (const [name, weight] of weights) {
          const sum = sums.get(name)!;
          updates[definition.optimizer]({
            weight, gradient: factor ? tf.mul(sum, factor) : sum, state: parts.map((part) => state.get(stateName(name, part))!),
            learningRate: batch.learningRate, step: steps + 1,
          });
          sum.dispose();
        }
        return each;
      });
      steps += 1;
      return joinLosses(await Promise.all(found.map(async (values, index) => ({ losses: await read(values), share: pieces[index]!.share }))));
    },

    async evaluate(batch) {
      const pieces = batchParts(batch, definition.microBatch);
      return joinLosses(await Promise.all(pieces.map(async ({ pictures, share }) => ({
        share, losses: await read(tf.tidy(() => { const { loss, stabilityLoss } = losses(program, pictures); return { loss, stabilityLoss }; })),
      }))));
    },

    async state() {
      const copies = async (variables: Variables) => Object.fromEntries(
        await Promise.all([...variables].map(async ([name, variable]) => [name, await download(variable, 'float32')] as const)),
      );
      return { weights: await copies(new Map([...weights, ...statistics])), optimizer: await copies(state), steps };
    },

    reset(to) {
      tf.tidy(() => {
        for (const [name, value] of [...weights, ...statistics]) value.assign(to ? restored(to.weights, name) : tf.clone(start(name)));
        for (const [name, array] of state) array.assign(to ? restored(to.optimizer, name) : tf.zerosLike(array));
      });
      steps = to?.steps ?? 0;
      return Promise.resolve();
    },

    release() {
      tf.dispose([...weights.values(), ...statistics.values(), ...state.values()]);
      if (trainingProgram !== program) trainingProgram.dispose();
      program.dispose();
      return Promise.resolve();
    },
  };
}

async function read({ loss, stabilityLoss }: LossTensors): Promise<Losses> {
  try {
    return { loss: (await loss.data())[0]!, stabilityLoss: (await stabilityLoss.data())[0]! };
  } finally {
    tf.dispose([loss, stabilityLoss]);
  }
}

/** What gradients are multiplied by, so that they are together no longer than `norm`. */
function shortening(norm: number | undefined, gradients: readonly tf.Tensor[]): tf.Tensor | undefined {
  if (norm === undefined) return undefined;
  const length = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  return tf.div(norm, tf.maximum(length, norm));
}

/** Throws where the trained part lacks something, or a weight cannot be trained because the logits do not depend on it. */
function check(definition: TrainingDefinition): void {
  checkDefinition(definition);
  const { forward, logits, weights } = definition;
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
