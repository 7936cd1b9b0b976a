import type { Tensor } from '../graph/tensor.ts';

/** The values at the cut of a set of pictures in several versions: kept, or made anew for every batch. */
export interface FeatureSource {
  /** Pictures that could be read. */
  readonly count: number;
  /** Their paths, in the order of their indices. */
  readonly paths: string[];
  readonly skipped: { path: string; reason: string }[];
  /** Pictures to be run at once at most, so that the values at the cut take bounded memory. */
  readonly atOnce: number;
  /** One version of some pictures as a batch, a tensor [indices.length, …] for each value. `version` may differ from picture to picture. */
  batch(indices: ArrayLike<number>, version: (place: number) => number): Record<string, Tensor> | Promise<Record<string, Tensor>>;
  close(): void | Promise<void>;
}

/** Numbers at the cut of the pictures that run at once: 16 pictures of 224 × 224 pixels. */
const numbersAtOnce = 16 * 3 * 224 * 224;

/** Pictures at once for so many numbers a picture, 256 at the most. */
export function picturesAtOnce(numbers: number): number {
  return Math.max(1, Math.min(256, Math.floor(numbersAtOnce / numbers)));
}
