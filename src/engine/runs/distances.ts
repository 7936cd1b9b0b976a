import { recallAtPrecision } from '../measures/nearDuplicates.ts';
import { readNegatives, type Negatives } from './negativesFile.ts';
import { openPairs, type OpenedPairs } from './openedPairs.ts';
import type { PairsIndex } from './pairsIndex.ts';
import type { Distances, DistancesQuery, RunDistances } from './queries.ts';

/** Bins of a histogram: at the usual scale from 0 to 2, one is 0.004 wide. */
const bins = 500;

/** Histograms of the feature distances of some runs, on one scale. Throws a `UserError` that names a run without pairs. */
export async function distances({ runs: folders }: DistancesQuery): Promise<Distances> {
  const opened = await Promise.all(folders.map(async (folder) => ({ run: await openPairs(folder), negatives: await readNegatives(folder) })));
  const largest = Math.max(0, ...opened.flatMap(({ run, negatives }) => [run.maxFeatureDistance, (negatives?.distances ?? []).reduce((most, value) => Math.max(most, value), 0)]));
  // Distances of vectors of length 1 reach from 0 to 2; others have a scale of their own.
  const end = largest <= 2 ? 2 : largest;
  return { end, runs: opened.map(({ run, negatives }) => ofRun(run, negatives, end)) };
}

function ofRun({ folder, index }: OpenedPairs, negatives: Negatives | null, end: number): RunDistances {
  const others = negatives && Float32Array.from(negatives.distances).sort();
  return {
    run: folder,
    distortions: index.distortions.map((spec, number) => {
      const positives = ofDistortion(index, number).sort();
      const at = (precision: number) => others && recallAtPrecision(positives, others, precision);
      return { ...spec, pairs: positives.length, bins: histogram(positives, end), atPrecision98: at(0.98), atPrecision995: at(0.995) };
    }),
    negatives: negatives && others && { pairs: others.length, sameClass: negatives.sameClass, bins: histogram(others, end) },
  };
}

/** The distances of one distortion, in the order of the file. */
function ofDistortion({ columns, distortion }: PairsIndex, number: number): Float32Array {
  const values = new Float32Array(distortion.length);
  let count = 0;
  for (let line = 0; line < distortion.length; line++) if (distortion[line] === number) values[count++] = columns.featureDistance[line]!;
  return values.subarray(0, count);
}

function histogram(values: Float32Array, end: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value / end) * bins))]!++;
  return counts;
}
