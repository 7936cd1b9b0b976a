import type { Dataset } from './dataset.ts';
import type { PictureEvaluation } from './inference/evaluatePictures.ts';
import type { Tally } from './inference/tally.ts';
import { defaultDistortions, formatDistortion, parseDistortion } from './distortions/index.ts';
import { concreteInput, type OpenModel } from './openModel.ts';
import type { DistortionSpec, Evaluation } from './results.ts';
import { runVersion } from './runs/runFolder.ts';
import { say } from './sentences.ts';
import { version } from './version.ts';

/** Fewer pictures than this give intervals too wide to tell models apart. */
const fewPictures = 100;

/** What all evaluations of a job have in common. */
export interface EvaluationContext {
  model: OpenModel;
  sha256: string;
  dataset: Dataset;
  /** Pictures that were to be evaluated. */
  total: number;
  seed: number;
  pairs: string;
  startedAt: Date;
}

/** The report of one model on one set of pictures. */
export function makeEvaluation(context: EvaluationContext, tally: Tally, pictures: Omit<PictureEvaluation, 'tallies'>, wallSeconds: number): Evaluation {
  const { model, sha256, dataset, seed, pairs, startedAt } = context;
  const shape = concreteInput(model);
  const evaluation: Evaluation = {
    runVersion,
    kind: 'evaluation',
    state: 'done',
    model: {
      path: model.graph.path, format: model.graph.format, sha256, inputShape: shape,
      parameters: model.graph.parameters, featureLayer: model.featureLayer,
    },
    method: {
      preprocessing: model.preprocessing, engine: pictures.engine, seed, labels: dataset.labels, classNames: dataset.classNames,
      images: dataset.root, pairs, featureNormalised: true, version, startedAt: startedAt.toISOString(),
    },
    images: { total: context.total, evaluated: tally.pictures, skipped: pictures.skipped },
    clean: tally.clean,
    distortions: tally.distortions,
    instability: tally.instability,
    warnings: [],
    timing: {
      wallSeconds, imagesPerSecond: tally.pictures / Math.max(wallSeconds, 1e-9),
      inferenceSeconds: pictures.inferenceSeconds, imageSeconds: pictures.imageSeconds,
    },
  };
  evaluation.warnings = [...dataset.warnings, ...warningsOf(evaluation, model, tally)];
  return evaluation;
}

function warningsOf(evaluation: Evaluation, model: OpenModel, tally: Tally): string[] {
  const warnings: string[] = [];
  const { clean, images } = evaluation;
  const classes = model.classes ?? 0;
  if (clean && classes > 1 && clean.precisionAt1.low <= 1 / classes) {
    warnings.push(say('atChance', { precision: percent(clean.precisionAt1.value), chance: percent(1 / classes) }));
  }
  if (tally.cleanLabels === 1 && tally.pictures > 1) warnings.push(say('oneLabelForAll'));
  if (evaluation.method.preprocessing.from === 'guess') warnings.push(say('guessedPreprocessing'));
  warnings.push(...sizeWarnings(model));
  if (tally.pictures < fewPictures) warnings.push(tally.pictures === 1 ? say('onePicture') : say('fewPictures', { pictures: tally.pictures }));
  if (images.skipped.length > 0) warnings.push(say('unreadPictures', { count: images.skipped.length, total: images.total }));
  return warnings;
}

/** What a reader must know of the pictures' size: that it is a guess, where it is one. */
export function sizeWarnings({ graph: { openSize } }: Pick<OpenModel, 'graph'>): string[] {
  return openSize?.from === 'guess' ? [say('guessedSize', { size: `${openSize.width}×${openSize.height}` })] : [];
}

/** The distortions of a job, each once, or those that are usual. @throws UserError for an unknown name or a strength out of range */
export function chosenDistortions(given: readonly DistortionSpec[] | undefined): DistortionSpec[] {
  const named = (given ?? defaultDistortions).map((spec): [string, DistortionSpec] => [formatDistortion(spec), parseDistortion(formatDistortion(spec))]);
  return [...new Map(named).values()];
}

/** A share in per cent, with one decimal. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
