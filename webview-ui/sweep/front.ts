/** What is known of the points of a search, for its views. */
import type { SearchPoint, Stabilization } from '../../src/engine/results.ts';

/** Points that none beats: none has fewer changed labels without being less precise. Runs of earlier versions do not say it themselves. */
export function paretoFront(points: readonly SearchPoint[]): number[] {
  if (points.some(({ pareto }) => pareto === true)) return points.flatMap(({ pareto }, index) => (pareto === true ? [index] : []));
  const beats = (a: SearchPoint, b: SearchPoint): boolean => a.labelInstability <= b.labelInstability && (a.precisionAt1 ?? 0) >= (b.precisionAt1 ?? 0)
    && (a.labelInstability < b.labelInstability || (a.precisionAt1 ?? 0) > (b.precisionAt1 ?? 0));
  return points.flatMap((point, index) => (point.alpha > 0 && !points.some((other) => other.alpha > 0 && beats(other, point)) ? [index] : []));
}

/** The point whose model was written. */
export function chosenPoint({ search, options }: Stabilization): number {
  return search.findIndex((point) => point.alpha === options.alpha && point.sigma === options.sigma && point.learningRate === options.learningRate && (point.train ?? options.train) === options.train);
}

/** What points have in common but for α and σ: a heat map each. */
export interface PointGroup {
  train: string;
  learningRate: number;
}

/** Parts and learning rates that were tried, in the order of the search. */
export function groupsOf({ search, options }: Stabilization): PointGroup[] {
  const groups = search.map(({ train = options.train, learningRate }) => ({ train, learningRate }));
  return groups.filter((group, index) => groups.findIndex((other) => isSameGroup(group, other)) === index);
}

export function isSameGroup(a: PointGroup, b: PointGroup): boolean {
  return a.train === b.train && a.learningRate === b.learningRate;
}
