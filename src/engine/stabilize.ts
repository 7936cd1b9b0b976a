import { openDataset, splitDataset, type Dataset } from './dataset.ts';
import { findEngine } from './engines/index.ts';
import { chosenDistortions } from './evaluation.ts';
import { prepareBatch } from './inference/answers.ts';
import { trainableReason } from './inspect.ts';
import { CancelledError, UserError, type Job } from './job.ts';
import { hashModel, inputReason, openModel } from './openModel.ts';
import type { StabilizeOptions } from './options.ts';
import type { Stabilization } from './results.ts';
import { createRunFolder, endRun } from './runs/runFolder.ts';
import { Checkpoint } from './training/checkpoint.ts';
import { checkOutput } from './training/outputPath.ts';
import { report } from './training/report.ts';
import { fingerprint, settingsOf, type UnderWay } from './training/settings.ts';
import { trainPoints } from './training/trainPoints.ts';

/** Stability training with everything around it: split, search, control, new file, comparison on pictures that training never saw. */
export async function stabilize(options: StabilizeOptions, job: Job): Promise<Stabilization> {
  const model = await openModel(options);
  chosenDistortions(options.distortions);
  const { objective = model.objective } = options;
  const reason = objective === 'classification' ? trainableReason(model) : inputReason(model);
  if (reason !== null) throw new UserError(`${options.model} cannot be stabilized: ${reason}`);
  await checkOutput(model.graph, options.output);
  const dataset = await openDataset({ ...options, seed: options.seed ?? 0, modelClassNames: model.classNames, classes: model.classes });
  if (objective !== 'embedding') requireClasses(dataset);
  const { sha256 } = await hashModel(model.graph);
  const startedAt = new Date();
  await createRunFolder(options.run, { kind: 'stabilization', model: options.model, modelSha256: sha256, startedAt: startedAt.toISOString() }, options.resume);
  try {
    const settings = settingsOf({ ...options, objective }, dataset.labels !== null);
    return await run({ options, settings, model, dataset, sha256, startedAt, job, seconds: { features: 0, training: 0, evaluation: 0 } });
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

async function run(underWay: UnderWay): Promise<Stabilization> {
  const { options, settings, model, dataset } = underWay;
  const split = await splitDataset(dataset.items, settings);
  if (split.test.length === 0) throw new UserError(`a test share of ${settings.testShare} leaves no pictures for reporting: there are ${dataset.items.length}`);
  // Features and the network's answers are ONNX Runtime's in any case; the option chooses what trains.
  const runtime = await findEngine('onnxruntime', settings.device);
  const checkpoint = await Checkpoint.open(options.run, fingerprint(underWay, split), options.resume ?? false);
  const { graph, batch } = await prepareBatch(model, runtime, settings.threads);
  if (batch !== null) throw new UserError(`${options.model} cannot be stabilized: it takes exactly ${batch} pictures at once and nothing else`);
  const points = await trainPoints(underWay, graph, split, runtime, checkpoint);
  const result = await report(underWay, graph, split, points, runtime);
  await checkpoint.remove();
  return result;
}
