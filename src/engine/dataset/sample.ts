import { randomSource } from '../random.ts';
import type { DatasetItem } from './item.ts';

/**
 * At most `limit` items, as evenly over the classes as they allow, in the order of `items`. Which ones depends on the seed
 * and on the items alone.
 */
export function balancedSample(items: readonly DatasetItem[], limit: number, seed: number): DatasetItem[] {
  if (items.length <= limit) return [...items];
  const byClass = [...groupByClass(items).values()];
  // Where the limit is no multiple of the number of classes, chance decides which ones get one picture more.
  const order = shuffled(Uint32Array.from(byClass.keys()), seed, 'classes');
  const queues = Array.from(order, (index) => shuffled(byClass[index]!, seed, index));
  const chosen: number[] = [];
  for (let round = 0; chosen.length < limit; round++) {
    for (const queue of queues) if (round < queue.length && chosen.length < limit) chosen.push(queue[round]!);
  }
  return chosen.sort((a, b) => a - b).map((index) => items[index]!);
}

/** Indices of the items of each class, classes in ascending order, the unlabelled first. */
export function groupByClass(items: readonly DatasetItem[]): Map<number | null, Uint32Array> {
  const groups = new Map<number | null, number[]>();
  items.forEach(({ label }, index) => {
    const group = groups.get(label);
    if (group) group.push(index);
    else groups.set(label, [index]);
  });
  const sorted = [...groups].sort(([a], [b]) => (a ?? -1) - (b ?? -1));
  return new Map(sorted.map(([label, indices]) => [label, Uint32Array.from(indices)]));
}

function shuffled(values: Uint32Array, seed: number, purpose: string | number): Uint32Array {
  randomSource(seed, 'sample', purpose).shuffle(values);
  return values;
}
