import { openDataset } from './dataset.ts';
import { findEngine } from './engines/index.ts';
import { sizeWarnings } from './evaluation.ts';
import { planAnswers, type Answer, type AnswerPlan } from './inference/answers.ts';
import { runPictures } from './inference/picturePool.ts';
import { breathe, CancelledError, UserError, type Job } from './job.ts';
import { concreteInput, hashModel, openModel } from './openModel.ts';
import type { SequenceOptions } from './options.ts';
import { ProgressMeter } from './progress.ts';
import type { Sequence, SkippedImage } from './results.ts';
import { createRunFolder, endRun, runVersion, writeRun } from './runs/runFolder.ts';
import { say } from './sentences.ts';
import { clipsOf, type ClipFrames } from './sequence/clips.ts';
import { FramesWriter } from './sequence/framesFile.ts';
import { SequenceTally } from './sequence/sequenceTally.ts';
import { version } from './version.ts';
import type { DatasetItem } from './dataset/item.ts';

/**
 * Runs a model on the frames of videos, as pictures in folders, and measures how its answers change from frame to frame; writes
 * the run folder. Throws a `UserError` for what the user can mend and a `CancelledError` where the job was cancelled; the
 * folder then says so.
 */
export async function sequence(options: SequenceOptions, job: Job): Promise<Sequence> {
  const startedAt = new Date();
  const { seed = 0, threads = 0, limit, ...unlimited } = options;
  const model = await openModel(options);
  if (model.objective === 'embedding') throw new UserError(`${options.model} answers with an embedding, which has no label that could differ from frame to frame`);
  const dataset = await openDataset({ ...unlimited, seed, modelClassNames: model.classNames, classes: model.classes });
  const clips = clipsOf(dataset.root, dataset.items, limit);
  const engine = await findEngine(options.engine ?? 'onnxruntime');
  const { sha256 } = await hashModel(model.graph);
  await createRunFolder(options.run, { kind: 'sequence', model: options.model, modelSha256: sha256, startedAt: startedAt.toISOString() });
  const writer = await FramesWriter.open(options.run);
  try {
    const frames = clips.flatMap((clip) => clip.items.map((item, index) => ({ ...item, beginsClip: index === 0 ? clip : null })));
    job.progress({ step: say('loadingModel'), unit: 'frames', done: 0, total: frames.length });
    const plan = await planAnswers(model, engine, threads);
    const { layout, width, height } = model.input;
    const tally = new SequenceTally(dataset.classNames);
    const skipped: SkippedImage[] = [];
    const meter = new ProgressMeter(job, say('evaluatingFrames'), 'frames', frames.length);
    let [inferenceSeconds, description] = [0, engine.description];
    const begun = performance.now();
    const settings = { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions: [{ kind: 'clean' as const }] };
    for await (const { source, result } of runPictures<Framed>(frames, settings, plan.network, engine, threads)) {
      if (source.beginsClip) tally.beginClip(source.beginsClip.name);
      if (result.ok) {
        inferenceSeconds += result.inferenceSeconds;
        description = result.engine;
        const answer = readAnswer(plan, result.outputs, source.path);
        await writer.add(tally.add(source, answer), answer.probabilities);
      } else {
        tally.gap();
        skipped.push({ path: source.path, reason: result.reason });
        job.log(`skipped ${source.path}: ${result.reason}`);
      }
      meter.advance();
      await breathe(job);
    }
    if (skipped.length === frames.length) throw new UserError(`none of the ${frames.length} frames can be read: ${skipped[0]!.path}: ${skipped[0]!.reason}`);
    await writer.close(tally.drawn);
    const seconds = (performance.now() - begun) / 1000;
    const wallSeconds = (Date.now() - startedAt.getTime()) / 1000;
    const { path, format, parameters } = model.graph;
    const run: Sequence = {
      runVersion, kind: 'sequence', state: 'done',
      model: { path, format, sha256, inputShape: concreteInput(model), parameters, featureLayer: model.featureLayer },
      method: {
        preprocessing: model.preprocessing, engine: description, seed, labels: dataset.labels, classNames: dataset.classNames,
        images: dataset.root, featureNormalised: true, version, startedAt: startedAt.toISOString(),
      },
      images: { total: frames.length, evaluated: tally.frames, skipped },
      ...tally.report(),
      warnings: [],
      timing: { wallSeconds, imagesPerSecond: tally.frames / Math.max(wallSeconds, 1e-9), inferenceSeconds, imageSeconds: Math.max(0, seconds - inferenceSeconds) },
    };
    run.warnings = [...dataset.warnings, ...sizeWarnings(model), ...warningsOf(run)];
    await writeRun(options.run, run);
    return run;
  } catch (error) {
    await endRun(options.run, error instanceof CancelledError ? 'cancelled' : 'failed', (error as Error).message).catch((second: unknown) => job.log(String(second)));
    throw error;
  } finally {
    await writer.end();
  }
}

/** A frame that knows whether a clip begins with it. */
interface Framed extends DatasetItem {
  beginsClip: ClipFrames | null;
}

function readAnswer(plan: AnswerPlan, outputs: Parameters<AnswerPlan['read']>[0], path: string): Answer {
  try {
    return plan.read(outputs)[0]![0]!;
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}

function warningsOf({ images, labelInstability, method, clips }: Sequence): string[] {
  return [
    ...(method.preprocessing.from === 'guess' ? [say('guessedPreprocessing')] : []),
    ...(new Set(clips.map((clip) => clip.classes[0]!.name)).size === 1 && labelInstability.count === 0 ? [say('oneLabelForFrames')] : []),
    ...(labelInstability.of < 100 ? [say('fewFrames', { pairs: labelInstability.of })] : []),
    ...(images.skipped.length > 0 ? [say('unreadFrames', { count: images.skipped.length, total: images.total })] : []),
  ];
}
