import type { DatasetItem } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { named } from '../inference/answers.ts';
import type { NetworkPlan } from '../inference/network.ts';
import { runPictures } from '../inference/picturePool.ts';
import { breathe, UserError, type Job } from '../job.ts';
import { concreteInput, type OpenModel } from '../openModel.ts';
import type { PrepareSettings, Version } from '../pictures/prepare.ts';
import { ProgressMeter } from '../progress.ts';
import type { Preprocessing } from '../results.ts';
import { FeatureStore, type ValueShapes } from './featureStore.ts';

/**
 * Runs the fixed part once over every version of every picture and keeps the values at the cut. Goes on after the pictures
 * that the file at `path` holds already. Throws where no picture can be read.
 */
export async function collectFeatures(parts: Collection & { fixed: ModelProto; shapes: ValueShapes }, job: Job): Promise<FeatureStore> {
  const { model, fixed, versions } = parts;
  const { layout } = model.input;
  const plan = { ...named(model), inputName: model.inputName, dims: concreteInput(model).slice(1), batch: null, first: fixed, then: [] };
  return await collect(new FeatureStore(parts.path, versions.length, parts.shapes), parts, { layout, preprocessing: model.preprocessing }, plan, job);
}

/** Keeps every version of every picture as bytes at the size of the model's input, red, green and blue together. */
export async function collectPictures(parts: Collection, job: Job): Promise<FeatureStore> {
  const { width, height } = parts.model.input;
  const dims = [height, width, 3];
  const builder = new GraphBuilder(18);
  builder.output(builder.op('Identity', [builder.input('picture', 'float32', ['batch', ...dims])], {}, pictureValue), 'float32', ['batch', ...dims]);
  const plain: Preprocessing = { ...parts.model.preprocessing, range: '0-255', mean: null, std: null, channels: 'rgb' };
  const first = builder.build();
  const plan = { ...named(parts.model), inputName: 'picture', dims, batch: null, first, then: [] };
  return await collect(new FeatureStore(parts.path, parts.versions.length, { [first.graph!.output[0]!.name]: dims }, 'uint8'), parts, { layout: 'nhwc', preprocessing: plain }, plan, job);
}

const pictureValue = 'pixels';

interface Collection {
  model: OpenModel;
  engine: Engine;
  threads: number;
  items: readonly DatasetItem[];
  versions: readonly Version[];
  seed: number;
  /** File to keep them in. */
  path: string;
  /** How progress names it. */
  step: string;
}

async function collect(store: FeatureStore, parts: Collection, input: Pick<PrepareSettings, 'layout' | 'preprocessing'>, plan: NetworkPlan, job: Job): Promise<FeatureStore> {
  const { model, items, versions, seed, engine, threads } = parts;
  const { width, height } = model.input;
  try {
    const meter = new ProgressMeter(job, parts.step, 'pictures', items.length);
    meter.advance(store.done);
    const settings = { seed, size: { width, height }, ...input, versions };
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
