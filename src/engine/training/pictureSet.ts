import type { Tensor } from '../graph/tensor.ts';
import type { FeatureStore } from './featureStore.ts';
import type { HeadScorer } from './headScorer.ts';
import type { UnderWay } from './settings.ts';

/** Pictures with what L0 compares with and the class that counts as right. */
export interface PictureSet {
  store: FeatureStore;
  /** Class of every picture of the store that counts as right. */
  truth: Uint32Array;
  /** Rows of targets for some pictures, float32 [n, classes]. */
  targets(indices: ArrayLike<number>): Tensor;
}

/** What L0 compares with: labels where there are any, else the original model's own answers (self-distillation). */
export async function pictureSet({ model, dataset, job }: UnderWay, store: FeatureStore, scorer: HeadScorer): Promise<PictureSet> {
  const labels = new Map(dataset.items.map((item) => [item.path, item.label]));
  const known = store.paths.map((path) => labels.get(path) ?? null);
  const classes = model.classes ?? (await scorer.classes(store));
  const needed = known.some((label) => label === null);
  const answers = needed ? await scorer.answers(store, classes, job) : null;
  const [own] = needed ? await scorer.labels({}, store, [0], job) : [new Uint32Array()];
  return {
    store,
    truth: Uint32Array.from(known, (label, index) => label ?? own![index]!),
    targets: (indices) => {
      const data = new Float32Array(indices.length * classes);
      for (let row = 0; row < indices.length; row++) {
        const index = indices[row]!;
        const label = known[index] ?? null;
        if (label === null) data.set(answers!.subarray(index * classes, (index + 1) * classes), row * classes);
        else data[row * classes + label] = 1;
      }
      return { type: 'float32', dims: [indices.length, classes], data };
    },
  };
}
