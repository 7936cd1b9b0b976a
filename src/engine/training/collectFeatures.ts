import type { DatasetItem } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { runPictures } from '../inference/picturePool.ts';
import { breathe, UserError, type Job } from '../job.ts';
import { concreteInput, type OpenModel } from '../openModel.ts';
import type { Version } from '../pictures/prepare.ts';
import { ProgressMeter } from '../progress.ts';
import { FeatureStore, type ValueShapes } from './featureStore.ts';

/**
 * Runs the fixed part once over every version of every picture and keeps the values at the cut. Goes on after the pictures
 * that the file at `path` holds already. Throws where no picture can be read.
 */
export async function collectFeatures(
  parts: { model: OpenModel; fixed: ModelProto; engine: Engine; threads: number; shapes: ValueShapes; items: readonly DatasetItem[]; versions: readonly Version[]; seed: number; path: string; step: string },
  job: Job,
): Promise<FeatureStore> {
  const { model, fixed, items, versions, seed, engine, threads } = parts;
  const { layout, width, height } = model.input;
  const store = new FeatureStore(parts.path, versions.length, parts.shapes);
  try {
    const meter = new ProgressMeter(job, parts.step, 'pictures', items.length);
    meter.advance(store.done);
    const plan = { inputName: model.inputName, dims: concreteInput(model).slice(1), batch: null, first: fixed, then: [] };
    const settings = { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions };
    for await (const { source, result } of runPictures(items.slice(store.done), settings, plan, engine, threads)) {
      if (result.ok) {
        store.add(source.path, result.outputs[0]!);
      } else {
        store.skip(source.path, result.reason);
        job.log(`skipped ${source.path}: ${result.reason}`);
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
