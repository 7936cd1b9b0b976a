import type { Tensor } from '../graph/tensor.ts';
import type { TrainingSet } from './batches.ts';
import type { FeatureSource } from './featureSource.ts';
import type { HeadScorer, Vectors } from './headScorer.ts';
import type { UnderWay } from './settings.ts';

/** Pictures with what L0 compares with and the class that counts as right; what x′ is, a point of the search says. */
export type PictureSet = Omit<TrainingSet, 'firstDraw' | 'draws'>;

/**
 * What L0 compares with: labels where there are any, else the original model's own answers (self-distillation). Embeddings are
 * held to the original's own; triplets to nothing but the classes.
 */
export async function pictureSet({ model, dataset, settings }: UnderWay, store: FeatureSource, scorer: HeadScorer): Promise<PictureSet> {
  const labels = new Map(dataset.items.map((item) => [item.path, item.label]));
  const known = store.paths.map((path) => labels.get(path) ?? null);
  if (settings.objective !== 'classification') {
    // A picture without a class is a class of its own.
    const truth = Uint32Array.from(known, (label, index) => label ?? 2 ** 31 + index);
    if (settings.objective === 'triplet') return { store, truth, targets: null };
    const [own] = await scorer.embeddings({}, store, [0]);
    return { store, truth, targets: rowsOf(own!) };
  }
  const needed = known.some((label) => label === null);
  const answers = needed || model.classes === null ? await scorer.answers(store) : { length: model.classes, data: new Float32Array() };
  const [own] = needed ? await scorer.labels({}, store, [0]) : [new Uint32Array()];
  const classes = answers.length;
  return {
    store,
    truth: Uint32Array.from(known, (label, index) => label ?? own![index]!),
    targets: (indices) => {
      const data = new Float32Array(indices.length * classes);
      for (let row = 0; row < indices.length; row++) {
        const index = indices[row]!;
        const label = known[index] ?? null;
        if (label === null) data.set(answers.data.subarray(index * classes, (index + 1) * classes), row * classes);
        else data[row * classes + label] = 1;
      }
      return { type: 'float32', dims: [indices.length, classes], data };
    },
  };
}

function rowsOf({ length, data }: Vectors): (indices: ArrayLike<number>) => Tensor {
  return (indices) => {
    const rows = new Float32Array(indices.length * length);
    for (let row = 0; row < indices.length; row++) rows.set(data.subarray(indices[row]! * length, (indices[row]! + 1) * length), row * length);
    return { type: 'float32', dims: [indices.length, length], data: rows };
  };
}
