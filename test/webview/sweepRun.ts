import type { SearchPoint, Stabilization } from '../../src/engine/results.ts';
import { random, stabilization } from './runs.ts';

const alphas = [0.001, 0.01, 0.1, 1, 10];
const sigmas = [0.01, 0.04, 0.1, 0.2, 0.4];

/** Whether a point is beaten by another in both, by the definition. */
const isBeaten = (point: SearchPoint, points: readonly SearchPoint[]): boolean => points.some((other) => other.labelInstability <= point.labelInstability && other.precisionAt1! >= point.precisionAt1!
  && (other.labelInstability < point.labelInstability || other.precisionAt1! > point.precisionAt1!));

/** A sweep over two parts with a control for each: more noise and weight make answers stabler and less precise. */
export function sweep(run: string): Stabilization {
  const result = stabilization(run, 720);
  const points = ['head', 'last:2'].flatMap((train, part): SearchPoint[] => [
    { train, alpha: 0, sigma: 0.01, learningRate: 0.001, precisionAt1: 0.955 + 0.004 * part, labelInstability: 0.21 - 0.02 * part },
    ...alphas.flatMap((alpha, row) => sigmas.map((sigma, column): SearchPoint => {
      const strength = row / 4 + column / 4;
      const noise = 0.01 * (random(100 * part + 10 * row + column) - 0.5);
      const precisionAt1 = 0.965 - 0.03 * Math.max(0, strength - 0.8) ** 2 - 0.05 * Math.max(0, strength - 1.5) + noise / 3;
      return {
        train, alpha, sigma, learningRate: 0.001, precisionAt1, labelInstability: 0.2 - 0.07 * strength - 0.015 * part + noise, epochs: 10 + 5 * row, bestEpoch: 8 + 2 * row,
        ...(precisionAt1 < 0.945 ? { rejected: `clean precision falls from 95.0 % to ${(100 * precisionAt1).toFixed(1)} %` } : {}),
      };
    })),
  ]);
  const stabilized = points.filter(({ alpha }) => alpha > 0);
  const search = points.map((point): SearchPoint => (point.alpha > 0 && !isBeaten(point, stabilized) ? { ...point, pareto: true, kept: true } : point));
  const chosen = search.filter((point) => point.pareto && point.rejected === undefined).sort((a, b) => a.labelInstability - b.labelInstability)[0]!;
  return { ...result, search, options: { ...result.options, train: chosen.train!, alpha: chosen.alpha, sigma: chosen.sigma, learningRate: chosen.learningRate } };
}
