import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FeatureSample } from '../../src/engine/inference/featureSample.ts';
import { recallAtPrecision } from '../../src/engine/measures/nearDuplicates.ts';
import { randomSource } from '../../src/engine/random.ts';
import { distances } from '../../src/engine/runs/distances.ts';
import { readNegatives, writeNegatives } from '../../src/engine/runs/negativesFile.ts';
import { PairsWriter } from '../../src/engine/runs/pairsFile.ts';
import { temporaryFolder } from './engineHarness.ts';

describe('near-duplicates', () => {
  const folder = temporaryFolder();
  const floats = (...values: number[]): Float32Array => Float32Array.from(values);

  /** By hand: what a threshold just above each positive finds. */
  const cases: [name: string, positives: Float32Array, negatives: Float32Array, precision: number, recall: number | null, reached: number | null][] = [
    ['far apart', floats(0.1, 0.2, 0.3), floats(0.5, 0.6), 0.98, 1, 1],
    ['with one negative amid them', floats(0.1, 0.2, 0.3, 0.4), floats(0.25), 0.98, 0.5, 1],
    ['with one negative amid them, and a lower bar', floats(0.1, 0.2, 0.3, 0.4), floats(0.25), 0.8, 1, 0.8],
    ['that no threshold tells apart', floats(0.2, 0.3), floats(0.1), 0.98, null, null],
    ['equal to a negative', floats(0.1, 0.2), floats(0.2), 0.98, 0.5, 1],
    ['all of one distance', floats(0.2, 0.2, 0.2), floats(0.3), 0.98, 1, 1],
    ['without negatives', floats(0.2, 0.4), floats(), 0.995, 1, 1],
    ['of none', floats(), floats(0.3), 0.98, null, null],
  ];
  for (const [name, positives, negatives, precision, recall, reached] of cases) {
    it(`${name}: recall ${String(recall)} at precision ${precision}`, () => {
      const found = recallAtPrecision(positives, negatives, precision);
      assert.deepEqual(found && { recall: found.recall, precision: found.precision }, recall === null ? null : { recall, precision: reached });
      if (found) assert.equal(positives.filter((value) => value < found.threshold).length / positives.length, recall);
    });
  }

  it('find the best of all thresholds, tried one by one', () => {
    const random = randomSource('near-duplicates');
    for (let round = 0; round < 30; round++) {
      const draw = (scale: number): Float32Array => Float32Array.from({ length: 1 + random.integer(80) }, () => Math.round(random.uniform() * scale * 50) / 50).sort();
      const [positives, negatives] = [draw(1), draw(2)];
      const best = Math.max(0, ...Array.from({ length: 400 }, (_, step) => step / 100 - 0.005).map((threshold) => {
        const [right, wrong] = [positives, negatives].map((values) => values.filter((value) => value < threshold).length) as [number, number];
        return right > 0 && right / (right + wrong) >= 0.9 ? right / positives.length : 0;
      }));
      assert.equal(recallAtPrecision(positives, negatives, 0.9)?.recall ?? 0, best);
    }
  });

  const vector = (angle: number): Float32Array => floats(3 * Math.cos(angle), 3 * Math.sin(angle));

  it('have negatives of different pictures of one class, whatever the order in which they come', () => {
    // Two classes on the unit circle: distances within them are 2 sin(half of the angle between).
    const pictures = [['a', 0, 0], ['b', 0, 0.4], ['c', 0, 1], ['d', 1, 2], ['e', 1, 2.6], ['f', 2, 5]] as const;
    const expected = [0.4, 1, 0.6, 0.6].map((angle) => (2 * Math.sin(angle / 2)).toFixed(5)).sort();
    for (const order of [pictures, pictures.toReversed()]) {
      const sample = new FeatureSample(7);
      for (const [path, label, angle] of order) sample.add(path, label, vector(angle));
      const negatives = sample.negatives()!;
      assert.equal(negatives.sameClass, true);
      assert.deepEqual(negatives.distances.map((distance) => distance.toFixed(5)).sort(), expected);
    }
  });

  it('have negatives of any pictures where there are no labels, and none of a single picture', () => {
    const sample = new FeatureSample(0);
    sample.add('a', null, vector(0));
    assert.equal(sample.negatives(), null);
    sample.add('b', null, vector(1));
    assert.deepEqual(sample.negatives(), { sameClass: false, pictures: 2, distances: [Number((2 * Math.sin(0.5)).toPrecision(6))] });
  });

  it('keep a bounded sample of many pictures, the same for the same seed in any order', () => {
    const made = [0, 1].map((turn) => {
      const sample = new FeatureSample(3);
      for (let at = 0; at < 5000; at++) {
        const picture = turn === 0 ? at : 4999 - at;
        sample.add(`${picture}.png`, null, vector(picture));
      }
      return sample.negatives()!;
    });
    assert.equal(made[0]!.pictures, 1000);
    assert.equal(made[0]!.distances.length, 10_000);
    assert.deepEqual(made[0], made[1]);
  });

  async function writeRun(name: string, scale: number): Promise<string> {
    const run = join(folder, name);
    mkdirSync(run);
    const writer = new PairsWriter(run, null);
    for (let picture = 0; picture < 100; picture++) {
      for (const [distortion, factor] of [['jpeg', 1], ['crop', 2]] as const) {
        await writer.add({ image: `${picture}.png`, distortion, strength: 10, featureDistance: (picture / 100) * factor * scale, klDivergence: 0, jsDivergence: 0, pixelDifference: 0, labelA: 'a', labelB: 'a', topA: [], topB: [], truth: null });
      }
    }
    await writer.close();
    return run;
  }

  it('are counted in bins of one scale, all of them, with the negatives beside them', async () => {
    const run = await writeRun('scaled', 0.5);
    await writeNegatives(run, { sameClass: true, pictures: 3, distances: [0.7, 2, 0.1004] });
    const counted = await distances({ runs: [run] });
    assert.equal(counted.end, 2);
    const [jpeg, crop] = counted.runs[0]!.distortions;
    const below = (bins: number[], threshold: number): number => bins.slice(0, Math.round(threshold / 2 * bins.length)).reduce((sum, value) => sum + value, 0);
    assert.deepEqual([jpeg!.pairs, below(jpeg!.bins, 0.2), below(jpeg!.bins, 2)], [100, 40, 100]);
    assert.deepEqual([crop!.pairs, below(crop!.bins, 0.2), below(crop!.bins, 2)], [100, 20, 100]);
    const { negatives } = counted.runs[0]!;
    assert.deepEqual([negatives!.pairs, below(negatives!.bins, 0.2), below(negatives!.bins, 2)], [3, 1, 3]);
    // 21 of 100 jpeg pairs lie at 0.1 or below, before the first negative; beyond it, 98 % are reached again with 61 right and 1 wrong.
    assert.equal(jpeg!.atPrecision98!.recall, 1);
    assert.equal(jpeg!.atPrecision995!.recall, 0.21);
  });

  it('have no negatives where the run kept none, or kept something else', async () => {
    const run = await writeRun('without', 3);
    assert.equal(await readNegatives(run), null);
    writeFileSync(join(run, 'negatives.json'), '{"distances": ["near"]}');
    assert.equal(await readNegatives(run), null);
    const { end, runs } = await distances({ runs: [run] });
    assert.ok(Math.abs(end - 5.94) < 1e-5);
    assert.equal(runs[0]!.negatives, null);
    assert.equal(runs[0]!.distortions[0]!.atPrecision98, null);
  });
});
