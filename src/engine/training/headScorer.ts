import type { Engine, Session } from '../engines/engine.ts';
import { withWeights } from '../graph/cut.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../graph/tensor.ts';
import { argmax, softmax } from '../measures/labels.ts';
import { breathe, type Job } from '../job.ts';
import type { FeatureStore } from './featureStore.ts';
import { logitsName } from './trainedPart.ts';

const batchSize = 256;

/** Tries weights of the trained part on cached features: what the whole model would answer, without running it. */
export class HeadScorer {
  readonly #engine: Engine;
  readonly #forward: ModelProto;
  readonly #threads: number;

  constructor(engine: Engine, forward: ModelProto, threads: number) {
    this.#engine = engine;
    this.#forward = forward;
    this.#threads = threads;
  }

  /** Most likely class of every picture of a store in some versions, with the given weights: `[version][picture]`. */
  async labels(weights: Record<string, Tensor>, store: FeatureStore, versions: readonly number[], job: Job): Promise<Uint32Array[]> {
    return this.#with(weights, async (session) => {
      const labels: Uint32Array[] = [];
      for (const version of versions) {
        const row = new Uint32Array(store.count);
        await eachLogits(session, store, version, job, (index, logits) => (row[index] = argmax(logits)));
        labels.push(row);
      }
      return labels;
    });
  }

  /** The original model's probabilities for every clean picture, [pictures × classes]. */
  async answers(store: FeatureStore, classes: number, job: Job): Promise<Float32Array> {
    const answers = new Float32Array(store.count * classes);
    await this.#with({}, (session) => eachLogits(session, store, 0, job, (index, logits) => answers.set(softmax(logits), index * classes)));
    return answers;
  }

  /** Number of classes that the trained part answers with; 0 for an empty store. */
  async classes(store: FeatureStore): Promise<number> {
    if (store.count === 0) return 0;
    const output = await this.#with({}, (session) => session.run(store.batch([0], () => 0)));
    return output[logitsName]!.data.length;
  }

  async #with<Result>(weights: Record<string, Tensor>, use: (session: Session) => Promise<Result>): Promise<Result> {
    const changed = new Map(Object.entries(weights).map(([name, tensor]) => [name, toFloat32(tensor)]));
    const session = await this.#engine.load(withWeights(this.#forward, changed), { threads: this.#threads });
    try {
      return await use(session);
    } finally {
      await session.release();
    }
  }
}

async function eachLogits(session: Session, store: FeatureStore, version: number, job: Job, take: (index: number, logits: Float32Array) => void): Promise<void> {
  for (let at = 0; at < store.count; at += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, store.count - at) }, (_, index) => at + index);
    const output = (await session.run(store.batch(indices, () => version)))[logitsName]!;
    const logits = toFloat32(output);
    const classes = logits.length / indices.length;
    indices.forEach((index, row) => take(index, logits.subarray(row * classes, (row + 1) * classes)));
    await breathe(job);
  }
}

/** Share of places in which two rows of labels differ; 0 for empty rows. */
export function shareDifferent(a: Uint32Array, b: Uint32Array): number {
  return a.length === 0 ? 0 : a.reduce((count, label, index) => count + (label === b[index] ? 0 : 1), 0) / a.length;
}
