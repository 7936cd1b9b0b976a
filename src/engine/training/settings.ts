import { createHash } from 'node:crypto';
import type { Dataset, DatasetItem, Split } from '../dataset.ts';
import { formatDistortion } from '../distortions/index.ts';
import { chosenDistortions } from '../evaluation.ts';
import { UserError, type Job } from '../job.ts';
import type { OpenModel } from '../openModel.ts';
import type { StabilizeOptions } from '../options.ts';
import type { OptimizerName, SearchPoint, StabilizeOptionsUsed } from '../results.ts';
import { version } from '../version.ts';

/** Without labels, so many clean answers may differ from the original's. */
const unlabelledDrop = 0.05;

type Given = 'alphaWarmup' | 'batchSize' | 'device' | 'distortions' | 'divergence' | 'draws' | 'engine' | 'epochs' | 'learningRate' | 'margin' | 'maxPrecisionDrop'
  | 'noise' | 'objective' | 'optimizer' | 'schedule' | 'seed' | 'sweepPoints' | 'testShare' | 'threads' | 'train' | 'trainDistortions' | 'updateStatistics' | 'validationShare' | 'views';

/** The options of a stabilization with every default filled in; what is searched stays open. */
export interface Settings extends Required<Pick<StabilizeOptions, Given>> {
  /** Absent: the gradient keeps its length. */
  clipNorm: number | null;
  /** Absent: chosen by the size of the network. */
  microBatch: number | null;
  sweep: 'grid' | 'random' | null;
}

/** One stabilization under way: what its steps share. */
export interface UnderWay {
  readonly options: StabilizeOptions;
  readonly settings: Settings;
  readonly model: OpenModel;
  readonly dataset: Dataset;
  readonly sha256: string;
  readonly startedAt: Date;
  readonly job: Job;
  /** Seconds that its steps took so far. */
  readonly seconds: { features: number; training: number; evaluation: number };
}

/**
 * Fills in the defaults; without labels, precision may fall by more.
 *
 * @throws UserError for a distortion that is unknown, and for options that exclude each other
 */
export function settingsOf(options: StabilizeOptions, labelled: boolean): Settings {
  const { optimizer = 'adam', views = 2, objective = 'classification', sweep = false } = options;
  const trainDistortions = options.trainDistortions === undefined ? [] : chosenDistortions(options.trainDistortions);
  if (views === 3 && (options.divergence ?? 'js') !== 'js') throw new UserError(`three views are compared by the divergence js, not ${options.divergence}`);
  if (views === 3 && objective !== 'classification') throw new UserError(`three views go with the objective classification, not ${objective}`);
  if (trainDistortions.length > 0 && options.sigma !== undefined) throw new UserError('give either noise (--sigma) or distortions (--train-distortion) to train with, not both');
  if (trainDistortions.length > 0 && options.noise !== undefined) throw new UserError('give either noise (--noise) or distortions (--train-distortion) to train with, not both');
  if (objective === 'triplet' && !labelled) throw new UserError('triplets are made from classes: give class folders or --labels');
  // An option that is there without a value is not given.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return {
    seed: 0, threads: 0, train: 'head', divergence: views === 3 ? 'js' : 'cross-entropy', epochs: 50, batchSize: 32, validationShare: 0.2, testShare: 0.2,
    engine: 'onnxruntime', device: 'cpu', noise: 'gaussian', margin: 0.1, alphaWarmup: 0, schedule: 'constant',
    updateStatistics: false, sweepPoints: 24, clipNorm: null, microBatch: null,
    maxPrecisionDrop: labelled ? 0.005 : unlabelledDrop,
    ...given, objective, views, optimizer, learningRate: options.learningRate ?? usualRate(optimizer, options.train), distortions: chosenDistortions(options.distortions), trainDistortions,
    // Every distortion has its turn, and two views of a picture are never the same.
    draws: Math.max(options.draws ?? 4, trainDistortions.length, views - 1),
    sweep: sweep === true ? 'grid' : sweep === false ? null : sweep,
  };
}

/** Layers that many others build on take smaller steps: at the head's rate, the whole network lost four points of precision in two epochs. */
function usualRate(optimizer: OptimizerName, train = 'head'): number {
  const rate = optimizer === 'adam' ? 1e-3 : 1e-2;
  return train === 'all' || train === 'batch-norm' ? rate / 10 : rate;
}

/** What decides the training, beside the model and the pictures, in the order in which a difference is told. */
const deciding = [
  'train', 'divergence', 'optimizer', 'learningRate', 'epochs', 'batchSize', 'draws', 'seed', 'sweep', 'sweepPoints', 'distortions', 'engine', 'device', 'maxPrecisionDrop',
  'objective', 'margin', 'noise', 'trainDistortions', 'views', 'alphaWarmup', 'schedule', 'clipNorm', 'microBatch', 'updateStatistics',
] as const satisfies (keyof Settings)[];

/** All that decides the result of the training: a run is only resumed with the same. */
export function fingerprint({ options, settings, model, dataset, sha256 }: UnderWay, split: Split): Record<string, unknown> {
  const pictures = createHash('sha256');
  for (const [share, items] of Object.entries(split) as [string, DatasetItem[]][]) pictures.update(JSON.stringify([share, items.map((item) => [item.path, item.label])]));
  const { alpha = null, sigma = null } = options;
  return {
    model: sha256, images: dataset.root, validationShare: settings.validationShare, testShare: settings.testShare,
    preprocessing: model.preprocessing, featureLayer: model.featureLayer, version, alpha, sigma,
    ...Object.fromEntries(deciding.map((name) => [name, settings[name]])),
    // A search without a given part or rate is another one.
    searched: { train: options.train === undefined, learningRate: options.learningRate === undefined },
    // Last, because other options decide which pictures are on which side.
    pictures: pictures.digest('hex'),
  };
}

/** The options that made the point of the search that was chosen. */
export function optionsUsed({ settings, dataset }: Pick<UnderWay, 'settings' | 'dataset'>, point: Pick<SearchPoint, 'train' | 'alpha' | 'sigma' | 'learningRate'>): StabilizeOptionsUsed {
  const { divergence, optimizer, epochs, batchSize, draws, seed, validationShare, testShare, maxPrecisionDrop, engine, objective, margin, trainDistortions } = settings;
  const { noise, views, alphaWarmup, schedule, clipNorm, updateStatistics, microBatch, sweep, device } = settings;
  const classified = dataset.labels === null ? 'own answers' as const : 'labels' as const;
  return {
    train: point.train ?? settings.train, alpha: point.alpha, sigma: point.sigma, divergence, optimizer, learningRate: point.learningRate, epochs, batchSize, draws, seed,
    validationShare, testShare, maxPrecisionDrop, engine,
    targets: objective === 'triplet' ? 'triplets' : objective === 'embedding' ? 'own embeddings' : classified,
    objective, ...(objective === 'triplet' ? { margin } : {}), ...(trainDistortions.length > 0 ? { trainDistortions } : { noise }),
    views, alphaWarmup, schedule, clipNorm, updateStatistics, microBatch, sweep, device,
  };
}

/** `α = 1, σ = 0.1`, or with the distortions that stand in for the noise: a point as steps, logs and warnings name it. */
export function describePoint({ settings }: Pick<UnderWay, 'settings'>, { train, alpha, sigma }: { train: string; alpha: number; sigma: number }): string {
  const sampler = settings.trainDistortions.length > 0 ? settings.trainDistortions.map(formatDistortion).join(' ') : `σ = ${sigma}`;
  return `α = ${alpha}, ${sampler}${settings.sweep !== null && train !== settings.train ? `, ${train}` : ''}`;
}
