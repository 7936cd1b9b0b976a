import type { Sequence } from '../results.ts';
import { ShareCounter } from '../statistics.ts';

/** Neighbours on either side that are looked at: the largest k of the paper. */
const largestK = 10;

/**
 * pm-k: a frame counts only if it and all frames up to k before and after it are right (Shankar et al., "Do Image Classifiers
 * Generalize Across Time?", arXiv 1906.02168, 2019). At the ends of a stretch of frames, those that there are.
 */
export class NeighbourPrecision {
  readonly #counters = Array.from({ length: largestK + 1 }, () => new ShareCounter());
  #stretch: boolean[] = [];

  /** Takes the next frame: whether it was answered rightly. */
  add(right: boolean): void {
    this.#stretch.push(right);
  }

  /** What follows is no neighbour of what was taken so far. */
  cut(): void {
    const distances = distancesToWrong(this.#stretch);
    for (const distance of distances) this.#counters.forEach((counter, k) => counter.add(distance > k));
    this.#stretch = [];
  }

  /** A share for each k; empty where no frame has a label. */
  result(): Sequence['neighbourPrecision'] {
    this.cut();
    return this.#counters[0]!.of === 0 ? [] : this.#counters.map((counter, k) => ({ k, precision: counter.share() }));
  }
}

/** How far each frame is from the nearest wrong one: 0 for a wrong one, infinite where all are right. */
function distancesToWrong(right: readonly boolean[]): number[] {
  const distances = right.map((holds) => (holds ? Infinity : 0));
  for (let index = 1; index < right.length; index++) distances[index] = Math.min(distances[index]!, distances[index - 1]! + 1);
  for (let index = right.length - 2; index >= 0; index--) distances[index] = Math.min(distances[index]!, distances[index + 1]! + 1);
  return distances;
}
