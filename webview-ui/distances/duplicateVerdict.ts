/** What a threshold on the feature distance comes to, in words: how many distorted versions it finds, and what it takes for them. */
import type { RunDistances } from '../../src/engine/runs/queries.ts';
import { distortionName, percent } from '../format.ts';
import type { Phrase } from '../phrase.ts';
import { strings } from '../strings.ts';
import { atEdge, bestEdge, edgeOfShare, shareBelow, summed } from './threshold.ts';

const text = strings.distances;

/** Without different pictures to be told from, a threshold that finds this share of the distorted versions. */
const USUAL_RECALL = 0.95;

/** How far both shares must be apart at the best threshold for the words "well" and "in most cases". */
const WELL = 0.9;
const MOSTLY = 0.6;

const versionsOf = ({ distortions }: RunDistances): number[] => summed(distortions.map(({ bins }) => bins));

/** The edge of the threshold that suits a run: where versions and different pictures are told apart best. */
export function suitableEdge(run: RunDistances): number {
  const versions = versionsOf(run);
  return Math.max(1, run.negatives ? bestEdge(versions, run.negatives.bins) : edgeOfShare(versions, USUAL_RECALL));
}

/** The shares below an edge: of distorted versions, and of different pictures where they are known. */
const sharesBelow = (run: RunDistances, edge: number): { versions: number; different: number | null } => ({ versions: shareBelow(versionsOf(run), edge), different: run.negatives && shareBelow(run.negatives.bins, edge) });

/** Whether a run's distances tell versions from different pictures, whatever the threshold, and what the threshold at `edge` does. */
export function thresholdHeadline(run: RunDistances, edge: number, threshold: string): Phrase {
  const { versions, different } = sharesBelow(run, edge);
  if (different === null) return text.headlineAlone(threshold, percent(versions));
  const best = sharesBelow(run, suitableEdge(run));
  const apart = best.versions - best.different!;
  return [text.tellApart[apart >= WELL ? 'well' : apart >= MOSTLY ? 'mostly' : 'badly'], ' ', ...text.headline(threshold, percent(versions), percent(different))];
}

/** What the threshold does to a further run. */
export function otherRun(run: RunDistances, edge: number, name: string): string {
  const { versions, different } = sharesBelow(run, edge);
  return text.otherRun(name, percent(versions), different === null ? null : percent(different));
}

/** The distortions of whose versions the threshold finds fewest and most; null where there is but one. */
export function hardestAndEasiest({ distortions }: RunDistances, edge: number): string | null {
  const ordered = distortions.map((distortion) => ({ name: distortionName(distortion), recall: atEdge(distortion.bins, null, edge).recall })).sort((a, b) => a.recall - b.recall);
  const [hardest, easiest] = [ordered[0], ordered.at(-1)];
  return hardest && easiest && hardest !== easiest ? text.hardest(hardest.name, percent(hardest.recall), easiest.name, percent(easiest.recall)) : null;
}
