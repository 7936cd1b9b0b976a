import { createHash } from 'node:crypto';
import type { Dataset, DatasetItem, Split } from '../dataset.ts';
import { chosenDistortions } from '../evaluation.ts';
import type { Job } from '../job.ts';
import type { OpenModel } from '../openModel.ts';
import type { StabilizeOptions } from '../options.ts';
import type { SearchPoint, StabilizeOptionsUsed } from '../results.ts';
import { version } from '../version.ts';

/** Without labels, so many clean answers may differ from the original's. */
const unlabelledDrop = 0.05;

/** The options of a stabilization with every default filled in; what is searched stays open. */
export type Settings = Required<Pick<StabilizeOptions, 'seed' | 'threads' | 'train' | 'divergence' | 'optimizer' | 'learningRate' | 'epochs' | 'batchSize' | 'validationShare' | 'testShare' | 'draws' | 'sweep' | 'maxPrecisionDrop' | 'distortions' | 'engine'>>;

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

/** Fills in the defaults; without labels, precision may fall by more. Throws a `UserError` for a distortion that is unknown. */
export function settingsOf(options: StabilizeOptions, labelled: boolean): Settings {
  const { optimizer = 'adam' } = options;
  // An option that is there without a value is not given.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return {
    seed: 0, threads: 0, train: 'head', divergence: 'cross-entropy', epochs: 50, batchSize: 32, validationShare: 0.2, testShare: 0.2,
    draws: 4, sweep: false, engine: 'onnxruntime',
    maxPrecisionDrop: labelled ? 0.005 : unlabelledDrop,
    ...given, optimizer, learningRate: options.learningRate ?? (optimizer === 'adam' ? 1e-3 : 1e-2), distortions: chosenDistortions(options.distortions),
  };
}

/** All that decides the result of the training: a run is only resumed with the same. */
export function fingerprint({ options, settings, model, dataset, sha256 }: UnderWay, split: Split): Record<string, unknown> {
  const pictures = createHash('sha256');
  for (const [share, items] of Object.entries(split) as [string, DatasetItem[]][]) pictures.update(JSON.stringify([share, items.map((item) => [item.path, item.label])]));
  const { train, divergence, optimizer, learningRate, epochs, batchSize, draws, seed, sweep, distortions, engine, maxPrecisionDrop, validationShare, testShare } = settings;
  const { alpha = null, sigma = null } = options;
  return {
    model: sha256, images: dataset.root, validationShare, testShare,
    preprocessing: model.preprocessing, featureLayer: model.featureLayer, version, train, alpha, sigma, divergence, optimizer, learningRate, epochs, batchSize, draws, seed, sweep, distortions, engine, maxPrecisionDrop,
    // Last, because other options decide which pictures are on which side.
    pictures: pictures.digest('hex'),
  };
}

/** The options that made the point of the search that was chosen. */
export function optionsUsed({ settings, dataset }: Pick<UnderWay, 'settings' | 'dataset'>, point: SearchPoint): StabilizeOptionsUsed {
  const { train, divergence, optimizer, epochs, batchSize, draws, seed, validationShare, testShare, maxPrecisionDrop, engine } = settings;
  return {
    train, alpha: point.alpha, sigma: point.sigma, divergence, optimizer, learningRate: point.learningRate, epochs, batchSize, draws, seed,
    validationShare, testShare, maxPrecisionDrop, engine, targets: dataset.labels === null ? 'own answers' : 'labels',
  };
}
