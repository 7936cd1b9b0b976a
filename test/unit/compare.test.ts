import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareRuns } from '../../src/engine/compare.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { Evaluation, Pair, Share, Summary } from '../../src/engine/results.ts';
import { PairsWriter } from '../../src/engine/runs/pairsFile.ts';
import { writeRun } from '../../src/engine/runs/runFolder.ts';
import { judge } from '../../src/engine/training/acceptance.ts';
import { share } from '../../src/engine/statistics.ts';
import { exampleModels, examplePictures, quiet, temporaryFolder } from './engineHarness.ts';

/** One picture as a run saw it: the answers to the clean picture and to its distorted version, best first. */
type Seen = [clean: string, distorted: string];

const summary: Summary = { mean: 0, median: 0, p95: 0 };

/** `cat` with the letters as the five best answers. */
const top = (letters: string): Pair['topA'] => Array.from(letters, (letter, at) => [letter, 0.5 / (at + 1)]);

describe('compare', function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  let made = 0;

  /** Writes a run by hand. A picture's truth is the first letter of its name; answers are five letters, best first. */
  async function run(pictures: Record<string, Seen>, change: (evaluation: Evaluation) => void = () => undefined): Promise<string> {
    const path = join(folder, `run-${++made}`);
    mkdirSync(path);
    const writer = new PairsWriter(path, null);
    const pairs = Object.entries(pictures).map(([image, [clean, distorted]]): Pair => ({
      image, distortion: 'jpeg', strength: 50, featureDistance: 0, klDivergence: 0, jsDivergence: 0, pixelDifference: 0,
      labelA: clean[0]!, labelB: distorted[0]!, topA: top(clean), topB: top(distorted), truth: image[0] === '?' ? null : image[0]!,
    }));
    for (const pair of pairs) await writer.add(pair);
    await writer.close();
    const of = (holds: (pair: Pair) => boolean): Share => share(pairs.filter(holds).length, pairs.length);
    const labelled = pairs.every(({ truth }) => truth !== null);
    const evaluation: Evaluation = {
      runVersion: 1, kind: 'evaluation', state: 'done',
      model: { path: `/models/${made}.onnx`, format: 'onnx', sha256: 'ab', inputShape: [1, 3, 8, 8], parameters: 1, featureLayer: 'f' },
      method: {
        preprocessing: { resize: 'stretch', interpolation: 'bilinear', range: '0-1', mean: null, std: null, channels: 'rgb', from: 'guess' },
        engine: 'by hand', seed: 0, labels: labelled ? 'folders' : null, classNames: null, images: '/pictures', pairs: 'all', featureNormalised: true, version: '0', startedAt: '2026-01-01T00:00:00Z',
      },
      images: { total: pairs.length, evaluated: pairs.length, skipped: [] },
      clean: labelled ? { precisionAt1: of((pair) => pair.labelA === pair.truth), precisionAt5: of((pair) => pair.topA.some(([label]) => label === pair.truth)) } : null,
      distortions: [{
        name: 'jpeg', strength: 50, labelInstability: of((pair) => pair.labelA !== pair.labelB), featureDistance: summary, klDivergence: summary, jsDivergence: summary, pixelDifference: summary,
        precisionAt1: labelled ? of((pair) => pair.labelB === pair.truth) : null, precisionAt5: labelled ? of((pair) => pair.topB.some(([label]) => label === pair.truth)) : null,
      }],
      instability: null, warnings: [], timing: { wallSeconds: 0, imagesPerSecond: 0, inferenceSeconds: 0, imageSeconds: 0 },
    };
    change(evaluation);
    await writeRun(path, evaluation);
    return path;
  }

  /** Ten pictures of class a. Instability: 5 → 2. */
  const before: Record<string, Seen> = {
    a0: ['abcde', 'bacde'], a1: ['abcde', 'bacde'], a2: ['abcde', 'bacde'], a3: ['abcde', 'bcdef'], a4: ['bacde', 'abcde'],
    a5: ['abcde', 'abcde'], a6: ['abcde', 'abcde'], a7: ['bcdef', 'bcdef'], a8: ['abcde', 'abcde'], a9: ['bacde', 'bacde'],
  };
  const after: Record<string, Seen> = {
    // Newly stable: a0, a1, a2, a4. Still unstable: a3. Newly broken: a8.
    a0: ['abcde', 'abcde'], a1: ['abcde', 'abcde'], a2: ['bacde', 'bacde'], a3: ['abcde', 'bacde'], a4: ['abcde', 'abcde'],
    a5: ['abcde', 'abcde'], a6: ['abcde', 'abcde'], a7: ['bacde', 'bacde'], a8: ['abcde', 'bcdef'], a9: ['bacde', 'bacde'],
  };

  it('counts pairs and tests them as by hand', async () => {
    const [a, b] = [await run(before), await run(after)];
    const comparison = await compareRuns(a, b);
    assert.deepEqual([comparison.a, comparison.b, comparison.differences], [{ run: a, model: '/models/1.onnx' }, { run: b, model: '/models/2.onnx' }, []]);
    const [change] = comparison.distortions;
    assert.deepEqual(change!.pairs, { newlyStable: 4, newlyBroken: 1, stableInBoth: 4, unstableInBoth: 1 });
    const { labelInstability: instability, precisionAt1, precisionAt5 } = change!;
    assert.deepEqual([instability!.a.count, instability!.b.count, instability!.difference.toFixed(6)], [5, 2, '-0.300000']);
    // McNemar, exact, 1 against 4: 2 · (C(5,0) + C(5,1)) / 2⁵ = 12/32.
    assert.ok(Math.abs(instability!.p - 12 / 32) < 1e-12);
    // Distorted answers: right before a4 a5 a6 a8, after a0 a1 a4 a5 a6. Gained a0, a1; lost a8. p = 2 · (1 + 3) / 2³ = 1.
    assert.deepEqual([precisionAt1!.a.count, precisionAt1!.b.count], [4, 5]);
    assert.ok(Math.abs(precisionAt1!.p - 1) < 1e-12);
    // Among the first five: before not a3, a7; after not a8. Gained a3, a7; lost a8. p = 1.
    assert.deepEqual([precisionAt5!.a.count, precisionAt5!.b.count, precisionAt5!.difference.toFixed(6)], [8, 9, '0.100000']);
    // Clean: right before a0 a1 a2 a3 a5 a6 a8, after a0 a1 a3 a4 a5 a6 a8; gained a4, lost a2: p = 1.
    assert.deepEqual([comparison.clean!.precisionAt1.a.count, comparison.clean!.precisionAt1.b.count, comparison.clean!.precisionAt1.p], [7, 7, 1]);
    // Among the first five, clean: before all but a7, after all: gained one, p = 1.
    assert.deepEqual([comparison.clean!.precisionAt5.a.count, comparison.clean!.precisionAt5.b.count], [9, 10]);
    assert.equal(comparison.verdict, 'No distortion changes clearly more or fewer labels. Clean precision is about the same (70.0 % → 70.0 %).');
  });

  it('the other way round, gains and losses change places', async () => {
    const [there, back] = [await compareRuns(await run(before), await run(after)), await compareRuns(await run(after), await run(before))];
    const { newlyStable, newlyBroken } = there.distortions[0]!.pairs;
    assert.deepEqual([back.distortions[0]!.pairs.newlyStable, back.distortions[0]!.pairs.newlyBroken], [newlyBroken, newlyStable]);
    const [x, y] = [there.distortions[0]!.labelInstability, back.distortions[0]!.labelInstability];
    assert.ok(Math.abs(x!.low + y!.high) < 1e-12 && Math.abs(x!.high + y!.low) < 1e-12 && x!.p === y!.p);
  });

  /** So many pictures, the first `changed` of them with a changed label. */
  const many = (count: number, changed: number, cleanWrong = 0): Record<string, Seen> => Object.fromEntries(Array.from({ length: count }, (_, at) => {
    const clean = at >= count - cleanWrong ? 'bcdef' : 'abcde';
    return [`a${String(at).padStart(3, '0')}`, [clean, at < changed ? 'cdefg' : clean]];
  }));

  it('says in words what is clear', async () => {
    const [a, b, c] = [await run(many(100, 40)), await run(many(100, 5)), await run(many(100, 5, 30))];
    assert.equal((await compareRuns(a, b)).verdict, 'Fewer labels change at jpeg 50 (40.0 % → 5.0 %). Clean precision is about the same (100.0 % → 100.0 %).');
    assert.equal((await compareRuns(b, a)).verdict, 'More labels change at jpeg 50 (5.0 % → 40.0 %). Clean precision is about the same (100.0 % → 100.0 %).');
    assert.equal((await compareRuns(a, c)).verdict, 'Fewer labels change at jpeg 50 (40.0 % → 5.0 %). Clean precision falls from 100.0 % to 70.0 %.');
  });

  it('without labels compares what there is', async () => {
    const unlabelled = (pictures: Record<string, Seen>): Record<string, Seen> => Object.fromEntries(Object.entries(pictures).map(([name, seen]) => [`?${name}`, seen]));
    const comparison = await compareRuns(await run(unlabelled(before)), await run(unlabelled(after)));
    assert.deepEqual([comparison.clean, comparison.distortions[0]!.precisionAt1, comparison.distortions[0]!.pairs.newlyStable], [null, null, 4]);
    assert.equal(comparison.verdict, 'No distortion changes clearly more or fewer labels.');
  });

  const differences: [name: string, change: (evaluation: Evaluation) => void, sentence: string][] = [
    ['seed', ({ method }) => (method.seed = 7), 'The seed differs: 0 and 7.'],
    ['folder', ({ method }) => (method.images = '/others'), 'The picture folder differs: /pictures and /others.'],
    ['mean', ({ method }) => (method.preprocessing.mean = [1, 2, 3]), 'Preprocessing (mean) differs: none and 1 2 3.'],
    ['channels', ({ method }) => (method.preprocessing.channels = 'bgr'), 'Preprocessing (channels) differs: rgb and bgr.'],
    ['labels', ({ method }) => (method.labels = 'file'), 'The kind of labels differs: folders and file.'],
    ['number', ({ images }) => (images.evaluated = 9), 'The number of pictures differs: 10 and 9.'],
    ['distortions', ({ distortions }) => distortions.push({ ...distortions[0]!, strength: 10 }), 'The list of distortions differs: jpeg:50 and jpeg:50 jpeg:10.'],
    ['pairs', ({ method }) => (method.pairs = 'worst:5'), 'A run kept only its worst pairs: tests and counts of pairs cover only the pairs that both kept.'],
  ];
  for (const [name, change, sentence] of differences) {
    it(`names what differs: ${name}`, async () => assert.deepEqual((await compareRuns(await run(before), await run(before, change))).differences, [sentence]));
  }

  it('does not mind where preprocessing came from', async () => {
    assert.deepEqual((await compareRuns(await run(before), await run(before, ({ method }) => (method.preprocessing.from = 'option')))).differences, []);
  });

  it('compares the pictures that both have, and none is an error', async () => {
    const { a0, a1, a2, ...rest } = after;
    const few = await compareRuns(await run(before), await run(rest));
    assert.deepEqual(few.distortions[0]!.pairs, { newlyStable: 1, newlyBroken: 1, stableInBoth: 4, unstableInBoth: 1 });
    const [a, b] = [await run(before), await run({ x1: ['abcde', 'abcde'] })];
    await assert.rejects(compareRuns(a, b), { name: 'UserError', message: `the runs ${a} and ${b} have no pairs in common` });
    await assert.rejects(compareRuns(a, join(folder, 'none')), { name: 'UserError', message: `there is no run in ${join(folder, 'none')}` });
    assert.ok([a0, a1, a2].length === 3);
  });

  it('a run with itself differs in nothing', async () => {
    const path = join(folder, 'digits');
    await evaluate({ model: exampleModels.digits, images: examplePictures('digits/test'), limit: 50, run: path, threads: 1 }, quiet());
    const comparison = await compareRuns(path, path);
    assert.deepEqual(comparison.differences, []);
    for (const { labelInstability, precisionAt1, pairs, featureDistance } of comparison.distortions) {
      assert.deepEqual([labelInstability!.difference, labelInstability!.p, precisionAt1!.difference, pairs.newlyStable, pairs.newlyBroken, featureDistance.difference], [0, 1, 0, 0, 0, 0]);
      assert.deepEqual([pairs.unstableInBoth, pairs.stableInBoth + pairs.unstableInBoth], [labelInstability!.a.count, 50]);
    }
  });

  describe('acceptance', () => {
    const options = { maxPrecisionDrop: 0.005 } as Parameters<typeof judge>[0]['options'];
    const cases: [name: string, before: [number, number], control: [number, number], after: [number, number], accepted: boolean, reason: string, advice: string][] = [
      ['fewer changes, as precise', [40, 0], [38, 0], [5, 0], true, 'Clearly fewer labels change at jpeg 50. Over the control, fine-tuning without the stability loss, the gain is clear at jpeg 50.', 'Keep it.'],
      ['no better than the control', [40, 0], [6, 0], [5, 0], true, 'Clearly fewer labels change at jpeg 50. Fine-tuning without the stability loss does about as well: the gain over the control is not clear at any distortion.', 'You can keep it, but fine-tuning alone does about as much.'],
      ['less precise', [40, 0], [40, 0], [5, 10], false, 'Clean precision falls from 100.0 % to 90.0 %, more than the 0.5 % allowed. Clearly fewer labels change at jpeg 50. Over the control, fine-tuning without the stability loss, the gain is clear at jpeg 50.', 'Do not use it: clean precision fell from 100.0 % to 90.0 %.'],
      ['no steadier', [40, 0], [40, 0], [39, 0], false, 'No distortion changes clearly fewer labels than before.', 'Do not use it: it is not clearly more stable than the original.'],
      ['worse', [5, 0], [5, 0], [40, 0], false, 'No distortion changes clearly fewer labels than before. More labels change at jpeg 50.', 'Do not use it: it is not clearly more stable than the original.'],
    ];
    for (const [name, first, second, third, accepted, reason, advice] of cases) {
      it(name, async () => {
        const [a, control, b] = [await run(many(100, ...first)), await run(many(100, ...second)), await run(many(100, ...third))];
        assert.deepEqual(judge({ comparison: await compareRuns(a, b), overControl: await compareRuns(control, b), agreement: 1, options }), { accepted, reason, advice });
      });
    }

    it('says where a gain is at what it was trained on', async () => {
      const [a, b] = [await run(many(100, 40, 0)), await run(many(100, 5, 0))];
      const comparison = await compareRuns(a, b);
      const reason = (...trained: string[]): string => judge({ comparison, overControl: comparison, agreement: 1, options: { ...options, trainDistortions: trained.map((name) => ({ name, strength: 20 })) } }).reason;
      assert.match(reason('jpeg'), /^Clearly fewer labels change at jpeg 50\. But that is what it was trained on: nothing is shown for changes that it has not seen\. /);
      assert.match(reason('crop'), /^Clearly fewer labels change at jpeg 50\. Over the control/);
    });

    it('without labels goes by agreement with the original', async () => {
      const name = (pictures: Record<string, Seen>): Record<string, Seen> => Object.fromEntries(Object.entries(pictures).map(([key, seen]) => [`?${key}`, seen]));
      const [a, b] = [await run(name(many(100, 40))), await run(name(many(100, 5)))];
      const comparison = await compareRuns(a, b);
      const of = (agreement: number): boolean => judge({ comparison, overControl: comparison, agreement, options: { ...options, maxPrecisionDrop: 0.05 } }).accepted;
      assert.deepEqual([of(1), of(0.95), of(0.94)], [true, true, false]);
      const { reason, advice } = judge({ comparison, overControl: comparison, agreement: 0.9, options });
      assert.equal(advice, 'Do not use it: too many answers on clean pictures moved away from the original\'s.');
      assert.match(reason, /^10\.0 % of the clean answers are not the original's any more, more than the 0\.5 % allowed\./);
    });
  });
});
