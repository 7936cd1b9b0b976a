import { breathe, UserError, type Job } from '../job.ts';
import type { Dataset, DatasetItem } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { OpenModel } from '../openModel.ts';
import type { Version } from '../pictures/prepare.ts';
import { ProgressMeter } from '../progress.ts';
import type { DistortionSpec, SkippedImage } from '../results.ts';
import { writeNegatives } from '../runs/negativesFile.ts';
import type { PairsWriter } from '../runs/pairsFile.ts';
import type { Answer, AnswerPlan } from './answers.ts';
import { runPictures } from './picturePool.ts';
import { FeatureSample } from './featureSample.ts';
import { Tally } from './tally.ts';

export interface PictureEvaluation {
  /** One for each variant of the plan. */
  tallies: Tally[];
  skipped: SkippedImage[];
  /** What ran the network, with its version. */
  engine: string;
  /** Time in the network, per thread. */
  inferenceSeconds: number;
  /** The rest: reading, distorting, measuring, starting the threads. */
  imageSeconds: number;
}

/**
 * Runs every picture, clean and distorted, through the model's variants: each is decoded once, and
 * decoding, distorting and inference overlap. Throws where no picture can be read.
 */
export async function evaluatePictures(
  parts: { model: OpenModel; items: readonly DatasetItem[]; classNames: Dataset['classNames']; distortions: readonly DistortionSpec[]; seed: number; plan: AnswerPlan; engine: Engine; threads: number; writers: readonly PairsWriter[]; step: string },
  job: Job,
): Promise<PictureEvaluation> {
  const { model, items, classNames, distortions, seed, plan, engine, threads, writers } = parts;
  const versions: Version[] = [{ kind: 'clean' }, ...distortions.map((distortion): Version => ({ kind: 'distorted', distortion }))];
  const { layout, width, height } = model.input;
  const tallies = writers.map(() => new Tally(distortions, classNames));
  const samples = writers.map(() => new FeatureSample(seed));
  const skipped: SkippedImage[] = [];
  const meter = new ProgressMeter(job, parts.step, 'pictures', items.length);
  let inferenceSeconds = 0;
  let description = engine.description;
  const begun = performance.now();
  const settings = { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions };
  for await (const { source, result } of runPictures(items, settings, plan.network, engine, threads)) {
    if (result.ok) {
      inferenceSeconds += result.inferenceSeconds;
      description = result.engine;
      for (const [index, [clean, ...distorted]] of readAnswers(plan, result.outputs, source.path).entries()) {
        const pairs = tallies[index]!.add(source, clean!, distorted, result.pictureMeasures.slice(1));
        samples[index]!.add(source.path, source.label, clean!.features);
        for (const pair of pairs) await writers[index]!.add(pair);
      }
    } else {
      skipped.push({ path: source.path, reason: result.reason });
      job.log(`skipped ${source.path}: ${result.reason}`);
    }
    meter.advance();
    await breathe(job);
  }
  if (skipped.length === items.length) throw new UserError(`none of the ${items.length} pictures can be read: ${skipped[0]?.path ?? ''}: ${skipped[0]?.reason ?? ''}`);
  for (const [index, sample] of samples.entries()) {
    const negatives = sample.negatives();
    if (negatives) await writeNegatives(writers[index]!.folder, negatives);
  }
  return { tallies, skipped, engine: description, inferenceSeconds, imageSeconds: Math.max(0, (performance.now() - begun) / 1000 - inferenceSeconds) };
}

function readAnswers(plan: AnswerPlan, outputs: readonly Record<string, Tensor>[], path: string): Answer[][] {
  try {
    return plan.read(outputs);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}
