import type { SearchPoint } from '../results.ts';
import { percent } from '../evaluation.ts';

/** A point of the search before it is tried. α = 0 is the control of its learning rate. */
export interface GridPoint {
  alpha: number;
  sigma: number;
  learningRate: number;
}

/** What is searched where the user names no value; `wide` with `--sweep`. */
const grids = {
  narrow: { alpha: [0.01, 0.1, 1], sigma: [0.04, 0.1], rate: [1] },
  wide: { alpha: [0.001, 0.01, 0.1, 1, 10], sigma: [0.01, 0.04, 0.1, 0.2, 0.4], rate: [0.1, 1, 10] },
} as const;

/** Every point to try: for each learning rate the control first, then α × σ. A value that is given is not searched. */
export function searchGrid(given: { alpha?: number | undefined; sigma?: number | undefined; learningRate: number; searchRate: boolean; sweep: boolean }): GridPoint[] {
  const grid = grids[given.sweep ? 'wide' : 'narrow'];
  const alphas = given.alpha === undefined ? grid.alpha : [given.alpha];
  const sigmas = given.sigma === undefined ? grid.sigma : [given.sigma];
  const rates = given.searchRate ? grid.rate.map((factor) => factor * given.learningRate) : [given.learningRate];
  return rates.flatMap((learningRate) => [
    { alpha: 0, sigma: sigmas[0], learningRate },
    ...alphas.filter((alpha) => alpha > 0).flatMap((alpha) => sigmas.map((sigma) => ({ alpha, sigma, learningRate }))),
  ]);
}

/**
 * The point whose labels change least on the validation share, among those that keep clean precision within `maxPrecisionDrop`
 * of `before`; of equal ones the more precise. Where none keeps it, the most precise. Controls are not chosen, unless there
 * is nothing else. Marks what cannot be chosen with the reason.
 */
export function choosePoint(points: readonly SearchPoint[], before: number, maxPrecisionDrop: number): { chosen: number; points: SearchPoint[] } {
  const marked = points.map((point): SearchPoint => {
    if (point.rejected !== undefined || point.precisionAt1 === null || point.precisionAt1 >= before - maxPrecisionDrop) return point;
    return { ...point, rejected: `clean precision falls from ${percent(before)} to ${percent(point.precisionAt1)}` };
  });
  const candidates = marked.map((_, index) => index).filter((index) => marked[index]!.alpha > 0);
  const pool = candidates.length > 0 ? candidates : marked.map((_, index) => index);
  const allowed = pool.filter((index) => marked[index]!.rejected === undefined);
  const precision = (index: number): number => marked[index]!.precisionAt1 ?? 0;
  const stability = (a: number, b: number): number => marked[a]!.labelInstability - marked[b]!.labelInstability;
  const order = allowed.length > 0
    ? allowed.sort((a, b) => stability(a, b) || precision(b) - precision(a) || a - b)
    : pool.sort((a, b) => precision(b) - precision(a) || stability(a, b) || a - b);
  return { chosen: order[0]!, points: marked };
}
