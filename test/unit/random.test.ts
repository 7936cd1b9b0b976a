import assert from 'node:assert/strict';
import { randomSource, randomSourceFrom } from '../../src/engine/random.ts';

/** Φ by its series (Abramowitz and Stegun 26.2.10), exact to 1e-12 for |x| up to 6. */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17; n++) sum += term = (-term * x * x * (2 * n - 1)) / (2 * n * (2 * n + 1));
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

/** Largest distance between the values' distribution and `cdf` times √n: below 1.95 in 999 of 1000 samples (Kolmogorov). */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let distance = 0;
  sorted.forEach((value, i) => {
    const expected = cdf(value);
    distance = Math.max(distance, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  });
  return distance * Math.sqrt(sorted.length);
}

const draws = 400_000;
const normals: [name: string, draw: () => Float64Array][] = [
  ['normal', () => { const random = randomSource('normal'); return Float64Array.from({ length: draws }, () => random.normal()); }],
  ['fillNormal', () => { const out = new Float32Array(draws); randomSource('fill').fillNormal(out, 1); return Float64Array.from(out); }],
];

describe('random', () => {
  it('gives the published numbers of xoshiro128** for the state 1, 2, 3, 4', () => {
    // The test vector of the rand_xoshiro crate, made with the authors' C code.
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804];
    const random = randomSourceFrom(Uint32Array.of(1, 2, 3, 4));
    assert.deepEqual(expected.map(() => random.uniform() * 2 ** 32), expected);
  });

  it('refuses a state of zeros, which would give zeros for ever', () => {
    assert.throws(() => randomSourceFrom(new Uint32Array(4)), RangeError);
  });

  it('gives the same numbers for the same key, whatever was drawn before', () => {
    const first = randomSource(0, 'a.jpg', 'crop', 10);
    randomSource(1).normal();
    const second = randomSource(0, 'a.jpg', 'crop', 10);
    assert.deepEqual([first.normal(), first.uniform(), first.integer(9)], [second.normal(), second.uniform(), second.integer(9)]);
  });

  it('gives other numbers for another key', () => {
    const keys = [[0, 'a', 'b'], [0, 'ab'], [0, 'a,b'], [0, 'b', 'a'], [1, 'a', 'b'], ['0', 'a', 'b'], [0, 'a', 'b', 0.04], [0, 'a', 'b', 0.4]];
    const firsts = keys.map((key) => randomSource(...key).uniform());
    assert.equal(new Set(firsts).size, keys.length);
  });

  for (const [name, draw] of normals) {
    it(`${name} has the normal distribution`, () => {
      const values = draw();
      const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / draws;
      // Five standard errors of each moment of a normal sample.
      assert.ok(Math.abs(moment(1)) < 5 / Math.sqrt(draws));
      assert.ok(Math.abs(moment(2) - 1) < 5 * Math.sqrt(2 / draws));
      assert.ok(Math.abs(moment(3)) < 5 * Math.sqrt(15 / draws));
      assert.ok(Math.abs(moment(4) - 3) < 5 * Math.sqrt(96 / draws));
      assert.ok(kolmogorov(values, normalCdf) < 1.95);
    });

    it(`${name} has the tail beyond the ziggurat's base`, () => {
      const beyond = draw().filter((x) => Math.abs(x) > 3.6541528853610088).length;
      const expected = 2 * normalCdf(-3.6541528853610088) * draws;
      assert.ok(Math.abs(beyond - expected) < 5 * Math.sqrt(expected), `${beyond} instead of ${expected}`);
    });
  }

  it('normal numbers that follow one another are not correlated', () => {
    const values = normals[1]![1]();
    let sum = 0;
    for (let i = 1; i < values.length; i++) sum += values[i - 1]! * values[i]!;
    assert.ok(Math.abs(sum / draws) < 5 / Math.sqrt(draws));
  });

  it('fillNormal scales by sigma', () => {
    const [one, four] = [new Float32Array(9000), new Float32Array(9000)];
    randomSource('s').fillNormal(one, 1);
    randomSource('s').fillNormal(four, 4);
    assert.deepEqual(four, one.map((x) => 4 * x));
    randomSource('s').fillNormal(four, 0);
    assert.ok(four.every((x) => Math.abs(x) === 0));
  });

  it('uniform is uniform', () => {
    const random = randomSource('uniform');
    const values = Float64Array.from({ length: draws }, () => random.uniform());
    assert.ok(values.every((x) => x >= 0 && x < 1));
    assert.ok(kolmogorov(values, (x) => x) < 1.95);
  });

  it('integer is uniform over 0 to n − 1', () => {
    const random = randomSource('integer');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
    // χ² with 6 degrees of freedom is below 22.5 in 999 of 1000 cases.
    assert.ok(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0) < 22.5);
    assert.equal(random.integer(1), 0);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) assert.throws(() => random.integer(n), RangeError);
  });

  it('shuffle gives each of the six orders of three values equally often', () => {
    const random = randomSource('shuffle');
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const values = Uint32Array.of(1, 2, 3);
      random.shuffle(values);
      counts.set(values.join(''), (counts.get(values.join('')) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), ['123', '132', '213', '231', '312', '321']);
    // χ² with 5 degrees of freedom is below 20.5 in 999 of 1000 cases.
    assert.ok([...counts.values()].reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0) < 20.5);
  });
});
