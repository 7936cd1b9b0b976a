import { breathe, type Job } from '../job.ts';
import { ProgressMeter, type StepsAfter } from '../progress.ts';
import type { EpochResult, Objective, Schedule, TrainingCurves, TrainingStop } from '../results.ts';
import { say } from '../sentences.ts';
import { epochOrder, makeBatch, stepSize, type TrainingSet } from './batches.ts';
import type { Losses, TrainingState, TrainingStep } from './trainingStep.ts';

/** Epochs without a better validation loss after which training stops. */
const patience = 5;

export interface TrainOptions {
  train: string;
  alpha: number;
  sigma: number;
  learningRate: number;
  /** Epochs over which rate and α follow their course. */
  epochs: number;
  /** Epochs after which to stop for now, to go on later: `epochs` at the most. */
  until: number;
  batchSize: number;
  seed: number;
  objective: Objective;
  views: 2 | 3;
  schedule: Schedule;
  alphaWarmup: number;
}

/** Where a training stands after an epoch, enough to go on from there with the same result. */
export interface TrainingProgress {
  epoch: number;
  bestEpoch: number;
  bestLoss: number;
  history: EpochResult[];
  stopped: TrainingStop | null;
  current: TrainingState;
  best: TrainingState;
}

export interface Trained extends TrainingProgress {
  stopped: TrainingStop;
}

/** What is said of a state after an epoch. */
export interface StateCheck {
  /** Every picture is given one label. */
  collapsed: boolean;
  precision: number | null;
  labelInstability: number | null;
}

interface TrainParts {
  step: TrainingStep;
  training: TrainingSet;
  /** Empty where nothing was set aside: then the training loss decides. */
  validation: TrainingSet;
  options: TrainOptions;
  /** How progress names it, and its number among all of the job. */
  title: string;
  number: number;
  of: number;
  /** Epochs of the trainings after it. */
  after: StepsAfter;
  check: (state: TrainingState) => Promise<StateCheck>;
  onEpoch: (progress: TrainingProgress) => Promise<void>;
  from?: TrainingProgress | undefined;
}

/**
 * Trains from the starting weights, or from `from`, and gives the state with the best validation loss L0 + α · L_stability; the
 * starting weights are epoch 0. Stops early where that loss does not improve, where a loss is not finite, where the check
 * finds every picture given one label, and where the job is asked to; an epoch that is not finished then counts for nothing.
 * `onEpoch` may keep a checkpoint.
 */
export async function train(parts: TrainParts, job: Job): Promise<Trained> {
  const { step, training, validation, options } = parts;
  const from = parts.from && { ...parts.from, history: [...parts.from.history], stopped: null };
  await step.reset(from?.current);
  const start = from?.current ?? (await step.state());
  const progress: TrainingProgress = from ?? { epoch: 0, bestEpoch: 0, bestLoss: Infinity, history: [], stopped: null, current: start, best: start };
  if (!from && validation.store.count > 0) progress.bestLoss = objectiveOf(await evaluateSet(step, validation, options, job), options.alpha);
  if (progress.epoch >= options.until) progress.stopped = 'epochs';
  const meter = new ProgressMeter(job, say('training', { point: parts.title }), 'epochs', options.until, parts.after);
  meter.advance(progress.epoch);
  const report = (epochShare: number): void => meter.report(curvesOf(parts, progress, epochShare, job));
  while (progress.stopped === null) {
    const epoch = progress.epoch + 1;
    report(0);
    const losses = await trainEpoch(step, training, options, epoch, job, report);
    if (losses === null) {
      progress.stopped = 'asked';
      break;
    }
    const checked = validation.store.count > 0 ? await evaluateSet(step, validation, options, job) : null;
    const loss = objectiveOf(checked ?? losses, options.alpha);
    progress.epoch = epoch;
    progress.current = await step.state();
    const finite = Number.isFinite(loss) && Number.isFinite(losses.loss);
    const check = finite ? await parts.check(progress.current) : null;
    progress.history.push({
      epoch, loss: losses.loss, stabilityLoss: losses.stabilityLoss,
      validationLoss: checked?.loss ?? null, validationStabilityLoss: checked?.stabilityLoss ?? null,
      validationPrecision: check?.precision ?? null, validationLabelInstability: check?.labelInstability ?? null,
    });
    if (check === null) progress.stopped = 'not finite';
    else if (check.collapsed) progress.stopped = 'collapsed';
    else {
      if (loss < progress.bestLoss) Object.assign(progress, { bestLoss: loss, bestEpoch: epoch, best: progress.current });
      if (epoch - progress.bestEpoch >= patience) progress.stopped = 'early';
      else if (epoch >= options.until) progress.stopped = 'epochs';
    }
    meter.advance();
    await parts.onEpoch(progress);
  }
  report(0);
  return { ...progress, stopped: progress.stopped };
}

function objectiveOf({ loss, stabilityLoss }: Losses, alpha: number): number {
  // α = 0 must not turn an infinite stability loss into a number that is none.
  return alpha === 0 ? loss : loss + alpha * stabilityLoss;
}

/** α of an epoch, from 1: it rises evenly over `alphaWarmup` epochs and is whole in the one after them. */
export function alphaOf({ alpha, alphaWarmup }: Pick<TrainOptions, 'alpha' | 'alphaWarmup'>, epoch: number): number {
  return alpha * Math.min(1, epoch / (alphaWarmup + 1));
}

/** Learning rate of an epoch, from 1. `cosine` falls from the whole rate towards 0 (Loshchilov & Hutter, "SGDR", 2017, without restarts). */
export function learningRateOf({ learningRate, schedule, epochs }: Pick<TrainOptions, 'learningRate' | 'schedule' | 'epochs'>, epoch: number): number {
  return schedule === 'constant' ? learningRate : (learningRate / 2) * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs));
}

function curvesOf({ options, number, of }: TrainParts, progress: TrainingProgress, epochShare: number, job: Job): TrainingCurves {
  const { train: part, alpha, sigma, learningRate } = options;
  return {
    point: { train: part, alpha, sigma, learningRate }, number, of, epochs: options.until,
    epoch: Math.min(options.until, progress.epoch + 1), epochShare, bestEpoch: progress.bestEpoch, history: [...progress.history], paused: (job.paused?.() ?? null) !== null,
  };
}

/** Mean losses over an epoch; null where the job was asked to finish before its end. */
async function trainEpoch(step: TrainingStep, set: TrainingSet, options: TrainOptions, epoch: number, job: Job, report: (share: number) => void): Promise<Losses | null> {
  const order = epochOrder(set, options.objective, options.seed, epoch);
  const size = stepSize(options.batchSize, options.objective);
  const [alpha, learningRate] = [alphaOf(options, epoch), learningRateOf(options, epoch)];
  const mean = new MeanLosses();
  let reported = performance.now();
  for (let at = 0; at < order.length; at += size) {
    if (job.finishEarly?.() === true) return null;
    const indices = order.subarray(at, at + size);
    const losses = await step.train({ ...(await makeBatch(set, indices, epoch, options.views)), alpha, learningRate });
    mean.add(losses, indices.length);
    if (!Number.isFinite(losses.loss)) break;
    if (performance.now() - reported > reportInterval) {
      reported = performance.now();
      report((at + indices.length) / order.length);
    }
    await breathe(job);
  }
  return mean.value;
}

/** Least time between two reports inside an epoch, in milliseconds: they must not cost the training anything. */
const reportInterval = 250;

/** Mean losses over a set; each picture with its first draw. */
async function evaluateSet(step: TrainingStep, set: TrainingSet, { objective, seed, views }: TrainOptions, job: Job): Promise<Losses> {
  const mean = new MeanLosses();
  // Triplets of validation are the same in every epoch; the order of anything else does not matter.
  const order = objective === 'triplet' ? epochOrder(set, objective, seed, 0) : Uint32Array.from({ length: set.store.count }, (_, index) => index);
  const size = stepSize(set.store.atOnce, objective);
  for (let at = 0; at < order.length; at += size) {
    const indices = order.subarray(at, at + size);
    mean.add(await step.evaluate(await makeBatch(set, indices, 0, views)), indices.length);
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
