import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareEvaluations } from './compare.ts';
import { openDataset, splitDataset, type Dataset, type DatasetItem, type Split } from './dataset.ts';
import type { Engine } from './engines/engine.ts';
import { findEngine } from './engines/index.ts';
import { chosenDistortions, makeEvaluation } from './evaluation.ts';
import type { ModelGraph } from './graph/modelGraph.ts';
import { numberToFloat16, float16ToNumber, sizeOf, toFloat32, type Tensor } from './graph/tensor.ts';
import { planVariants, prepareBatch } from './inference/answers.ts';
import { evaluatePictures } from './inference/evaluatePictures.ts';
import { trainableReason } from './inspect.ts';
import { CancelledError, UserError, type Job } from './job.ts';
import { hashModel, metadataKeys, openModel, type OpenModel } from './openModel.ts';
import type { StabilizeOptions } from './options.ts';
import { storePreprocessing, metadataKey as preprocessingKey } from './preprocessing.ts';
import type { Version } from './pictures/prepare.ts';
import type { Evaluation, SearchPoint, Stabilization, StabilizeOptionsUsed } from './results.ts';
import { PairsWriter, readPairs } from './runs/pairsFile.ts';
import { createRunFolder, endRun, runVersion, writeRun } from './runs/runFolder.ts';
import { judge } from './training/acceptance.ts';
import { Checkpoint, type FinishedPoint } from './training/checkpoint.ts';
import { collectFeatures } from './training/collectFeatures.ts';
import type { FeatureStore } from './training/featureStore.ts';
import { HeadScorer, shareDifferent } from './training/headScorer.ts';
import { checkOutput, outputPath } from './training/outputPath.ts';
import { choosePoint, searchGrid, type GridPoint } from './training/search.ts';
import { cutForTraining, declareInputs, layersOf, logitsName, selectWeights } from './training/trainedPart.ts';
import { train, type TrainingSet } from './training/train.ts';
import type { TrainingDefinition, TrainingStep } from './training/trainingStep.ts';
import { version } from './version.ts';

/** Without labels, so many clean answers may differ from the original's. */
const unlabelledDrop = 0.05;

/** Stability training with everything around it: split, search, control, new file, comparison on pictures that training never saw. */
export async function stabilize(options: StabilizeOptions, job: Job): Promise<Stabilization> {
  const model = await openModel(options);
  chosenDistortions(options.distortions);
  const reason = trainableReason(model);
  if (reason !== null || typeof model.head === 'string') throw new UserError(`${options.model} cannot be stabilized: ${reason ?? 'it has no head'}`);
  await checkOutput(model.graph, options.output);
  const dataset = await openDataset({ ...options, seed: options.seed ?? 0, modelClassNames: model.classNames, classes: model.classes });
  requireClasses(dataset);
  const { sha256 } = await hashModel(model.graph);
  const startedAt = new Date();
  await createRunFolder(options.run, { kind: 'stabilization', model: options.model, modelSha256: sha256, startedAt: startedAt.toISOString() }, options.resume);
  try {
    return await new StabilizeJob(options, model, dataset, sha256, startedAt, job).run();
  } catch (error) {
    await endRun(options.run, error instanceof CancelledError ? 'cancelled' : 'failed', (error as Error).message).catch((second: unknown) => job.log(String(second)));
    throw error;
  }
}

function requireClasses(dataset: Dataset): void {
  const labels = new Set(dataset.items.map((item) => item.label).filter((label) => label !== null));
  const [only] = labels;
  if (labels.size === 1 && only !== undefined) {
    throw new UserError(`all pictures in ${dataset.root} have the class ${dataset.classNames?.[only] ?? only}: training needs at least two classes`);
  }
}

type Settings = Required<Pick<StabilizeOptions, 'seed' | 'threads' | 'train' | 'divergence' | 'optimizer' | 'learningRate' | 'epochs' | 'batchSize' | 'validationShare' | 'testShare' | 'draws' | 'sweep' | 'maxPrecisionDrop' | 'distortions' | 'engine'>>;

function settingsOf(options: StabilizeOptions, labelled: boolean): Settings {
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

/** One stabilization under way: what its steps share. */
class StabilizeJob {
  readonly #options: StabilizeOptions;
  readonly #settings: Settings;
  readonly #model: OpenModel;
  readonly #dataset: Dataset;
  readonly #sha256: string;
  readonly #startedAt: Date;
  readonly #job: Job;
  readonly #seconds = { features: 0, training: 0, evaluation: 0 };

  constructor(options: StabilizeOptions, model: OpenModel, dataset: Dataset, sha256: string, startedAt: Date, job: Job) {
    this.#options = options;
    this.#settings = settingsOf(options, dataset.labels !== null);
    this.#model = model;
    this.#dataset = dataset;
    this.#sha256 = sha256;
    this.#startedAt = startedAt;
    this.#job = job;
  }

  async run(): Promise<Stabilization> {
    const settings = this.#settings;
    const split = await splitDataset(this.#dataset.items, settings);
    if (split.test.length === 0) throw new UserError(`a test share of ${settings.testShare} leaves no pictures for reporting: there are ${this.#dataset.items.length}`);
    const grid = searchGrid({ ...this.#options, learningRate: settings.learningRate, searchRate: settings.sweep && this.#options.learningRate === undefined, sweep: settings.sweep });
    if (split.validation.length === 0 && grid.length > 2) throw new UserError('without a validation share there is nothing to search with: give --alpha and --sigma');
    // Features and the network's answers are ONNX Runtime's in any case; the option chooses what trains.
    const runtime = await findEngine('onnxruntime');
    const checkpoint = await Checkpoint.open(this.#options.run, this.#fingerprint(split), this.#options.resume ?? false);
    const { graph, batch } = await prepareBatch(this.#model, runtime, settings.threads);
    if (batch !== null) throw new UserError(`${this.#options.model} cannot be stabilized: it takes exactly ${batch} pictures at once and nothing else`);
    const head = typeof this.#model.head === 'string' ? null : this.#model.head;
    const weights = selectWeights(graph, head!, settings.train);
    const points = await this.#train(graph, weights, split, grid, runtime, checkpoint);
    return this.#report(graph, weights, split, points, runtime, checkpoint);
  }

  /** All that decides the result of the training. */
  #fingerprint(split: Split): Record<string, unknown> {
    const pictures = createHash('sha256');
    for (const [share, items] of Object.entries(split) as [string, DatasetItem[]][]) pictures.update(JSON.stringify([share, items.map((item) => [item.path, item.label])]));
    const { train: part, divergence, optimizer, learningRate, epochs, batchSize, draws, seed, sweep, distortions, engine, maxPrecisionDrop, validationShare, testShare } = this.#settings;
    const { alpha = null, sigma = null } = this.#options;
    return {
      model: this.#sha256, images: this.#dataset.root, validationShare, testShare,
      preprocessing: this.#model.preprocessing, featureLayer: this.#model.featureLayer, version, train: part, alpha, sigma, divergence, optimizer, learningRate, epochs, batchSize, draws, seed, sweep, distortions, engine, maxPrecisionDrop,
      // Last, because other options decide which pictures are on which side.
      pictures: pictures.digest('hex'),
    };
  }

  /** Collects the features and trains every point of the grid; returns them with the index of the chosen one. */
  async #train(graph: ModelGraph, weights: readonly string[], split: Split, grid: readonly GridPoint[], runtime: Engine, checkpoint: Checkpoint): Promise<TrainedPoints> {
    const { settings, job } = { settings: this.#settings, job: this.#job };
    const head = this.#model.head;
    if (typeof head === 'string') throw new Error(head);
    const part = cutForTraining(graph, head, weights);
    const sigmas = [...new Set(grid.map((point) => point.sigma))];
    const started = performance.now();
    const fixed = await runtime.load(part.fixed, { threads: settings.threads });
    const { layout, width, height, channels } = this.#model.input;
    const dims = layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
    const probe = await fixed.run({ [this.#model.inputName]: { type: 'float32', dims, data: new Float32Array(sizeOf(dims)) } });
    await fixed.release();
    const inputShapes = Object.fromEntries(part.values.map((name) => [name, probe[name]!.dims]));
    const shapes = Object.fromEntries(part.values.map((name) => [name, probe[name]!.dims.slice(1)]));
    const collect = (share: 'training' | 'validation', versions: Version[]): Promise<FeatureStore> => collectFeatures({
      model: this.#model, fixed: part.fixed, engine: runtime, threads: settings.threads, shapes, items: split[share], versions, seed: settings.seed, path: checkpoint.featurePath(share), step: `features of the ${share} pictures`,
    }, job);
    const noise = (draws: number): Version[] => sigmas.flatMap((sigma) => Array.from({ length: draws }, (_, draw): Version => ({ kind: 'noisy', sigma, draw })));
    const distorted = settings.distortions.map((distortion): Version => ({ kind: 'distorted', distortion }));
    const stores: FeatureStore[] = [];
    try {
      const training = await collect('training', [{ kind: 'clean' }, ...noise(settings.draws)]);
      stores.push(training);
      const validation = await collect('validation', [{ kind: 'clean' }, ...noise(1), ...distorted]);
      stores.push(validation);
      this.#seconds.features = (performance.now() - started) / 1000;
      const trainingStarted = performance.now();
      const forward = declareInputs(part.forward, inputShapes);
      const scorer = new HeadScorer(runtime, forward, settings.threads);
      const sets = {
        training: await this.#targets(training, scorer),
        validation: await this.#targets(validation, scorer),
      };
      const definition: TrainingDefinition = { forward, logits: logitsName, weights, divergence: settings.divergence, optimizer: settings.optimizer, threads: settings.threads };
      const step = await createStep(settings.engine, definition);
      try {
        const points: FinishedPoint[] = [];
        for (const [index, point] of grid.entries()) {
          points.push(await this.#trainPoint({ index, point, grid, sigmas, step, scorer, sets, checkpoint }));
        }
        const before = await this.#score({}, scorer, sets.validation, sigmas.length);
        const { chosen, points: search } = choosePoint(points.map((each) => each.point), before.agreement, settings.maxPrecisionDrop);
        this.#seconds.training = (performance.now() - trainingStarted) / 1000;
        return { points, search: search.map(({ ...point }) => (this.#dataset.labels === null ? { ...point, precisionAt1: null } : point)), chosen, skipped: [...training.skipped, ...validation.skipped] };
      } finally {
        await step.release();
      }
    } finally {
      stores.forEach((store) => store.close());
    }
  }

  async #trainPoint(parts: {
    index: number; point: GridPoint; grid: readonly GridPoint[]; sigmas: readonly number[]; step: TrainingStep; scorer: HeadScorer;
    sets: { training: PictureSet; validation: PictureSet }; checkpoint: Checkpoint;
  }): Promise<FinishedPoint> {
    const { index, point, sigmas, step, scorer, sets, checkpoint } = parts;
    const settings = this.#settings;
    const known = await checkpoint.finished(index);
    if (known) return known;
    const sigma = sigmas.indexOf(point.sigma);
    const checked = sets.validation.store.count > 0 ? sets.validation : sets.training;
    const trained = await train({
      step,
      training: { ...sets.training, firstDraw: 1 + sigma * settings.draws },
      validation: { ...sets.validation, firstDraw: 1 + sigma },
      options: { ...point, epochs: settings.epochs, batchSize: settings.batchSize, seed: settings.seed, draws: settings.draws },
      collapsed: async (state) => {
        const [labels] = await scorer.labels(state.weights, checked.store, [0], this.#job);
        return new Set(labels).size === 1 && new Set(checked.truth).size > 1;
      },
      onEpoch: (progress) => checkpoint.keep(index, progress),
      from: await checkpoint.current(index),
    }, this.#job);
    const score = await this.#score(trained.best.weights, scorer, sets.validation, sigmas.length);
    const stopped = trained.stopped === 'not finite' ? 'its loss became infinite or not a number' : trained.stopped === 'collapsed' ? 'it gave every picture the same label' : null;
    const finished: FinishedPoint = {
      point: { ...point, precisionAt1: score.agreement, labelInstability: score.labelInstability, ...(stopped !== null && trained.bestEpoch === 0 ? { rejected: stopped } : {}) },
      trained,
    };
    await checkpoint.finish(index, finished);
    this.#job.log(`α = ${point.alpha}, σ = ${point.sigma}, learning rate ${point.learningRate}: best epoch ${trained.bestEpoch} of ${trained.epoch}, validation precision ${score.agreement.toFixed(4)}, label instability ${score.labelInstability.toFixed(4)}${stopped === null ? '' : `; stopped because ${stopped}`}`);
    return finished;
  }

  /** Share of clean validation answers that are right (without labels: the original's), and the mean share of labels that distortions change. */
  async #score(weights: Record<string, Tensor>, scorer: HeadScorer, set: PictureSet, sigmas: number): Promise<{ agreement: number; labelInstability: number }> {
    const distortions = this.#settings.distortions.map((_, index) => 1 + sigmas + index);
    const [clean, ...distorted] = await scorer.labels(weights, set.store, [0, ...distortions], this.#job);
    return {
      agreement: 1 - shareDifferent(clean!, set.truth),
      labelInstability: distorted.reduce((sum, labels) => sum + shareDifferent(clean!, labels), 0) / Math.max(1, distorted.length),
    };
  }

  /** What L0 compares with: labels where there are any, else the original model's own answers (self-distillation). */
  async #targets(store: FeatureStore, scorer: HeadScorer): Promise<PictureSet> {
    const labels = new Map(this.#dataset.items.map((item) => [item.path, item.label]));
    const known = store.paths.map((path) => labels.get(path) ?? null);
    const classes = this.#model.classes ?? (await scorer.classes(store));
    const needed = known.some((label) => label === null);
    const answers = needed ? await scorer.answers(store, classes, this.#job) : null;
    const [own] = needed ? await scorer.labels({}, store, [0], this.#job) : [new Uint32Array()];
    return {
      store,
      truth: Uint32Array.from(known, (label, index) => label ?? own![index]!),
      targets: (indices) => {
        const data = new Float32Array(indices.length * classes);
        for (let row = 0; row < indices.length; row++) {
          const index = indices[row]!;
          const label = known[index] ?? null;
          if (label === null) data.set(answers!.subarray(index * classes, (index + 1) * classes), row * classes);
          else data[row * classes + label] = 1;
        }
        return { type: 'float32', dims: [indices.length, classes], data };
      },
    };
  }

  /** Measures before, control and after on the test pictures, writes the new model and the run. */
  async #report(graph: ModelGraph, weights: readonly string[], split: Split, trained: TrainedPoints, runtime: Engine, checkpoint: Checkpoint): Promise<Stabilization> {
    const started = performance.now();
    const settings = this.#settings;
    const { run } = this.#options;
    const chosen = trained.points[trained.chosen]!;
    const control = trained.points.find((each) => each.point.alpha === 0 && each.point.learningRate === chosen.point.learningRate)!;
    const weightsOf = ({ trained: { best } }: FinishedPoint): Map<string, Float32Array> => new Map(weights.map((name) => [name, asStored(this.#model.graph, name, toFloat32(best.weights[name]!))]));
    const changed = weightsOf(chosen);
    const plan = planVariants(this.#model, graph, weights, [new Map(), weightsOf(control), changed]);
    const names = ['before', 'control', 'after'] as const;
    await Promise.all(names.map((name) => mkdir(join(run, name), { recursive: true })));
    const writers = names.map((name) => new PairsWriter(join(run, name), null));
    let evaluations: Evaluation[];
    try {
      const dataset = { ...this.#dataset, items: split.test };
      const pictures = await evaluatePictures({ model: this.#model, items: split.test, classNames: dataset.classNames, distortions: settings.distortions, seed: settings.seed, plan, engine: runtime, threads: settings.threads, writers, step: 'evaluating before, control and stabilized' }, this.#job);
      await Promise.all(writers.map((writer) => writer.close()));
      const context = { model: this.#model, sha256: this.#sha256, dataset, total: split.test.length, seed: settings.seed, pairs: 'all', startedAt: this.#startedAt };
      const seconds = (performance.now() - started) / 1000;
      evaluations = pictures.tallies.map((tally) => makeEvaluation(context, tally, pictures, seconds));
    } finally {
      await Promise.all(writers.map((writer) => writer.abandon()));
    }
    const [before, controlled, measured] = evaluations as [Evaluation, Evaluation, Evaluation];
    const at = (name: string, evaluation: Evaluation): { folder: string; evaluation: Evaluation } => ({ folder: join(run, name), evaluation });
    const comparison = await compareEvaluations(at('before', before), at('after', measured));
    const overControl = await compareEvaluations(at('control', controlled), at('after', measured));
    const options = this.#optionsUsed(chosen.point);
    const { accepted, reason } = judge({ comparison, overControl, agreement: await cleanAgreement(join(run, 'before'), join(run, 'after')), options });
    const output = await outputPath(this.#model.graph, this.#options.output, accepted);
    await this.#model.format.write(this.#model.graph, changed, {
      [preprocessingKey]: storePreprocessing(this.#model.preprocessing),
      [metadataKeys.stabilized]: JSON.stringify({ from: this.#sha256, version, ...options }),
    }, output);
    // The file is there from here on: what was measured as its weights is its report.
    const after: Evaluation = { ...measured, model: { ...measured.model, path: output, sha256: (await hashModel(await this.#model.format.read(output))).sha256 } };
    comparison.b.model = overControl.b.model = output;
    await Promise.all([before, controlled, after].map((evaluation, index) => writeRun(join(run, names[index]!), evaluation)));
    this.#seconds.evaluation = (performance.now() - started) / 1000;
    const result: Stabilization = {
      runVersion, kind: 'stabilization', state: 'done', output, run,
      trained: {
        layers: layersOf(graph, weights), parameters: weights.reduce((sum, name) => sum + sizeOf(graph.constantShape(name) ?? [0]), 0),
        epochs: chosen.trained.epoch, bestEpoch: chosen.trained.bestEpoch, stopped: chosen.trained.stopped,
      },
      options,
      images: {
        total: this.#dataset.items.length, training: split.training.length, validation: split.validation.length, test: split.test.length,
        skipped: [...trained.skipped, ...after.images.skipped],
      },
      search: trained.search,
      history: chosen.trained.history,
      before, control: controlled, after, comparison, overControl, accepted, reason,
      warnings: [...new Set([...stopWarnings(trained), ...before.warnings, ...after.warnings])],
      timing: {
        wallSeconds: (Date.now() - this.#startedAt.getTime()) / 1000,
        featureSeconds: this.#seconds.features, trainingSeconds: this.#seconds.training, evaluationSeconds: this.#seconds.evaluation,
      },
    };
    await writeRun(run, result);
    await checkpoint.remove();
    return result;
  }

  #optionsUsed(point: SearchPoint): StabilizeOptionsUsed {
    const { train: part, divergence, optimizer, epochs, batchSize, draws, seed, validationShare, testShare, maxPrecisionDrop, engine } = this.#settings;
    return {
      train: part, alpha: point.alpha, sigma: point.sigma, divergence, optimizer, learningRate: point.learningRate, epochs, batchSize, draws, seed,
      validationShare, testShare, maxPrecisionDrop, engine, targets: this.#dataset.labels === null ? 'own answers' : 'labels',
    };
  }
}

interface TrainedPoints {
  points: FinishedPoint[];
  search: SearchPoint[];
  chosen: number;
  skipped: { path: string; reason: string }[];
}

/** Pictures with what L0 compares with and the class that counts as right. */
interface PictureSet extends Omit<TrainingSet, 'firstDraw'> {
  truth: Uint32Array;
}

async function createStep(engine: Settings['engine'], definition: TrainingDefinition): Promise<TrainingStep> {
  if (engine === 'tensorflow') return (await import('./training/tensorflowStep.ts')).createTensorFlowStep(definition);
  return (await import('./training/onnxRuntimeStep.ts')).createOnnxRuntimeStep(definition);
}

/** The values that the file will hold: what is evaluated is what is written. */
function asStored(graph: ModelGraph, name: string, values: Float32Array): Float32Array {
  return graph.origins.get(name)?.storedType === 'float16' ? Float32Array.from(values, (value) => float16ToNumber(numberToFloat16(value))) : values;
}

function stopWarnings({ points }: TrainedPoints): string[] {
  return points.flatMap(({ point, trained }) => {
    if (trained.stopped !== 'not finite' && trained.stopped !== 'collapsed') return [];
    const what = trained.stopped === 'collapsed' ? 'every picture was given the same label' : 'the loss became infinite or not a number';
    return [`Training with α = ${point.alpha}, σ = ${point.sigma}, learning rate ${point.learningRate} was stopped in epoch ${trained.epoch}, because ${what}; the best state before it was kept (epoch ${trained.bestEpoch}).`];
  });
}

/** Share of pictures whose clean label is the same in two runs. */
async function cleanAgreement(a: string, b: string): Promise<number> {
  const labels = new Map<string, string>();
  for await (const { pair } of readPairs(a)) labels.set(pair.image, pair.labelA);
  const same = new Map<string, boolean>();
  for await (const { pair } of readPairs(b)) same.set(pair.image, labels.get(pair.image) === pair.labelA);
  return [...same.values()].filter(Boolean).length / Math.max(1, same.size);
}
