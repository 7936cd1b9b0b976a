import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareEvaluations } from '../compare.ts';
import type { Split } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import { makeEvaluation } from '../evaluation.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import { float16ToNumber, numberToFloat16, sizeOf, toFloat32 } from '../graph/tensor.ts';
import { planVariants } from '../inference/answers.ts';
import { evaluatePictures } from '../inference/evaluatePictures.ts';
import { hashModel, metadataKeys } from '../openModel.ts';
import { metadataKey as preprocessingKey, storePreprocessing } from '../preprocessing.ts';
import type { Evaluation, SearchPoint, Stabilization } from '../results.ts';
import { PairsWriter, readPairs } from '../runs/pairsFile.ts';
import { runVersion, writeRun } from '../runs/runFolder.ts';
import { version } from '../version.ts';
import { judge } from './acceptance.ts';
import type { FinishedPoint } from './checkpoint.ts';
import { outputPath } from './outputPath.ts';
import { optionsUsed, type UnderWay } from './settings.ts';
import { layersOf } from './trainedPart.ts';

/** What the search came to. */
export interface TrainedPoints {
  points: FinishedPoint[];
  /** The points as they are reported, those that cannot be chosen with the reason. */
  search: SearchPoint[];
  /** Index of the point that is written, and of its control. */
  chosen: number;
  control: number;
  /** Weights that were trained. */
  weights: readonly string[];
  /** Pictures that could not be read. */
  skipped: { path: string; reason: string }[];
}

/** Measures before, control and after on the test pictures, writes the new model and the run. */
export async function report(underWay: UnderWay, graph: ModelGraph, split: Split, trained: TrainedPoints, runtime: Engine): Promise<Stabilization> {
  const started = performance.now();
  const { settings, model, job, sha256, startedAt } = underWay;
  const { run } = underWay.options;
  const { weights } = trained;
  const chosen = trained.points[trained.chosen]!;
  const weightsOf = ({ trained: { best } }: FinishedPoint): Map<string, Float32Array> => new Map(weights.map((name) => [name, asStored(model.graph, name, toFloat32(best.weights[name]!))]));
  const changed = weightsOf(chosen);
  const plan = planVariants(model, graph, weights, [new Map(), weightsOf(trained.points[trained.control]!), changed]);
  const names = ['before', 'control', 'after'] as const;
  await Promise.all(names.map((name) => mkdir(join(run, name), { recursive: true })));
  const writers = names.map((name) => new PairsWriter(join(run, name), null));
  let evaluations: Evaluation[];
  try {
    const dataset = { ...underWay.dataset, items: split.test };
    const pictures = await evaluatePictures({ model, items: split.test, classNames: dataset.classNames, distortions: settings.distortions, seed: settings.seed, plan, engine: runtime, threads: settings.threads, writers, step: 'evaluating before, control and stabilized' }, job);
    await Promise.all(writers.map((writer) => writer.close()));
    const context = { model, sha256, dataset, total: split.test.length, seed: settings.seed, pairs: 'all', startedAt };
    const seconds = (performance.now() - started) / 1000;
    evaluations = pictures.tallies.map((tally) => makeEvaluation(context, tally, pictures, seconds));
  } finally {
    await Promise.all(writers.map((writer) => writer.abandon()));
  }
  const [before, control, measured] = evaluations as [Evaluation, Evaluation, Evaluation];
  const at = (name: string, evaluation: Evaluation): { folder: string; evaluation: Evaluation } => ({ folder: join(run, name), evaluation });
  const comparison = await compareEvaluations(at('before', before), at('after', measured));
  const overControl = await compareEvaluations(at('control', control), at('after', measured));
  const options = optionsUsed(underWay, chosen.point);
  const { accepted, reason } = judge({ comparison, overControl, agreement: await cleanAgreement(join(run, 'before'), join(run, 'after')), options });
  const output = await outputPath(model.graph, underWay.options.output, accepted);
  await model.format.write(model.graph, changed, {
    [preprocessingKey]: storePreprocessing(model.preprocessing),
    [metadataKeys.stabilized]: JSON.stringify({ from: sha256, version, ...options }),
  }, output);
  // The file is there from here on: what was measured as its weights is its report.
  const after: Evaluation = { ...measured, model: { ...measured.model, path: output, sha256: (await hashModel(await model.format.read(output))).sha256 } };
  comparison.b.model = overControl.b.model = output;
  await Promise.all([before, control, after].map((evaluation, index) => writeRun(join(run, names[index]!), evaluation)));
  underWay.seconds.evaluation = (performance.now() - started) / 1000;
  const result: Stabilization = {
    runVersion, kind: 'stabilization', state: 'done', output, run,
    trained: {
      layers: layersOf(graph, weights), parameters: weights.reduce((sum, name) => sum + sizeOf(graph.constantShape(name) ?? [0]), 0),
      epochs: chosen.trained.epoch, bestEpoch: chosen.trained.bestEpoch, stopped: chosen.trained.stopped,
    },
    options,
    images: {
      total: underWay.dataset.items.length, training: split.training.length, validation: split.validation.length, test: split.test.length,
      skipped: [...trained.skipped, ...after.images.skipped],
    },
    search: trained.search,
    history: chosen.trained.history,
    before, control, after, comparison, overControl, accepted, reason,
    warnings: [...new Set([...stopWarnings(trained), ...before.warnings, ...after.warnings])],
    timing: {
      wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
      featureSeconds: underWay.seconds.features, trainingSeconds: underWay.seconds.training, evaluationSeconds: underWay.seconds.evaluation,
    },
  };
  await writeRun(run, result);
  return result;
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
