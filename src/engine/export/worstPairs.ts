import { UserError } from '../job.ts';
import type { DistortionSpec } from '../results.ts';
import { pairPictures } from '../runs/pairPictures.ts';
import { pairsPage } from '../runs/pairsView.ts';
import type { PairPictureFiles, PairsViewRow } from '../runs/queries.ts';

/** Factor on |A − B| in pictures of the difference. */
export const amplification = 8;

/** A pair with its pictures; null where the original is gone or cannot be read any more. */
export interface ShownPair {
  pair: PairsViewRow;
  pictures: PairPictureFiles | null;
}

/** The pairs of one distortion that are the worst: those with a changed label first, each by feature distance. */
export async function worstPairs(run: string, distortion: DistortionSpec, count: number, size: number): Promise<ShownPair[]> {
  const query = { run, distortion, sort: 'featureDistance', start: 0 } as const;
  const changed = (await pairsPage({ ...query, changed: true, end: count })).rows;
  const kept = changed.length < count ? (await pairsPage({ ...query, changed: false, end: count - changed.length })).rows : [];
  const shown: ShownPair[] = [];
  for (const pair of [...changed, ...kept]) shown.push({ pair, pictures: await picturesOf(run, pair.line, size) });
  return shown;
}

async function picturesOf(run: string, line: number, size: number): Promise<PairPictureFiles | null> {
  try {
    return await pairPictures({ run, line, size, amplification });
  } catch (error) {
    // The picture may have been moved or deleted since; its numbers are still worth showing.
    if (error instanceof UserError) return null;
    throw error;
  }
}
