/** What a threshold on the feature distance tells apart, from histograms: thresholds are the edges of their bins. */

/** How many lie below a threshold that is the edge `edge` of the bins. */
export const countBelow = (bins: number[], edge: number): number => bins.slice(0, edge).reduce((sum, count) => sum + count, 0);

/** The share of all that lies below an edge; 0 of none. */
export const shareBelow = (bins: number[], edge: number): number => countBelow(bins, edge) / Math.max(1, countBelow(bins, bins.length));

/** The edge of the bins that is nearest to a distance. */
export const nearestEdge = (distance: number, end: number, bins: number): number => Math.max(0, Math.min(bins, Math.round(distance / end * bins)));

/** The histograms of several series as one. */
export const summed = (histograms: number[][]): number[] => (histograms[0] ?? []).map((_, bin) => histograms.reduce((sum, bins) => sum + bins[bin]!, 0));

/** The first edge below which at least a share of all lies. */
export function edgeOfShare(bins: number[], share: number): number {
  const least = share * countBelow(bins, bins.length);
  let edge = 0;
  for (let below = 0; edge < bins.length && below < least; edge++) below += bins[edge]!;
  return edge;
}

/**
 * The edge that tells two histograms apart best: below it the share of the positives is larger than that of the negatives by the
 * most, which is Youden's J (1950), whatever the number of either. Where several edges do so one after the other, the one in their middle.
 */
export function bestEdge(positives: number[], negatives: number[]): number {
  const [ofPositives, ofNegatives] = [1 / Math.max(1, countBelow(positives, positives.length)), 1 / Math.max(1, countBelow(negatives, negatives.length))];
  let [first, last, most, ahead] = [0, 0, 0, 0];
  for (const [bin, count] of positives.entries()) {
    ahead += count * ofPositives - negatives[bin]! * ofNegatives;
    // Sums of fractions are equal to a few rounding errors.
    if (ahead > most + 1e-9) [first, last, most] = [bin + 1, bin + 1, ahead];
    else if (last === bin && ahead > most - 1e-9) last = bin + 1;
  }
  return Math.round((first + last) / 2);
}

/** Recall and precision where pairs below an edge count as duplicates; no precision where nothing is known to be different, or nothing is below. */
export function atEdge(positives: number[], negatives: number[] | null, edge: number): { recall: number; precision: number | null; found: number } {
  const found = countBelow(positives, edge);
  const wrong = negatives ? countBelow(negatives, edge) : 0;
  return { recall: shareBelow(positives, edge), precision: negatives === null || found + wrong === 0 ? null : found / (found + wrong), found };
}

/** The edge below which all of several histograms lie, so that no room is drawn in which nothing is. */
export function lastEdge(histograms: number[][]): number {
  return Math.max(1, ...histograms.map((bins) => bins.findLastIndex((count) => count > 0) + 1));
}

/** The bins up to `edge`, gathered into at most `most` bars of equally many bins, as shares of all. */
export function gathered(bins: number[], edge: number, most: number): number[] {
  const all = countBelow(bins, bins.length);
  const each = Math.ceil(edge / most);
  return Array.from({ length: Math.ceil(edge / each) }, (_, bar) => all === 0 ? 0 : countBelow(bins.slice(bar * each, (bar + 1) * each), each) / all);
}
