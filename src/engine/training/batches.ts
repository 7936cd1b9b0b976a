import { UserError } from '../job.ts';
import { randomSource } from '../random.ts';
import type { Objective } from '../results.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { FeatureSource } from './featureSource.ts';
import type { TrainingBatch } from './trainingStep.ts';

/** Pictures with the values at the cut and what L0 compares with. */
export interface TrainingSet {
  store: FeatureSource;
  /** Class of every picture of the store: the true one, or the original model's answer. */
  truth: Uint32Array;
  /** Version of the store that holds the first draw of x′, and how many draws follow one another from there. */
  firstDraw: number;
  draws: number;
  /** Rows of targets for some pictures, float32 [n, …]; none where L0 needs none. */
  targets: ((indices: ArrayLike<number>) => Tensor) | null;
}

/**
 * The pictures of an epoch, in the order in which they are trained with; the same for the same seed and epoch. For triplets
 * every picture is a query once and followed by its positive, another picture of its class, and its negative, one of another
 * class, both by chance; pictures that are alone in their class are no queries.
 *
 * @throws UserError where there is no triplet
 */
export function epochOrder({ store, truth }: Pick<TrainingSet, 'store' | 'truth'>, objective: Objective, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: store.count }, (_, index) => index);
  randomSource(seed, 'order', epoch).shuffle(order);
  if (objective !== 'triplet') return order;
  const random = randomSource(seed, 'triplets', epoch);
  const byClass = new Map<number, number[]>();
  for (const index of order) {
    const own = byClass.get(truth[index]!);
    if (own) own.push(index);
    else byClass.set(truth[index]!, [index]);
  }
  const triplets: number[] = [];
  for (const query of order) {
    const own = byClass.get(truth[query]!)!;
    if (own.length < 2 || own.length === order.length) continue;
    let positive = query;
    while (positive === query) positive = own[random.integer(own.length)]!;
    let negative = query;
    while (truth[negative] === truth[query]) negative = order[random.integer(order.length)]!;
    triplets.push(query, positive, negative);
  }
  if (store.count > 0 && triplets.length === 0) throw new UserError('there is no triplet to train with: that takes two pictures of one class and one of another');
  return Uint32Array.from(triplets);
}

/** Pictures a step: whole triplets where the objective is made of them. */
export function stepSize(batchSize: number, objective: Objective): number {
  return objective === 'triplet' ? 3 * Math.max(1, Math.floor(batchSize / 3)) : batchSize;
}

/** Some pictures as a step takes them. Each epoch shows a picture with another draw, and a batch mixes draws. */
export async function makeBatch(set: TrainingSet, indices: Uint32Array, epoch: number, views: 2 | 3): Promise<Omit<TrainingBatch, 'alpha' | 'learningRate'>> {
  const drawn = (view: number) => (place: number): number => set.firstDraw + ((epoch + view + indices[place]!) % set.draws);
  return {
    clean: await set.store.batch(indices, () => 0),
    noisy: await set.store.batch(indices, drawn(0)),
    ...(views === 3 ? { secondNoisy: await set.store.batch(indices, drawn(1)) } : {}),
    ...(set.targets === null ? {} : { targets: set.targets(indices) }),
  };
}
