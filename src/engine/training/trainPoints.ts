import type { Split } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Version } from '../pictures/prepare.ts';
import type { Checkpoint, FinishedPoint } from './checkpoint.ts';
import { collectFeatures } from './collectFeatures.ts';
import type { FeatureStore } from './featureStore.ts';
import { HeadScorer, shareDifferent } from './headScorer.ts';
import { pictureSet, type PictureSet } from './pictureSet.ts';
import type { TrainedPoints } from './report.ts';
import { choosePoint, type GridPoint } from './search.ts';
import type { Settings, UnderWay } from './settings.ts';
import { cutForTraining, declareInputs, logitsName } from './trainedPart.ts';
import { train } from './train.ts';
import type { TrainingDefinition, TrainingStep } from './trainingStep.ts';

/** Collects the features and trains every point of the grid; returns them with the index of the chosen one. */
export async function trainPoints(underWay: UnderWay, graph: ModelGraph, weights: readonly string[], split: Split, grid: readonly GridPoint[], runtime: Engine, checkpoint: Checkpoint): Promise<TrainedPoints> {
  const { settings, model, job, seconds } = underWay;
  if (typeof model.head === 'string') throw new Error(model.head);
  const part = cutForTraining(graph, model.head, weights);
  const sigmas = [...new Set(grid.map((point) => point.sigma))];
  const started = performance.now();
  const fixed = await runtime.load(part.fixed, { threads: settings.threads });
  const { layout, width, height, channels } = model.input;
  const dims = layout === 'nchw' ? [1, channels, height, width] : [1, height, width, channels];
  const probe = await fixed.run({ [model.inputName]: { type: 'float32', dims, data: new Float32Array(sizeOf(dims)) } });
  await fixed.release();
  const inputShapes = Object.fromEntries(part.values.map((name) => [name, probe[name]!.dims]));
  const shapes = Object.fromEntries(part.values.map((name) => [name, probe[name]!.dims.slice(1)]));
  const collect = (share: 'training' | 'validation', versions: Version[]): Promise<FeatureStore> => collectFeatures({
    model, fixed: part.fixed, engine: runtime, threads: settings.threads, shapes, items: split[share], versions, seed: settings.seed, path: checkpoint.featurePath(share), step: `features of the ${share} pictures`,
  }, job);
  const noise = (draws: number): Version[] => sigmas.flatMap((sigma) => Array.from({ length: draws }, (_, draw): Version => ({ kind: 'noisy', sigma, draw })));
  const distorted = settings.distortions.map((distortion): Version => ({ kind: 'distorted', distortion }));
  const stores: FeatureStore[] = [];
  try {
    const training = await collect('training', [{ kind: 'clean' }, ...noise(settings.draws)]);
    stores.push(training);
    const validation = await collect('validation', [{ kind: 'clean' }, ...noise(1), ...distorted]);
    stores.push(validation);
    seconds.features = (performance.now() - started) / 1000;
    const trainingStarted = performance.now();
    const forward = declareInputs(part.forward, inputShapes);
    const scorer = new HeadScorer(runtime, forward, settings.threads);
    const sets = {
      training: await pictureSet(underWay, training, scorer),
      validation: await pictureSet(underWay, validation, scorer),
    };
    const definition: TrainingDefinition = { forward, logits: logitsName, weights, divergence: settings.divergence, optimizer: settings.optimizer, threads: settings.threads };
    const step = await createStep(settings.engine, definition);
    try {
      const points: FinishedPoint[] = [];
      for (const [index, point] of grid.entries()) {
        points.push(await trainPoint(underWay, { index, point, sigmas, step, scorer, sets, checkpoint }));
      }
      const before = await score(underWay, {}, scorer, sets.validation, sigmas.length);
      const { chosen, points: search } = choosePoint(points.map((each) => each.point), before.agreement, settings.maxPrecisionDrop);
      const control = points.findIndex((each) => each.point.alpha === 0 && each.point.learningRate === points[chosen]!.point.learningRate);
      seconds.training = (performance.now() - trainingStarted) / 1000;
      return {
        points, search: search.map(({ ...point }) => (underWay.dataset.labels === null ? { ...point, precisionAt1: null } : point)),
        chosen, control, weights, skipped: [...training.skipped, ...validation.skipped],
      };
    } finally {
      await step.release();
    }
  } finally {
    stores.forEach((store) => store.close());
  }
}

async function trainPoint(underWay: UnderWay, parts: {
  index: number; point: GridPoint; sigmas: readonly number[]; step: TrainingStep; scorer: HeadScorer;
  sets: { training: PictureSet; validation: PictureSet }; checkpoint: Checkpoint;
}): Promise<FinishedPoint> {
  const { index, point, sigmas, step, scorer, sets, checkpoint } = parts;
  const { settings, job } = underWay;
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
      const [labels] = await scorer.labels(state.weights, checked.store, [0], job);
      return new Set(labels).size === 1 && new Set(checked.truth).size > 1;
    },
    onEpoch: (progress) => checkpoint.keep(index, progress),
    from: await checkpoint.current(index),
  }, job);
  const { agreement, labelInstability } = await score(underWay, trained.best.weights, scorer, sets.validation, sigmas.length);
  const stopped = trained.stopped === 'not finite' ? 'its loss became infinite or not a number' : trained.stopped === 'collapsed' ? 'it gave every picture the same label' : null;
  const finished: FinishedPoint = {
    point: { ...point, precisionAt1: agreement, labelInstability, ...(stopped !== null && trained.bestEpoch === 0 ? { rejected: stopped } : {}) },
    trained,
  };
  await checkpoint.finish(index, finished);
  job.log(`α = ${point.alpha}, σ = ${point.sigma}, learning rate ${point.learningRate}: best epoch ${trained.bestEpoch} of ${trained.epoch}, validation precision ${agreement.toFixed(4)}, label instability ${labelInstability.toFixed(4)}${stopped === null ? '' : `; stopped because ${stopped}`}`);
  return finished;
}

/** Share of clean validation answers that are right (without labels: the original's), and the mean share of labels that distortions change. */
async function score({ settings, job }: UnderWay, weights: Record<string, Tensor>, scorer: HeadScorer, set: PictureSet, sigmas: number): Promise<{ agreement: number; labelInstability: number }> {
  const distortions = settings.distortions.map((_, index) => 1 + sigmas + index);
  const [clean, ...distorted] = await scorer.labels(weights, set.store, [0, ...distortions], job);
  return {
    agreement: 1 - shareDifferent(clean!, set.truth),
    labelInstability: distorted.reduce((sum, labels) => sum + shareDifferent(clean!, labels), 0) / Math.max(1, distorted.length),
  };
}

async function createStep(engine: Settings['engine'], definition: TrainingDefinition): Promise<TrainingStep> {
  if (engine === 'tensorflow') return (await import('./tensorflowStep.ts')).createTensorFlowStep(definition);
  return (await import('./onnxRuntimeStep.ts')).createOnnxRuntimeStep(definition);
}
