import { breathe, type Job } from '../job.ts';
import { ProgressMeter } from '../progress.ts';
import { randomSource } from '../random.ts';
import type { EpochResult, Stabilization } from '../results.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { FeatureStore } from './featureStore.ts';
import type { Losses, TrainingState, TrainingStep } from './trainingStep.ts';

/** Epochs without a better validation loss after which training stops. */
const patience = 5;

/** Pictures with their features and what L0 compares with. */
export interface TrainingSet {
  store: FeatureStore;
  /** Version of the store that holds the first draw of the noise; the other draws follow. */
  firstDraw: number;
  /** Rows of targets for some pictures, float32 [n, classes]. */
  targets(indices: ArrayLike<number>): Tensor;
}

export interface TrainOptions {
  alpha: number;
  sigma: number;
  learningRate: number;
  epochs: number;
  batchSize: number;
  seed: number;
  /** Draws of noise a picture in the training set. */
  draws: number;
}

/** Where a training stands after an epoch, enough to go on from there with the same result. */
export interface TrainingProgress {
  epoch: number;
  bestEpoch: number;
  bestLoss: number;
  history: EpochResult[];
  stopped: Stabilization['trained']['stopped'] | null;
  current: TrainingState;
  best: TrainingState;
}

export interface Trained extends TrainingProgress {
  stopped: Stabilization['trained']['stopped'];
}

/**
 * Trains from the starting weights, or from `from`, and gives the state with the best validation loss L0 + α · L_stability; the
 * starting weights are epoch 0. Stops early where that loss does not improve, where a loss is not finite, and where
 * `collapsed` says that every picture is given one label. `onEpoch` may keep a checkpoint.
 */
export async function train(
  parts: {
    step: TrainingStep;
    training: TrainingSet;
    /** Empty where nothing was set aside: then the training loss decides. */
    validation: TrainingSet;
    options: TrainOptions;
    collapsed: (state: TrainingState) => Promise<boolean>;
    onEpoch: (progress: TrainingProgress) => Promise<void>;
    from?: TrainingProgress | undefined;
  },
  job: Job,
): Promise<Trained> {
  const { step, training, validation, options } = parts;
  await step.reset(parts.from?.current);
  const start = parts.from?.current ?? (await step.state());
  const progress: TrainingProgress = parts.from ?? { epoch: 0, bestEpoch: 0, bestLoss: Infinity, history: [], stopped: null, current: start, best: start };
  if (!parts.from && validation.store.count > 0) progress.bestLoss = objective(await evaluateSet(step, validation, options, job), options.alpha);
  const meter = new ProgressMeter(job, `training, α = ${options.alpha}, σ = ${options.sigma}`, 'epochs', options.epochs);
  meter.advance(progress.epoch);
  while (progress.stopped === null) {
    const epoch = progress.epoch + 1;
    const losses = await trainEpoch(step, training, options, epoch, job);
    const checked = validation.store.count > 0 ? await evaluateSet(step, validation, options, job) : null;
    const loss = objective(checked ?? losses, options.alpha);
    progress.epoch = epoch;
    progress.history.push({
      epoch, loss: losses.loss, stabilityLoss: losses.stabilityLoss,
      validationLoss: checked?.loss ?? null, validationStabilityLoss: checked?.stabilityLoss ?? null,
    });
    progress.current = await step.state();
    if (!Number.isFinite(loss) || !Number.isFinite(losses.loss)) progress.stopped = 'not finite';
    else if (await parts.collapsed(progress.current)) progress.stopped = 'collapsed';
    else {
      if (loss < progress.bestLoss) Object.assign(progress, { bestLoss: loss, bestEpoch: epoch, best: progress.current });
      if (epoch >= options.epochs) progress.stopped = 'epochs';
      else if (epoch - progress.bestEpoch >= patience) progress.stopped = 'early';
    }
    meter.advance();
    await parts.onEpoch(progress);
  }
  return { ...progress, stopped: progress.stopped };
}

function objective({ loss, stabilityLoss }: Losses, alpha: number): number {
  // α = 0 must not turn an infinite stability loss into a number that is none.
  return alpha === 0 ? loss : loss + alpha * stabilityLoss;
}

async function trainEpoch(step: TrainingStep, set: TrainingSet, options: TrainOptions, epoch: number, job: Job): Promise<Losses> {
  const { alpha, learningRate, batchSize, seed, draws } = options;
  const order = Uint32Array.from({ length: set.store.count }, (_, index) => index);
  randomSource(seed, 'order', epoch).shuffle(order);
  const mean = new MeanLosses();
  for (let at = 0; at < order.length; at += batchSize) {
    const indices = order.subarray(at, at + batchSize);
    const losses = await step.train({
      clean: set.store.batch(indices, () => 0),
      // Each epoch shows a picture with another draw, and a batch mixes draws.
      noisy: set.store.batch(indices, (place) => set.firstDraw + ((epoch + indices[place]!) % draws)),
      targets: set.targets(indices), alpha, learningRate,
    });
    mean.add(losses, indices.length);
    if (!Number.isFinite(losses.loss)) break;
    await breathe(job);
  }
  return mean.value;
}

/** Mean losses over a set; each picture with its first draw. */
async function evaluateSet(step: TrainingStep, set: TrainingSet, { batchSize }: TrainOptions, job: Job): Promise<Losses> {
  const mean = new MeanLosses();
  const size = Math.max(batchSize, 256);
  for (let at = 0; at < set.store.count; at += size) {
    const indices = Array.from({ length: Math.min(size, set.store.count - at) }, (_, index) => at + index);
    mean.add(await step.evaluate({ clean: set.store.batch(indices, () => 0), noisy: set.store.batch(indices, () => set.firstDraw), targets: set.targets(indices) }), indices.length);
    await breathe(job);
  }
  return mean.value;
}

class MeanLosses {
  #loss = 0;
  #stabilityLoss = 0;
  #count = 0;

  add(losses: Losses, count: number): void {
    this.#loss += losses.loss * count;
    this.#stabilityLoss += losses.stabilityLoss * count;
    this.#count += count;
  }

  get value(): Losses {
    return { loss: this.#loss / this.#count, stabilityLoss: this.#stabilityLoss / this.#count };
  }
}
