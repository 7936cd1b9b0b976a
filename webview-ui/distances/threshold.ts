/** What a threshold on the feature distance tells apart, from histograms: thresholds are the edges of their bins. */

/** How many lie below a threshold that is the edge `edge` of the bins. */
export const countBelow = (bins: number[], edge: number): number => bins.slice(0, edge).reduce((sum, count) => sum + count, 0);

/** The edge of the bins that is nearest to a distance. */
export const nearestEdge = (distance: number, end: number, bins: number): number => Math.max(0, Math.min(bins, Math.round(distance / end * bins)));

/** The last edge below which at most a share of all lies. */
export function edgeOfShare(bins: number[], share: number): number {
  const most = share * countBelow(bins, bins.length);
  let edge = 0;
  for (let below = bins[0] ?? 0; edge < bins.length && below <= most; below += bins[edge] ?? 0) edge++;
  return edge;
}

/** Recall and precision where pairs below an edge count as duplicates; no precision where nothing is known to be different, or nothing is below. */
export function atEdge(positives: number[], negatives: number[] | null, edge: number): { recall: number; precision: number | null; found: number } {
  const found = countBelow(positives, edge);
  const all = countBelow(positives, positives.length);
  const wrong = negatives ? countBelow(negatives, edge) : 0;
  return { recall: all === 0 ? 0 : found / all, precision: negatives === null || found + wrong === 0 ? null : found / (found + wrong), found };
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
