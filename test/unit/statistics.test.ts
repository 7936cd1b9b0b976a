import assert from 'node:assert/strict';
import { mcNemar, pairedDifference, Sample, share, ShareCounter, summary } from '../../src/engine/statistics.ts';

function near(actual: number, expected: number, tolerance = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

describe('statistics', () => {
  // Limits from SciPy 1.17, binomtest(count, of).proportion_ci(0.95, 'exact').
  const shares: [count: number, of: number, low: number, high: number][] = [
    [0, 10, 0, 0.30849710781876294],
    [5, 10, 0.1870860284474045, 0.8129139715525955],
    [10, 10, 0.6915028921812371, 1],
    [7, 100, 0.028605288907418584, 0.13891972845586648],
    [53, 720, 0.05562284195647891, 0.0951820477212901],
    [100_000, 300_000, 0.3316464146638217, 0.3350234720977072],
    [0, 0, 0, 1],
  ];
  for (const [count, of, low, high] of shares) {
    it(`the share ${count} of ${of} has its Clopper–Pearson interval`, () => {
      const result = share(count, of);
      assert.deepEqual([result.value, result.count, result.of], [of === 0 ? 0 : count / of, count, of]);
      near(result.low, low);
      near(result.high, high);
    });
  }

  for (const [count, of] of [[1, 0], [-1, 2], [0.5, 2], [3, 2], [1, Number.NaN]] as const) {
    it(`${count} of ${of} is no share`, () => assert.throws(() => share(count, of), RangeError));
  }

  it('a counter counts', () => {
    const counter = new ShareCounter();
    for (const holds of [true, false, true, false]) counter.add(holds);
    assert.deepEqual(counter.share(), share(2, 4));
  });

  // By hand where the binomial sum is short (1, 9: 2 · (1 + 10) / 2¹⁰), else SciPy's binomtest.
  const tests: [onlyA: number, onlyB: number, p: number][] = [
    [0, 0, 1], [0, 5, 2 / 32], [1, 9, 22 / 1024], [9, 1, 22 / 1024], [10, 10, 1], [101, 59, 0.0011229051962340462], [3000, 3200, 0.011488253770871584],
  ];
  for (const [onlyA, onlyB, p] of tests) {
    it(`McNemar's p of ${onlyA} against ${onlyB} is ${p}`, () => near(mcNemar(onlyA, onlyB), p));
  }

  // Newcombe 1998 (20, 12, 2, 16); Fagerland, Lydersen and Laake 2013 (1, 1, 7, 12); the rest from the formula on paper.
  const differences: [counts: [number, number, number, number], difference: number, low: number, high: number][] = [
    [[20, 2, 12, 16], 0.2, 0.0562, 0.3292],
    [[20, 12, 2, 16], -0.2, -0.3292, -0.0562],
    [[1, 7, 1, 12], -6 / 21, -0.507, -0.026],
    // Nothing changed: each Wilson interval is [0, 0.2775], φ is 0, the limits are ±0.2775.
    [[0, 0, 0, 10], 0, -0.2775, 0.2775],
    // Everything changed: the Wilson limits are at distance 0 and 0.2775 from 0 and 1; √(0.2775² + 0.2775²) = 0.3925.
    [[0, 0, 10, 0], 1, 0.6075, 1],
    [[0, 0, 0, 0], 0, -1, 1],
  ];
  for (const [[both, onlyA, onlyB, neither], difference, low, high] of differences) {
    it(`the paired difference of ${both}, ${onlyA}, ${onlyB}, ${neither} has Newcombe's interval`, () => {
      const result = pairedDifference({ both, onlyA, onlyB, neither });
      near(result.difference, difference, 1e-12);
      near(result.low, low, 6e-4);
      near(result.high, high, 6e-4);
    });
  }

  const summaries: [values: number[], mean: number, median: number, p95: number][] = [
    [[], 0, 0, 0],
    [[3], 3, 3, 3],
    [[4, 1], 2.5, 2.5, 3.85],
    [[5, 1, 3], 3, 3, 4.8],
    [Array.from({ length: 101 }, (_, i) => 100 - i), 50, 50, 95],
    // numpy.percentile([1, 2, 4, 8, 16], [50, 95]) is 4 and 14.4.
    [[16, 8, 1, 2, 4], 6.2, 4, 14.4],
  ];
  for (const [values, mean, median, p95] of summaries) {
    it(`summarises ${values.length} values`, () => {
      const result = summary(values);
      near(result.mean, mean);
      near(result.median, median);
      near(result.p95, p95);
    });
  }

  it('summarises more values than it keeps', () => {
    const sample = new Sample();
    const count = 1_000_000;
    // Sorted, so that a sample of the first or last values alone would be far off.
    for (let i = 0; i < count; i++) sample.add(i / count);
    const { mean, median, p95 } = sample.summary();
    near(mean, 0.5, 1e-6);
    // Five standard errors of a quantile of 262,144 uniform values.
    near(median, 0.5, 5 * Math.sqrt(0.25 / 262_144));
    near(p95, 0.95, 5 * Math.sqrt((0.95 * 0.05) / 262_144));
  });
});
