import { breathe, UserError, type Job } from '../job.ts';
import type { Dataset, DatasetItem } from '../dataset.ts';
import type { Tensor } from '../graph/tensor.ts';
import { concreteInput, type OpenModel } from '../openModel.ts';
import { preparePictures } from '../pictures/picturePool.ts';
import type { Version } from '../pictures/prepare.ts';
import { ProgressMeter } from '../progress.ts';
import type { DistortionSpec, SkippedImage } from '../results.ts';
import type { PairsWriter } from '../runs/pairsFile.ts';
import type { Answerer } from './answers.ts';
import { Tally } from './tally.ts';

export interface PictureEvaluation {
  /** One for each variant of the answerer. */
  tallies: Tally[];
  skipped: SkippedImage[];
  inferenceSeconds: number;
  /** Time in which the model waited for a picture. */
  imageSeconds: number;
}

/** A batch of model inputs, `count` of them one after the other. */
export function inputTensor(model: OpenModel, data: Float32Array, count: number): Tensor {
  return { type: 'float32', dims: [count, ...concreteInput(model).slice(1)], data };
}

/**
 * Runs every picture, clean and distorted, through the model's variants: pictures are decoded once and prepared in a thread
 * of their own while the model answers the ones before. Throws where no picture can be read.
 */
export async function evaluatePictures(
  parts: { model: OpenModel; items: readonly DatasetItem[]; classNames: Dataset['classNames']; distortions: readonly DistortionSpec[]; seed: number; answerer: Answerer; writers: readonly PairsWriter[]; step: string },
  job: Job,
): Promise<PictureEvaluation> {
  const { model, items, classNames, distortions, seed, answerer, writers } = parts;
  const versions: Version[] = [{ kind: 'clean' }, ...distortions.map((distortion): Version => ({ kind: 'distorted', distortion }))];
  const { layout, width, height } = model.input;
  const tallies = writers.map(() => new Tally(distortions, classNames));
  const skipped: SkippedImage[] = [];
  const meter = new ProgressMeter(job, parts.step, 'pictures', items.length);
  let inferenceSeconds = 0;
  let imageSeconds = 0;
  let waitingSince = performance.now();
  for await (const { source, prepared } of preparePictures(items, { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions })) {
    const ready = performance.now();
    imageSeconds += (ready - waitingSince) / 1000;
    if (prepared.ok) {
      const variants = await answerer.answer(inputTensor(model, prepared.tensor, versions.length)).catch((error: unknown) => {
        throw error instanceof UserError ? new UserError(`${source.path}: ${error.message}`, { cause: error }) : error;
      });
      inferenceSeconds += (performance.now() - ready) / 1000;
      for (const [index, [clean, ...distorted]] of variants.entries()) {
        const pairs = tallies[index]!.add(source, clean!, distorted, prepared.pixelDifferences.slice(1));
        for (const pair of pairs) await writers[index]!.add(pair);
      }
    } else {
      skipped.push({ path: source.path, reason: prepared.reason });
      job.log(`skipped ${source.path}: ${prepared.reason}`);
    }
    meter.advance();
    await breathe(job);
    waitingSince = performance.now();
  }
  if (skipped.length === items.length) throw new UserError(`none of the ${items.length} pictures can be read: ${skipped[0]?.path ?? ''}: ${skipped[0]?.reason ?? ''}`);
  return { tallies, skipped, inferenceSeconds, imageSeconds };
}
