import type { Engine, Session } from '../engines/engine.ts';
import { withWeights } from '../graph/cut.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../graph/tensor.ts';
import { argmax, softmax } from '../measures/labels.ts';
import { breathe, type Job } from '../job.ts';
import type { FeatureSource } from './featureSource.ts';
import { logitsName } from './trainedPart.ts';

/** Rows of an array [rows, length]. */
export interface Vectors {
  length: number;
  data: Float32Array;
}

/** Tries weights of the trained part on cached features: what the whole model would answer, without running it. */
export class HeadScorer {
  readonly #engine: Engine;
  readonly #forward: ModelProto;
  readonly #threads: number;
  readonly #job: Job;

  constructor(engine: Engine, forward: ModelProto, threads: number, job: Job) {
    this.#engine = engine;
    this.#forward = forward;
    this.#threads = threads;
    this.#job = job;
  }

  /** Most likely class of pictures of a store in some versions, with the given weights: `[version][picture]`. */
  async labels(weights: Record<string, Tensor>, store: FeatureSource, versions: readonly number[], pictures = everyPicture(store)): Promise<Uint32Array[]> {
    return this.#with(weights, async (session) => {
      const labels: Uint32Array[] = [];
      for (const version of versions) {
        const row = new Uint32Array(pictures.length);
        await this.#eachRow(session, store, version, pictures, (place, logits) => (row[place] = argmax(logits)));
        labels.push(row);
      }
      return labels;
    });
  }

  /** The original model's probabilities for every clean picture, [pictures × classes]. */
  async answers(store: FeatureSource): Promise<Vectors> {
    return (await this.#rows({}, store, [0], everyPicture(store), softmax))[0]!;
  }

  /** Embeddings of pictures in some versions, each of length 1. */
  async embeddings(weights: Record<string, Tensor>, store: FeatureSource, versions: readonly number[], pictures = everyPicture(store)): Promise<Vectors[]> {
    return this.#rows(weights, store, versions, pictures, (row) => {
      const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
      return row.map((value) => value / Math.max(norm, 1e-12));
    });
  }

  async #rows(weights: Record<string, Tensor>, store: FeatureSource, versions: readonly number[], pictures: Uint32Array, change: (row: Float32Array) => ArrayLike<number>): Promise<Vectors[]> {
    return this.#with(weights, async (session) => {
      const all: Vectors[] = [];
      for (const version of versions) {
        const vectors: Vectors = { length: 0, data: new Float32Array() };
        await this.#eachRow(session, store, version, pictures, (place, row) => {
          if (place === 0) Object.assign(vectors, { length: row.length, data: new Float32Array(pictures.length * row.length) });
          vectors.data.set(change(row), place * row.length);
        });
        all.push(vectors);
      }
      return all;
    });
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

  async #eachRow(session: Session, store: FeatureSource, version: number, pictures: Uint32Array, take: (place: number, row: Float32Array) => void): Promise<void> {
    for (let at = 0; at < pictures.length; at += store.atOnce) {
      const indices = pictures.subarray(at, at + store.atOnce);
      const rows = toFloat32((await session.run(await store.batch(indices, () => version)))[logitsName]!);
      const length = rows.length / indices.length;
      for (let place = 0; place < indices.length; place++) take(at + place, rows.subarray(place * length, (place + 1) * length));
      await breathe(this.#job);
    }
  }
}

function everyPicture(store: FeatureSource): Uint32Array {
  return Uint32Array.from({ length: store.count }, (_, index) => index);
}

/** Share of places in which two rows of labels differ; 0 for empty rows. */
export function shareDifferent(a: Uint32Array, b: Uint32Array): number {
  return a.length === 0 ? 0 : a.reduce((count, label, index) => count + (label === b[index] ? 0 : 1), 0) / a.length;
}
