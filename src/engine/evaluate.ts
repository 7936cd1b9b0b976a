import { openDataset } from './dataset.ts';
import { findEngine } from './engines/index.ts';
import { chosenDistortions, makeEvaluation } from './evaluation.ts';
import { planAnswers } from './inference/answers.ts';
import { evaluatePictures } from './inference/evaluatePictures.ts';
import { CancelledError, type Job } from './job.ts';
import { hashModel, openModel } from './openModel.ts';
import type { EvaluateOptions } from './options.ts';
import type { Evaluation } from './results.ts';
import { PairsWriter } from './runs/pairsFile.ts';
import { createRunFolder, endRun, writeRun } from './runs/runFolder.ts';
import { say } from './sentences.ts';

/**
 * Measures how a model's answers change under distortions and writes the run folder. Throws a `UserError` for what the user
 * can mend and a `CancelledError` where the job was cancelled; the folder then says so.
 */
export async function evaluate(options: EvaluateOptions, job: Job): Promise<Evaluation> {
  const startedAt = new Date();
  const { seed = 0, threads = 0, pairs = 'all' } = options;
  const distortions = chosenDistortions(options.distortions);
  const model = await openModel(options);
  const dataset = await openDataset({ ...options, seed, modelClassNames: model.classNames, classes: model.classes });
  const engine = await findEngine(options.engine ?? 'onnxruntime', options.device);
  const { sha256 } = await hashModel(model.graph);
  await createRunFolder(options.run, { kind: 'evaluation', model: options.model, modelSha256: sha256, startedAt: startedAt.toISOString() });
  const writer = new PairsWriter(options.run, pairs === 'all' ? null : pairs.worst);
  try {
    job.progress({ step: say('loadingModel'), unit: 'pictures', done: 0, total: dataset.items.length });
    const plan = await planAnswers(model, engine, threads);
    const pictures = await evaluatePictures({ model, items: dataset.items, classNames: dataset.classNames, distortions, seed, plan, engine, threads, writers: [writer], step: say('evaluating') }, job);
    await writer.close();
    const context = { model, sha256, dataset, total: dataset.items.length, seed, pairs: pairs === 'all' ? 'all' : `worst:${pairs.worst}`, startedAt };
    const evaluation = makeEvaluation(context, pictures.tallies[0]!, pictures, (Date.now() - startedAt.getTime()) / 1000);
    await writeRun(options.run, evaluation);
    return evaluation;
  } catch (error) {
    await writer.abandon();
    await endRun(options.run, error instanceof CancelledError ? 'cancelled' : 'failed', (error as Error).message).catch((second: unknown) => job.log(String(second)));
    throw error;
  }
}
