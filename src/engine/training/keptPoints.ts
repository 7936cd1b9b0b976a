import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../formats/atomicWrite.ts';
import type { Checkpoint } from './checkpoint.ts';
import { writeStates } from './stateFile.ts';

/** Bytes that the weights of a run's points may take together. */
const keptLimit = 512 * 2 ** 20;

/** File of a run that holds the weights of a point of its search. */
export function pointFile(run: string, index: number): string {
  return join(run, 'points', `point-${index}.onnx`);
}

/**
 * Keeps the weights of some points in the run folder after the checkpoint is gone, as many as there is room for. `place` is a
 * point's index in the report, `index` in the checkpoint. Returns the places of those that were kept.
 */
export async function keepPoints(run: string, checkpoint: Checkpoint, points: readonly { place: number; index: number }[]): Promise<Set<number>> {
  const kept = new Set<number>();
  if (points.length > 0) await makeFolder(join(run, 'points'));
  let bytes = 0;
  for (const { place, index } of points) {
    const finished = await checkpoint.point(index);
    if (!finished || bytes > keptLimit) continue;
    const { weights } = finished.trained.best;
    await writeStates(pointFile(run, place), { best: { weights, optimizer: {}, steps: 0 } }, { point: finished.point });
    bytes += (await stat(pointFile(run, place))).size;
    kept.add(place);
  }
  return kept;
}
