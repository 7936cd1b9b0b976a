import { sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Losses, TrainingBatch } from './trainingStep.ts';

/** Pictures and targets of a batch, without what steers the update. */
export type Pictures = Omit<TrainingBatch, 'alpha' | 'learningRate'>;

/** A part of a batch and its share of the batch's pictures. */
export interface BatchPart {
  pictures: Pictures;
  share: number;
}

/** A batch in parts of at most `size` pictures; whole where that is undefined. The parts share the batch's memory. */
export function batchParts({ clean, noisy, secondNoisy, targets }: Pictures, size: number | undefined): BatchPart[] {
  const [first] = Object.values(clean);
  const count = first?.dims[0] ?? 0;
  if (size === undefined || count <= size) return [{ pictures: { clean, noisy, ...(secondNoisy ? { secondNoisy } : {}), ...(targets ? { targets } : {}) }, share: 1 }];
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => {
    const [start, end] = [index * size, Math.min(count, (index + 1) * size)];
    const rows = (branch: Record<string, Tensor>): Record<string, Tensor> => Object.fromEntries(Object.entries(branch).map(([name, tensor]) => [name, slice(tensor, start, end)]));
    return {
      pictures: { clean: rows(clean), noisy: rows(noisy), ...(secondNoisy ? { secondNoisy: rows(secondNoisy) } : {}), ...(targets ? { targets: slice(targets, start, end) } : {}) },
      share: (end - start) / count,
    };
  });
}

function slice(tensor: Tensor, start: number, end: number): Tensor {
  const row = sizeOf(tensor.dims.slice(1));
  return { ...tensor, dims: [end - start, ...tensor.dims.slice(1)], data: tensor.data.subarray(start * row, end * row) };
}

/** The losses of a whole batch from those of its parts. */
export function joinLosses(parts: readonly { losses: Losses; share: number }[]): Losses {
  const mean = (of: (losses: Losses) => number): number => (parts.length === 1 ? of(parts[0]!.losses) : parts.reduce((sum, { losses, share }) => sum + share * of(losses), 0));
  return { loss: mean(({ loss }) => loss), stabilityLoss: mean(({ stabilityLoss }) => stabilityLoss) };
}
