import { percent } from '../evaluation.ts';
import { randomSource } from '../random.ts';
import type { SearchPoint } from '../results.ts';
import { say } from '../sentences.ts';

/** A point of the search before it is tried. α = 0 is the control of its part and learning rate. */
export interface GridPoint {
  train: string;
  alpha: number;
  sigma: number;
  learningRate: number;
}

/** What is searched where the user names no value; `wide` with a sweep, `rate` in parts of the usual one. */
const grids = {
  narrow: { alpha: [0.01, 0.1, 1], sigma: [0.04, 0.1], rate: [1] },
  wide: { alpha: [0.001, 0.01, 0.1, 1, 10], sigma: [0.01, 0.04, 0.1, 0.2, 0.4], rate: [0.1, 1, 10] },
} as const;

/** Parts that a sweep tries where the user names none. */
export const sweptParts = ['head', 'last:2', 'batch-norm', 'all'] as const;

export interface SearchOptions {
  alpha?: number | undefined;
  sigma?: number | undefined;
  learningRate: number;
  /** Whether the learning rate is searched around the one above. */
  searchRate: boolean;
  /** What may be trained. */
  parts: readonly string[];
  sweep: 'grid' | 'random' | null;
  sweepPoints: number;
  seed: number;
}

/**
 * Every point to try; a value that is given is not searched. Without a sweep the control comes first, then α × σ. A sweep has
 * no controls among its points, since only the winner needs one: `grid` takes every combination, `random` draws points
 * evenly on a logarithmic scale between the ends of the grid (Bergstra & Bengio, "Random Search for Hyper-Parameter
 * Optimization", JMLR 2012).
 */
export function searchGrid(given: SearchOptions): GridPoint[] {
  const { sweep, parts } = given;
  const grid = grids[sweep === null ? 'narrow' : 'wide'];
  const alphas = (given.alpha === undefined ? [...grid.alpha] : [given.alpha]).filter((alpha) => alpha > 0);
  const sigmas = given.sigma === undefined ? grid.sigma : [given.sigma];
  const rates = given.searchRate ? grid.rate.map((factor) => factor * given.learningRate) : [given.learningRate];
  if (sweep === 'random' && alphas.length > 0) {
    const random = randomSource(given.seed, 'sweep');
    const between = (values: readonly number[]): number => {
      const [low, high] = [Math.log(values[0]!), Math.log(values.at(-1)!)];
      return Number(Math.exp(low + (high - low) * random.uniform()).toPrecision(3));
    };
    const drawn = Array.from({ length: given.sweepPoints }, (): GridPoint => ({
      train: parts[random.integer(parts.length)]!,
      alpha: given.alpha ?? between(grid.alpha), sigma: given.sigma ?? between(grid.sigma), learningRate: given.searchRate ? between(rates) : given.learningRate,
    }));
    // Part by part, since the features of a part are opened once for all of its points.
    return parts.flatMap((part) => drawn.filter((point) => point.train === part));
  }
  const control = (train: string, learningRate: number): GridPoint[] => (sweep === null || alphas.length === 0 ? [{ train, alpha: 0, sigma: sigmas[0], learningRate }] : []);
  return parts.flatMap((train) => rates.flatMap((learningRate) => [
    ...control(train, learningRate),
    ...alphas.flatMap((alpha) => sigmas.map((sigma) => ({ train, alpha, sigma, learningRate }))),
  ]));
}

/** Of three points one goes on. */
const halving = 3;

/**
 * Successive halving (Jamieson & Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
 * AISTATS 2016): after `until` epochs the best `keep` points go on, the others have had what they get. The last round has all
 * epochs. Without a sweep there is one round.
 */
export function searchRounds(points: number, epochs: number, sweep: boolean): { until: number; keep: number }[] {
  if (!sweep || points <= halving) return [{ until: epochs, keep: points }];
  const rounds = [{ until: Math.max(1, Math.round(epochs / halving ** 2)), keep: Math.ceil(points / halving) }];
  if (rounds[0]!.keep > halving) rounds.push({ until: Math.max(1, Math.round(epochs / halving)), keep: Math.ceil(points / halving ** 2) });
  return [...rounds, { until: epochs, keep: 0 }];
}

/**
 * Epochs that follow a training at the most: of the points that wait in the same round, of the rounds after it, and of the
 * control, which the winner of a search without controls gets. Trainings that end early make them fewer.
 */
export function epochsAfter(rounds: readonly { until: number; keep: number }[], round: number, waiting: number, control: number): number {
  const span = (at: number): number => rounds[at]!.until - (rounds[at - 1]?.until ?? 0);
  const later = rounds.slice(round + 1).reduce((sum, _, place) => sum + rounds[round + place]!.keep * span(round + place + 1), 0);
  return waiting * span(round) + later + control;
}

/** What a point is judged by: less is steadier. */
function instability(point: SearchPoint): number {
  return point.featureDistance ?? point.labelInstability;
}

/** Indices from the best point to the worst: those that keep their precision by stability, then the others by precision. */
export function rankPoints(points: readonly SearchPoint[]): number[] {
  const precision = (index: number): number => points[index]!.precisionAt1 ?? 0;
  const stability = (a: number, b: number): number => instability(points[a]!) - instability(points[b]!);
  const indices = points.map((_, index) => index);
  const allowed = indices.filter((index) => points[index]!.rejected === undefined);
  const rejected = indices.filter((index) => points[index]!.rejected !== undefined);
  return [
    ...allowed.sort((a, b) => stability(a, b) || precision(b) - precision(a) || a - b),
    ...rejected.sort((a, b) => precision(b) - precision(a) || stability(a, b) || a - b),
  ];
}

/** Marks points that let clean precision fall by more than `maxPrecisionDrop` with the reason why they cannot be chosen. */
export function markRejected(points: readonly SearchPoint[], before: number, maxPrecisionDrop: number): SearchPoint[] {
  return points.map((point) => {
    if (point.rejected !== undefined || point.precisionAt1 === null || point.precisionAt1 >= before - maxPrecisionDrop) return point;
    return { ...point, rejected: say('pointLessPrecise', { before: percent(before), after: percent(point.precisionAt1) }) };
  });
}

/** Points that no other one beats in precision without being less steady, or in stability without being less precise. */
export function paretoFront(points: readonly SearchPoint[]): Set<number> {
  const precision = (point: SearchPoint): number => point.precisionAt1 ?? 0;
  const dominated = (point: SearchPoint): boolean => points.some((other) => precision(other) >= precision(point) && instability(other) <= instability(point)
    && (precision(other) > precision(point) || instability(other) < instability(point)));
  return new Set(points.flatMap((point, index) => (dominated(point) ? [] : [index])));
}

/**
 * The point whose labels change least on the validation share, among those that keep clean precision within `maxPrecisionDrop`
 * of `before`; of equal ones the more precise. Where none keeps it, the most precise. Controls are not chosen, unless there
 * is nothing else. Marks what cannot be chosen with the reason.
 */
export function choosePoint(points: readonly SearchPoint[], before: number, maxPrecisionDrop: number): { chosen: number; points: SearchPoint[] } {
  const marked = markRejected(points, before, maxPrecisionDrop);
  const ranked = rankPoints(marked);
  return { chosen: ranked.find((index) => marked[index]!.alpha > 0) ?? ranked[0]!, points: marked };
}
