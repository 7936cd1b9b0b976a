import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareEvaluations } from '../compare.ts';
import type { Split } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import { makeEvaluation } from '../evaluation.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import { asStored, sizeOf, toFloat32, type Tensor } from '../graph/tensor.ts';
import { planVariants } from '../inference/answers.ts';
import { evaluatePictures } from '../inference/evaluatePictures.ts';
import { sizeMetadata } from '../inputSize.ts';
import { hashModel, metadataKeys, type OpenModel } from '../openModel.ts';
import { metadataKey as preprocessingKey, storePreprocessing } from '../preprocessing.ts';
import type { Evaluation, Stabilization, StabilizeOptionsUsed } from '../results.ts';
import { readNegatives } from '../runs/negativesFile.ts';
import { PairsWriter, readPairs } from '../runs/pairsFile.ts';
import { runVersion, writeRun } from '../runs/runFolder.ts';
import { say } from '../sentences.ts';
import { version } from '../version.ts';
import { judge, type Apart } from './acceptance.ts';
import type { FinishedPoint } from './checkpoint.ts';
import { outputPath } from './outputPath.ts';
import { describePoint, optionsUsed, type UnderWay } from './settings.ts';
import { layersOf } from './trainedPart.ts';
import type { TrainedPoints } from './trainPoints.ts';

/** Measures before, control and after on the test pictures, writes the new model and the run. */
export async function report(underWay: UnderWay, graph: ModelGraph, split: Split, trained: TrainedPoints, runtime: Engine): Promise<Stabilization> {
  const started = performance.now();
  const { settings, model, job, sha256, startedAt } = underWay;
  const { run } = underWay.options;
  const { weights } = trained;
  const { chosen } = trained;
  // Running statistics that were updated are among the weights of a state.
  const weightsOf = ({ trained: { best } }: FinishedPoint): Map<string, Float32Array> => changedWeights(model.graph, best.weights);
  const changed = weightsOf(chosen);
  const plan = planVariants(model, graph, weights, [new Map(), weightsOf(trained.control), changed]);
  const names = ['before', 'control', 'after'] as const;
  await Promise.all(names.map((name) => mkdir(join(run, name), { recursive: true })));
  const writers = names.map((name) => new PairsWriter(join(run, name), null));
  let evaluations: Evaluation[];
  try {
    const dataset = { ...underWay.dataset, items: split.test };
    const pictures = await evaluatePictures({ model, items: split.test, classNames: dataset.classNames, distortions: settings.distortions, seed: settings.seed, plan, engine: runtime, threads: settings.threads, writers, step: say('evaluatingAll') }, job);
    await Promise.all(writers.map((writer) => writer.close()));
    const context = { model, sha256, dataset, total: split.test.length, seed: settings.seed, pairs: 'all', startedAt };
    const seconds = (performance.now() - started) / 1000;
    evaluations = pictures.tallies.map((tally) => makeEvaluation(context, tally, pictures, seconds));
  } finally {
    await Promise.all(writers.map((writer) => writer.abandon()));
  }
  const [before, control, measured] = evaluations as [Evaluation, Evaluation, Evaluation];
  const options = optionsUsed(underWay, chosen.point);
  for (const evaluation of evaluations) markTrainedOn(evaluation, options);
  const at = (name: string, evaluation: Evaluation): { folder: string; evaluation: Evaluation } => ({ folder: join(run, name), evaluation });
  const comparison = await compareEvaluations(at('before', before), at('after', measured));
  const overControl = await compareEvaluations(at('control', control), at('after', measured));
  const { accepted, reason, advice } = judge({ comparison, overControl, agreement: await cleanAgreement(join(run, 'before'), join(run, 'after')), apart: await pictureDistances(join(run, 'before'), join(run, 'after')), options });
  const output = await outputPath(model.graph, underWay.options.output, accepted ? 'stabilized' : 'rejected');
  await model.format.write(model.graph, changed, stabilizedMetadata(model, sha256, options), output);
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
    before, control, after, comparison, overControl, accepted, reason, advice,
    warnings: [...new Set([...trained.warnings, ...stopWarnings(underWay, trained), ...before.warnings, ...after.warnings])],
    timing: {
      wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
      featureSeconds: underWay.seconds.features, trainingSeconds: underWay.seconds.training, evaluationSeconds: underWay.seconds.evaluation,
    },
  };
  await writeRun(run, result);
  return result;
}

/** The values that the file will hold: what is evaluated is what is written. */
export function changedWeights(graph: ModelGraph, weights: Record<string, Tensor>): Map<string, Float32Array> {
  return new Map(Object.entries(weights).map(([name, tensor]) => {
    const values = toFloat32(tensor);
    return [name, asStored(values, graph.origins.get(name)?.storedType)];
  }));
}

/** What a stabilized file says of itself. */
export function stabilizedMetadata(model: Pick<OpenModel, 'preprocessing' | 'graph'>, sha256: string, options: StabilizeOptionsUsed): Record<string, string> {
  return {
    [preprocessingKey]: storePreprocessing(model.preprocessing), ...sizeMetadata(model.graph.openSize),
    [metadataKeys.stabilized]: JSON.stringify({ from: sha256, version, ...options }),
  };
}

/** Marks the distortions that stood in for the noise, or are it, so that nobody takes them for held out. */
function markTrainedOn(evaluation: Evaluation, { trainDistortions, noise }: StabilizeOptionsUsed): void {
  const names = new Set(trainDistortions?.map(({ name }) => name) ?? (noise === 'gaussian' ? ['gaussian-noise'] : []));
  for (const result of evaluation.distortions) if (names.has(result.name)) result.trainedOn = true;
}

function stopWarnings(underWay: UnderWay, { failed }: TrainedPoints): string[] {
  return failed.map(({ point, trained }) => {
    const values = { point: describePoint(underWay, { train: underWay.settings.train, ...point }), rate: point.learningRate, epoch: trained.epoch, best: trained.bestEpoch };
    return say(trained.stopped === 'collapsed' ? 'collapsed' : 'notFinite', values);
  });
}

/** Median distances of different clean pictures in two runs; null where a run has none, or all of its pictures are alike. */
async function pictureDistances(a: string, b: string): Promise<Apart | null> {
  const [before, after] = (await Promise.all([a, b].map(readNegatives))).map((negatives) => median(negatives?.distances ?? []));
  return before && after ? { before, after } : null;
}

function median(values: readonly number[]): number | null {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? null;
}

/** Share of pictures whose clean label is the same in two runs. */
async function cleanAgreement(a: string, b: string): Promise<number> {
  const labels = new Map<string, string>();
  for await (const { pair } of readPairs(a)) labels.set(pair.image, pair.labelA);
  const same = new Map<string, boolean>();
  for await (const { pair } of readPairs(b)) same.set(pair.image, labels.get(pair.image) === pair.labelA);
  return [...same.values()].filter(Boolean).length / Math.max(1, same.size);
}
