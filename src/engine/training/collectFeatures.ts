import type { DatasetItem } from '../dataset.ts';
import type { Session } from '../engines/engine.ts';
import { inputTensor } from '../inference/evaluatePictures.ts';
import { breathe, UserError, type Job } from '../job.ts';
import type { OpenModel } from '../openModel.ts';
import { preparePictures } from '../pictures/picturePool.ts';
import type { Version } from '../pictures/prepare.ts';
import { ProgressMeter } from '../progress.ts';
import { FeatureStore, type ValueShapes } from './featureStore.ts';

/**
 * Runs the fixed part once over every version of every picture and keeps the values at the cut. Goes on after the pictures
 * that the file at `path` holds already. Throws where no picture can be read.
 */
export async function collectFeatures(
  parts: { model: OpenModel; fixed: Session; shapes: ValueShapes; items: readonly DatasetItem[]; versions: readonly Version[]; seed: number; path: string; step: string },
  job: Job,
): Promise<FeatureStore> {
  const { model, fixed, items, versions, seed } = parts;
  const { layout, width, height } = model.input;
  const store = new FeatureStore(parts.path, versions.length, parts.shapes);
  try {
    const meter = new ProgressMeter(job, parts.step, 'pictures', items.length);
    meter.advance(store.done);
    for await (const { source, prepared } of preparePictures(items.slice(store.done), { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions })) {
      if (prepared.ok) {
        store.add(source.path, await fixed.run({ [model.inputName]: inputTensor(model, prepared.tensor, versions.length) }));
      } else {
        store.skip(source.path, prepared.reason);
        job.log(`skipped ${source.path}: ${prepared.reason}`);
      }
      meter.advance();
      await breathe(job);
    }
    const [first] = store.skipped;
    if (items.length > 0 && store.count === 0 && first) throw new UserError(`none of the ${items.length} pictures can be read: ${first.path}: ${first.reason}`);
    store.flush();
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}
