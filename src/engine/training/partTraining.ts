import { createHash } from 'node:crypto';
import type { DatasetItem, Split } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { isLayer } from '../graph/weights.ts';
import { namingFile } from '../inference/network.ts';
import { concreteInput } from '../openModel.ts';
import { preparePicture, type Version } from '../pictures/prepare.ts';
import { say } from '../sentences.ts';
import { stepSize, type TrainingSet } from './batches.ts';
import { checkForward } from './checkForward.ts';
import type { Checkpoint, FinishedPoint } from './checkpoint.ts';
import { collectFeatures, collectPictures } from './collectFeatures.ts';
import type { FeatureSource } from './featureSource.ts';
import { fittingBatch } from './fittingBatch.ts';
import { FreshFeatures, storedVersions } from './freshFeatures.ts';
import { HeadScorer } from './headScorer.ts';
import { pictureSet, type PictureSet } from './pictureSet.ts';
import { Scoring, type Score } from './score.ts';
import type { GridPoint } from './search.ts';
import { describePoint, type Settings, type UnderWay } from './settings.ts';
import { cutForTraining, declareInputs, logitsName, type NetworkEnd } from './trainedPart.ts';
import { train } from './train.ts';
import type { TrainingDefinition, TrainingState, TrainingStep } from './trainingStep.ts';

/** Bytes of features that are kept in files at most; where they would be more, they are made anew for every batch. */
const featureLimit = 4 * 2 ** 30;

/** Pictures on which the trained part is held against the whole model. */
const checkedPictures = 3;

/** Pictures by which a state is judged after every epoch, at most. */
const judgedPictures = 200;

/** What all parts of a job have in common. */
export interface PartContext {
  underWay: UnderWay;
  graph: ModelGraph;
  end: NetworkEnd;
  split: Split;
  /** Every σ of the search. */
  sigmas: readonly number[];
  runtime: Engine;
  checkpoint: Checkpoint;
  /** Whether the job trains several parts, each with features of its own. */
  several: boolean;
}

/** One part of a network, cut out and ready to train any point of the search: features, training step, scores. */
export class PartTraining {
  readonly #context: PartContext;
  readonly #step: TrainingStep;
  readonly #sets: { training: PictureSet; validation: PictureSet };
  readonly #judge: Scoring;
  readonly #scoring: Scoring;
  /** Of the training before, with its score. */
  #epochsPerSecond: number | null = null;

  private constructor(context: PartContext, step: TrainingStep, sets: { training: PictureSet; validation: PictureSet }, scorer: HeadScorer) {
    this.#context = context;
    this.#step = step;
    this.#sets = sets;
    const { settings } = context.underWay;
    this.#scoring = new Scoring(scorer, sets.validation, 1 + context.sigmas.length * validationDraws(settings), settings);
    // Without a validation share, the training pictures tell whether a state has collapsed; they hold no distortions.
    this.#judge = sets.validation.store.count > 0 ? this.#scoring : new Scoring(scorer, sets.training, 1, { ...settings, distortions: [] });
  }

  /** Cuts the network, checks the cut on real pictures, and collects what lies at it. */
  static async open(context: PartContext, weights: readonly string[]): Promise<PartTraining> {
    const { underWay, graph, end, split, runtime } = context;
    const { settings, seconds } = underWay;
    const started = performance.now();
    const part = cutForTraining(graph, end, weights);
    const input = await realInput(context, split.training.length > 0 ? split.training : split.test);
    const fixed = await namingFile(graph.path, () => runtime.load(part.fixed, { threads: settings.threads }));
    const values = await namingFile(graph.path, () => fixed.run(input));
    const shapes = Object.fromEntries(part.values.map((name) => [name, values[name]!.dims.slice(1)]));
    const forward = declareInputs(part.forward, Object.fromEntries(part.values.map((name) => [name, values[name]!.dims])));
    await checkForward({ graph, fixed: part.fixed, forward, input, logits: { whole: end.logits, part: logitsName }, engine: runtime, threads: settings.threads });
    const source = { context, fixed: part.fixed, values: part.values, shapes };
    const opened: FeatureSource[] = [];
    try {
      for (const share of ['training', 'validation'] as const) opened.push(await openSource(source, share));
      seconds.features += (performance.now() - started) / 1000;
      const scorer = new HeadScorer(runtime, forward, settings.threads, underWay.job);
      const [training, validation] = opened as [FeatureSource, FeatureSource];
      const sets = { training: await pictureSet(underWay, training, scorer), validation: await pictureSet(underWay, validation, scorer) };
      const step = await createStep(await definitionOf(settings, forward, weights, runtime), settings);
      return new PartTraining(context, step, sets, scorer);
    } catch (error) {
      for (const each of opened) await each.close();
      throw error;
    } finally {
      await fixed.release();
    }
  }

  get skipped(): { path: string; reason: string }[] {
    return [...this.#sets.training.store.skipped, ...this.#sets.validation.store.skipped];
  }

  /** How good weights are on the validation share; none are the original's. */
  async score(weights: TrainingState['weights']): Promise<Score> {
    return this.#scoring.score(weights);
  }

  /** Trains a point up to an epoch, from where the checkpoint has it. A point that is `last` is not asked to go on later. */
  async train(index: number, point: GridPoint, at: { until: number; number: number; of: number; epochsAfter: number; finishEarly: boolean; last: boolean }): Promise<FinishedPoint> {
    const { underWay, checkpoint } = this.#context;
    const { settings, job } = underWay;
    const known = await checkpoint.point(index);
    if (known && (known.trained.stopped !== 'epochs' || known.trained.epoch >= at.until)) return known;
    const block = this.#context.sigmas.indexOf(point.sigma);
    const validating = validationDraws(settings);
    const from = (await checkpoint.current(index)) ?? known?.trained;
    const started = performance.now();
    const trained = await train({
      step: this.#step,
      training: { ...this.#sets.training, firstDraw: 1 + block * settings.draws, draws: settings.draws } satisfies TrainingSet,
      validation: { ...this.#sets.validation, firstDraw: 1 + block * validating, draws: validating } satisfies TrainingSet,
      options: { ...settings, ...point, until: at.until },
      title: describePoint(underWay, point), number: at.number, of: at.of, after: { units: at.epochsAfter, perSecond: this.#epochsPerSecond },
      check: async (state) => {
        const { collapsed, precision, labelInstability } = await this.#judge.score(state.weights, judgedPictures);
        return { collapsed, precision, labelInstability: this.#judge === this.#scoring ? labelInstability : null };
      },
      onEpoch: (progress) => checkpoint.keep(index, progress),
      from,
    }, at.finishEarly ? job : { ...job, finishEarly: () => false });
    const { precision, labelInstability, featureDistance } = await this.score(trained.best.weights);
    if (trained.epoch > (from?.epoch ?? 0)) this.#epochsPerSecond = (1000 * (trained.epoch - (from?.epoch ?? 0))) / (performance.now() - started);
    const stopped = trained.stopped === 'not finite' ? say('pointNotFinite') : trained.stopped === 'collapsed' ? say('pointCollapsed') : null;
    const finished: FinishedPoint = {
      point: {
        alpha: point.alpha, sigma: point.sigma, learningRate: point.learningRate, precisionAt1: precision, labelInstability,
        ...(stopped !== null && trained.bestEpoch === 0 ? { rejected: stopped } : {}),
        train: point.train, epochs: trained.epoch, bestEpoch: trained.bestEpoch, ...(featureDistance === undefined ? {} : { featureDistance }),
      },
      trained,
    };
    await checkpoint.finish(index, finished, !at.last && trained.stopped === 'epochs');
    job.log(`${describePoint(underWay, point)}, learning rate ${point.learningRate}: best epoch ${trained.bestEpoch} of ${trained.epoch}, validation precision ${precision.toFixed(4)}, label instability ${labelInstability.toFixed(4)}${stopped === null ? '' : `; stopped because ${stopped}`}`);
    return finished;
  }

  async release(): Promise<void> {
    await this.#step.release();
    await this.#sets.training.store.close();
    await this.#sets.validation.store.close();
  }
}

/** Some pictures as the model takes them. */
async function realInput({ underWay: { model, settings } }: PartContext, items: readonly DatasetItem[]): Promise<Record<string, Tensor>> {
  const { layout, width, height } = model.input;
  const [, ...dims] = concreteInput(model);
  const rows: Float32Array[] = [];
  for (const item of items) {
    if (rows.length === checkedPictures) break;
    const prepared = await preparePicture(item, { seed: settings.seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions: [{ kind: 'clean' }] });
    if (prepared.ok) rows.push(prepared.tensor.slice());
  }
  // Where no picture can be read, collecting the features will say so; the shapes are found by a black one.
  if (rows.length === 0) rows.push(new Float32Array(sizeOf(dims)));
  const data = new Float32Array(rows.length * sizeOf(dims));
  rows.forEach((row, place) => data.set(row, place * row.length));
  return { [model.inputName]: { type: 'float32', dims: [rows.length, ...dims], data } };
}

/** Versions of x′ for each σ of the search, draw after draw. */
function changedVersions({ underWay: { settings }, sigmas }: PartContext, draws: number): Version[] {
  const { trainDistortions, noise } = settings;
  if (trainDistortions.length > 0) return Array.from({ length: draws }, (_, draw) => ({ kind: 'distorted', distortion: trainDistortions[draw % trainDistortions.length]!, draw }));
  return sigmas.flatMap((sigma) => Array.from({ length: draws }, (_, draw): Version => ({ kind: 'noisy', noise, sigma, draw })));
}

/** Draws of x′ for a validation picture: one, or as many as there are views or distortions. */
function validationDraws({ trainDistortions, views }: Settings): number {
  return Math.max(trainDistortions.length, views - 1);
}

/** The values at the cut of one share of the pictures: kept in a file, or made anew for every batch where that would be too large. */
async function openSource(parts: { context: PartContext; fixed: ModelProto; values: readonly string[]; shapes: Record<string, readonly number[]> }, share: 'training' | 'validation'): Promise<FeatureSource> {
  const { context, fixed, values, shapes } = parts;
  const { underWay: { settings, model, job }, split, runtime, checkpoint } = context;
  const versions: Version[] = [
    { kind: 'clean' },
    ...changedVersions(context, share === 'training' ? settings.draws : validationDraws(settings)),
    ...(share === 'validation' ? settings.distortions.map((distortion): Version => ({ kind: 'distorted', distortion })) : []),
  ];
  const bytes = 4 * split.training.length * (1 + context.sigmas.length * settings.draws) * Object.values(shapes).reduce((sum, dims) => sum + sizeOf([...dims]), 0);
  const nodes = fixed.graph!.node;
  const common = { model, engine: runtime, threads: settings.threads, items: split[share], seed: settings.seed };
  if (bytes <= featureLimit && nodes.some(isLayer)) {
    const cut = context.several ? `-${createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 8)}` : '';
    return collectFeatures({ ...common, fixed, shapes, versions, path: checkpoint.featurePath(`${share}${cut}`), step: say(`${share}Features`) }, job);
  }
  const pictures = await collectPictures({ ...common, versions: storedVersions(versions), path: checkpoint.featurePath(context.several ? `${share}-pictures` : share), step: say(share === 'training' ? 'readingTraining' : 'readingValidation') }, job);
  const isInput = nodes.every((node) => node.opType === 'Identity') && values.length === 1;
  return new FreshFeatures({ model, pictures, versions, fixed: isInput ? null : await namingFile(model.graph.path, () => runtime.load(fixed, { threads: settings.threads })), value: values[0]!, seed: settings.seed });
}

async function definitionOf(settings: Settings, forward: ModelProto, weights: readonly string[], runtime: Engine): Promise<TrainingDefinition> {
  const { objective, margin, divergence, views, optimizer, clipNorm, updateStatistics, threads, device, batchSize } = settings;
  const size = stepSize(batchSize, objective);
  const chosen = settings.microBatch ?? await fittingBatch(forward, runtime, settings);
  const microBatch = objective === 'triplet' ? 3 * Math.max(1, Math.floor(chosen / 3)) : chosen;
  return {
    forward, logits: logitsName, weights, objective, margin, divergence, views, optimizer, updateStatistics, threads, device,
    ...(clipNorm === null ? {} : { clipNorm }), ...(microBatch < size ? { microBatch } : {}),
  };
}

async function createStep(definition: TrainingDefinition, { engine }: Settings): Promise<TrainingStep> {
  if (engine === 'tensorflow') return (await import('./tensorflowStep.ts')).createTensorFlowStep(definition);
  return (await import('./onnxRuntimeStep.ts')).createOnnxRuntimeStep(definition);
}
