import { rank } from './labels.ts';

/** Whether the true class is among the `k` most likely ones; precision@k is the share of pictures where it is. */
export function isAmongTop(answer: ArrayLike<number>, truth: number, k: number): boolean {
  return rank(answer, truth) < k;
}
