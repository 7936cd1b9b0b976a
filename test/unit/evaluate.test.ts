import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { evaluate } from '../../src/engine/evaluate.ts';
import { CancelledError } from '../../src/engine/job.ts';
import type { EvaluateOptions } from '../../src/engine/options.ts';
import type { Evaluation, Pair, Share, Summary } from '../../src/engine/results.ts';
import { readRun, readState } from '../../src/engine/runs/runFolder.ts';
import { exampleModels, examplePictures, hugePicture, quiet, readPairsOf, sha256, smallModel, temporaryFolder, testJob, writeModel, writePictures, writeText } from './engineHarness.ts';

/** ln C(n, k). */
function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}

/** P(from ≤ X ≤ to) of a binomial distribution, summed term by term. */
function binomial(n: number, p: number, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k <= to; k++) sum += Math.exp(logChoose(n, k) + (k === 0 ? 0 : k * Math.log(p)) + (k === n ? 0 : (n - k) * Math.log(1 - p)));
  return sum;
}

/** A share is what was counted, and its limits leave 2.5 % on either side (the definition of Clopper and Pearson). */
function assertShare(got: Share | null, count: number, of: number, what: string): void {
  assert.deepEqual([got?.count, got?.of, got?.value], [count, of, count / of], what);
  const { low, high } = got!;
  if (count === 0) assert.equal(low, 0);
  else assert.ok(Math.abs(binomial(of, low, count, of) - 0.025) < 1e-6, `${what}: low`);
  if (count === of) assert.equal(high, 1);
  else assert.ok(Math.abs(binomial(of, high, 0, count) - 0.025) < 1e-6, `${what}: high`);
}

/** Type 7 quantile, by its definition. */
function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const h = (sorted.length - 1) * p;
  return sorted[Math.floor(h)]! + (h - Math.floor(h)) * (sorted[Math.ceil(h)]! - sorted[Math.floor(h)]!);
}

function assertSummary(got: Summary, values: readonly number[], what: string): void {
  const wanted = { mean: values.reduce((sum, value) => sum + value, 0) / values.length, median: quantile(values, 0.5), p95: quantile(values, 0.95) };
  for (const key of ['mean', 'median', 'p95'] as const) assert.ok(Math.abs(got[key] - wanted[key]) < 1e-12, `${what}: ${key} is ${got[key]}, not ${wanted[key]}`);
}

const count = (pairs: readonly Pair[], holds: (pair: Pair) => boolean): number => pairs.filter(holds).length;
const among = (top: Pair['topA'], { truth }: Pair): boolean => top.some(([label]) => label === truth);

/** All numbers of an evaluation, from its pairs alone. */
function assertAgreesWithPairs(evaluation: Evaluation, pairs: readonly Pair[]): void {
  const byImage = new Map<string, Pair[]>();
  for (const pair of pairs) byImage.set(pair.image, [...(byImage.get(pair.image) ?? []), pair]);
  const firsts = [...byImage.values()].map(([first]) => first!);
  assert.equal(evaluation.images.evaluated, byImage.size);
  const labelled = firsts.every(({ truth }) => truth !== null);
  if (labelled) {
    assertShare(evaluation.clean!.precisionAt1, count(firsts, (pair) => pair.labelA === pair.truth), firsts.length, 'clean precision@1');
    assertShare(evaluation.clean!.precisionAt5, count(firsts, (pair) => among(pair.topA, pair)), firsts.length, 'clean precision@5');
    const unstable = [...byImage.values()].filter((of) => new Set([of[0]!.labelA === of[0]!.truth, ...of.map((pair) => pair.labelB === pair.truth)]).size === 2).length;
    assertShare(evaluation.instability, unstable, byImage.size, 'instability');
  } else {
    assert.deepEqual([evaluation.clean, evaluation.instability], [null, null]);
  }
  for (const result of evaluation.distortions) {
    const name = `${result.name}:${result.strength}`;
    const own = pairs.filter((pair) => `${pair.distortion}:${pair.strength}` === name);
    assert.equal(own.length, byImage.size, name);
    assertShare(result.labelInstability, count(own, (pair) => pair.labelA !== pair.labelB), own.length, `${name} label instability`);
    for (const measure of ['featureDistance', 'klDivergence', 'jsDivergence', 'pixelDifference'] as const) assertSummary(result[measure]!, own.map((pair) => pair[measure]!), `${name} ${measure}`);
    if (labelled) {
      assertShare(result.precisionAt1, count(own, (pair) => pair.labelB === pair.truth), own.length, `${name} precision@1`);
      assertShare(result.precisionAt5, count(own, (pair) => among(pair.topB, pair)), own.length, `${name} precision@5`);
    } else {
      assert.deepEqual([result.precisionAt1, result.precisionAt5], [null, null]);
    }
  }
}

/** Within a pair, the numbers fit each other. */
function assertPairsMakeSense(pairs: readonly Pair[], classes: number): void {
  for (const pair of pairs) {
    const { topA, topB } = pair;
    for (const [label, top] of [[pair.labelA, topA], [pair.labelB, topB]] as const) {
      assert.equal(top.length, Math.min(5, classes));
      assert.equal(top[0]![0], label);
      assert.ok(top.every(([, p], at) => p >= 0 && p <= 1 + 1e-9 && (at === 0 || p <= top[at - 1]![1])));
      assert.ok(top.reduce((sum, [, p]) => sum + p, 0) < 1 + 1e-5);
    }
    assert.ok(pair.featureDistance >= 0 && pair.featureDistance <= 2 && pair.klDivergence! >= 0 && pair.jsDivergence! >= 0 && pair.jsDivergence! <= Math.LN2 && pair.pixelDifference >= 0 && pair.pixelDifference <= 1);
    // Pinsker's inequality, with the probability of one label as the event: |P(l) − Q(l)| ≤ √(KL / 2).
    const other = topB.find(([label]) => label === pair.labelA);
    if (other) assert.ok(Math.abs(topA[0]![1] - other[1]) <= Math.sqrt(pair.klDivergence! / 2) + 1e-4, `${pair.image} ${pair.distortion}`);
  }
}

describe('evaluate', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let runs = 0;
  const newRun = (): string => join(folder, `run-${++runs}`);

  const cases: [name: string, options: Omit<EvaluateOptions, 'run' | 'images'>, pictures: () => string, classes: number][] = [
    ['digits.onnx', { model: exampleModels.digits, limit: 60 }, () => examplePictures('digits/test'), 10],
    ['patches.onnx', { model: exampleModels.patches, limit: 27, distortions: [{ name: 'jpeg', strength: 10 }, { name: 'gaussian-noise', strength: 0.1 }] }, () => examplePictures('patches/test'), 9],
  ];
  for (const [name, options, pictures, classes] of cases) {
    it(`${name}: run.json is what pairs.jsonl says`, async () => {
      const run = newRun();
      const evaluation = await evaluate({ ...options, images: pictures(), run }, quiet());
      assert.deepEqual(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')), JSON.parse(JSON.stringify(evaluation)));
      assert.deepEqual(await readRun(run), JSON.parse(JSON.stringify(evaluation)));
      assert.equal(await readState(run), null);
      const pairs = readPairsOf(run);
      assertAgreesWithPairs(evaluation, pairs);
      assertPairsMakeSense(pairs, classes);
      assert.deepEqual([evaluation.images.total, evaluation.images.skipped, evaluation.model.sha256], [options.limit, [], sha256(options.model)]);
      assert.ok(evaluation.clean!.precisionAt1.value > 0.7, 'the example model is not that bad');
      assert.deepEqual(evaluation.warnings, [`Only ${options.limit} pictures were evaluated: the intervals are wide.`]);
      // As many of each class.
      const images = [...new Set(pairs.map((pair) => pair.image))];
      for (const label of evaluation.method.classNames!) assert.equal(images.filter((image) => image.startsWith(`${label}/`)).length, options.limit! / classes, label);
    });
  }

  it('gives the same pairs, byte for byte, for the same seed, and with another number of threads', async () => {
    const options = { model: exampleModels.digits, images: examplePictures('digits/test'), limit: 30 };
    const bytes = async (more: Partial<EvaluateOptions>): Promise<string> => {
      const run = newRun();
      await evaluate({ ...options, ...more, run }, quiet());
      return readFileSync(join(run, 'pairs.jsonl'), 'utf8');
    };
    const [one, again, threads, seed] = [await bytes({ threads: 1 }), await bytes({ threads: 1 }), await bytes({ threads: 3 }), await bytes({ threads: 1, seed: 7 })];
    assert.equal(again, one);
    assert.equal(threads, one);
    assert.notEqual(seed, one);
  });

  it('gives each picture the same numbers whatever other pictures there are', async () => {
    const options = { model: exampleModels.digits, images: examplePictures('digits/test'), threads: 1 };
    const [few, many] = [newRun(), newRun()];
    await evaluate({ ...options, run: few, limit: 10 }, quiet());
    await evaluate({ ...options, run: many, limit: 40 }, quiet());
    const known = new Map(readPairsOf(many).map((pair) => [`${pair.image} ${pair.distortion}`, pair]));
    const common = readPairsOf(few).filter((pair) => known.has(`${pair.image} ${pair.distortion}`));
    assert.ok(common.length > 0, 'the samples share no picture');
    for (const pair of common) assert.deepEqual(known.get(`${pair.image} ${pair.distortion}`), pair);
  });

  const twins: [name: string, a: Partial<EvaluateOptions> & { model: string }, b: Partial<EvaluateOptions> & { model: string }, images: 'digits/test' | 'patches/test', limit: number][] = [
    ['digits as ONNX and TensorFlow.js', { model: exampleModels.digits }, { model: exampleModels.digitsTensorFlowJs }, 'digits/test', 30],
    ['patches as ONNX and TensorFlow.js', { model: exampleModels.patches }, { model: exampleModels.patchesTensorFlowJs }, 'patches/test', 9],
    ['digits on ONNX Runtime and TensorFlow.js', { model: exampleModels.digits }, { model: exampleModels.digits, engine: 'tensorflow' }, 'digits/test', 20],
  ];
  for (const [name, a, b, images, limit] of twins) {
    it(`${name}: the same pairs, 1e-4`, async () => {
      const [left, right] = [newRun(), newRun()];
      for (const [options, run] of [[a, left], [b, right]] as const) {
        const { method } = await evaluate({ ...options, images: examplePictures(images), limit, run }, quiet());
        assert.match(method.engine, 'engine' in options ? /^TensorFlow\.js 4\.\d+\.\d+, \w+$/ : /^ONNX Runtime 1\.\d+\.\d+, CPU$/);
      }
      const [pairsA, pairsB] = [readPairsOf(left), readPairsOf(right)];
      assert.equal(pairsA.length, limit * 4);
      pairsA.forEach((pair, at) => {
        const other = pairsB[at]!;
        assert.deepEqual([other.image, other.distortion, other.labelA, other.labelB, other.truth], [pair.image, pair.distortion, pair.labelA, pair.labelB, pair.truth]);
        assert.equal(other.pixelDifference, pair.pixelDifference);
        for (const [top, twin] of [[pair.topA, other.topA], [pair.topB, other.topB]] as const) {
          const probabilities = new Map(twin);
          for (const [label, p] of top) if (probabilities.has(label)) assert.ok(Math.abs(p - probabilities.get(label)!) < 1e-4, `${pair.image}: ${label} ${p} ${probabilities.get(label)}`);
        }
        assert.ok(Math.abs(pair.featureDistance - other.featureDistance) < 1e-4);
        assert.ok(Math.abs(pair.jsDivergence! - other.jsDivergence!) < 1e-4);
      });
    });
  }

  it('--pairs worst:N keeps the N pairs of largest feature distance, in their order, and the same numbers', async () => {
    const options = { model: exampleModels.digits, images: examplePictures('digits/test'), limit: 60, threads: 1 };
    const [all, worst] = [newRun(), newRun()];
    const whole = await evaluate({ ...options, run: all }, quiet());
    const few = await evaluate({ ...options, run: worst, pairs: { worst: 7 } }, quiet());
    const pairs = readPairsOf(all);
    const kept = new Set(pairs.map((pair, at) => ({ pair, at })).sort((a, b) => b.pair.featureDistance - a.pair.featureDistance || a.at - b.at).slice(0, 7).map(({ at }) => at));
    assert.deepEqual(readPairsOf(worst), pairs.filter((_, at) => kept.has(at)));
    assert.deepEqual([few.distortions, few.clean, few.method.pairs], [whole.distortions, whole.clean, 'worst:7']);
  });

  it('without labels has no precision', async () => {
    const images = await writePictures(join(folder, 'plain'), ['a.png', 'b.png', 'c.png']);
    const run = newRun();
    const evaluation = await evaluate({ model: writeModel(join(folder, 'small.onnx'), smallModel()), images, run }, quiet());
    assertAgreesWithPairs(evaluation, readPairsOf(run));
    assert.equal(evaluation.method.labels, null);
    assert.ok(readPairsOf(run).every(({ truth }) => truth === null));
    assert.ok(evaluation.warnings.some((warning) => warning.startsWith('The preprocessing is a guess')));
  });

  it('takes labels and class names from files', async () => {
    const images = await writePictures(join(folder, 'listed'), ['x.png', 'y.png', 'z.png']);
    const labelsFile = writeText(join(folder, 'labels.csv'), 'path,label\nx.png,cat\ny.png,dog\n');
    const classNamesFile = writeText(join(folder, 'names.txt'), 'dog\ncat\nfox\n');
    const run = newRun();
    const evaluation = await evaluate({ model: writeModel(join(folder, 'small.onnx'), smallModel()), images, labelsFile, classNamesFile, run }, quiet());
    assert.deepEqual([evaluation.method.labels, evaluation.method.classNames, evaluation.images.total], ['file', ['dog', 'cat', 'fox'], 2]);
    assert.deepEqual(readPairsOf(run).filter(({ distortion }) => distortion === 'jpeg').map(({ image, truth }) => [image, truth]), [['x.png', 'cat'], ['y.png', 'dog']]);
    assertAgreesWithPairs(evaluation, readPairsOf(run));
  });

  it('skips pictures that cannot be read, with the reason, and counts them', async () => {
    const images = await writePictures(join(folder, 'some'), ['a/1.png', 'a/2.png', 'b/1.png', 'c/1.png']);
    writeText(join(images, 'a/empty.png'), '');
    writeText(join(images, 'b/text.jpg'), 'this is no picture');
    writeText(join(images, 'c/short.png'), readFileSync(join(images, 'c/1.png')).subarray(0, 200));
    writeText(join(images, 'c/huge.png'), await hugePicture());
    const run = newRun();
    const { job, lines } = testJob();
    const evaluation = await evaluate({ model: writeModel(join(folder, 'small.onnx'), smallModel()), images, run }, job);
    assert.deepEqual([evaluation.images.total, evaluation.images.evaluated], [8, 4]);
    assert.deepEqual(evaluation.images.skipped, [
      { path: 'a/empty.png', reason: 'not a picture that can be read' }, { path: 'b/text.jpg', reason: 'not a picture that can be read' },
      { path: 'c/huge.png', reason: 'has more than 100 million pixels' }, { path: 'c/short.png', reason: 'the picture is cut short' },
    ]);
    assert.ok(evaluation.warnings.includes('4 of 8 pictures could not be read and were left out.'));
    assert.deepEqual(lines, evaluation.images.skipped.map(({ path, reason }) => `skipped ${path}: ${reason}`));
    assertAgreesWithPairs(evaluation, readPairsOf(run));
  });

  it('cancelled, it stops within a second, begins no further picture, and the run says so', async () => {
    const run = newRun();
    const done: number[] = [];
    let asked = 0;
    const { job } = testJob((progress, abort) => {
      if (progress.step !== 'evaluating') return;
      done.push(progress.done);
      if (progress.done !== 3) return;
      asked = performance.now();
      abort();
    });
    await assert.rejects(evaluate({ model: exampleModels.patches, images: examplePictures('patches/test'), run }, job), CancelledError);
    const took = performance.now() - asked;
    assert.ok(asked > 0 && took < 1000, `it took ${took} ms`);
    assert.ok(done.at(-1)! <= 4, `pictures done: ${done.join(', ')}`);
    assert.equal((await readState(run))!.state, 'cancelled');
    await assert.rejects(readRun(run), { name: 'UserError', message: `the run run-${runs} was cancelled` });
    await assert.rejects(evaluate({ model: exampleModels.patches, images: examplePictures('patches/test'), run }, quiet()), { name: 'UserError', message: `the run folder ${run} holds a run already` });
  });

  it('takes no more memory for six times the pictures', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    /** Megabytes that JavaScript holds at the last picture, rubbish not counted. */
    const memory = async (limit: number): Promise<number> => {
      let held = 0;
      const { job } = testJob(({ step, done }) => {
        if (step !== 'evaluating' || done !== limit) return;
        collect();
        const { heapUsed, external } = process.memoryUsage();
        held = (heapUsed + external) / 2 ** 20;
      });
      await evaluate({ model: exampleModels.digits, images: examplePictures('digits/test'), limit, run: newRun(), threads: 1 }, job);
      assert.ok(held > 0, 'nothing was measured');
      return held;
    };
    const [few, many] = [await memory(50), await memory(300)];
    assert.ok(many < few + 5, `${few.toFixed(0)} MB after 50 pictures, ${many.toFixed(0)} MB after 300`);
  });

  it('says what cannot be trusted: chance, one label for all', async () => {
    const images = examplePictures('digits/test');
    const upsideDown = await evaluate({ model: exampleModels.digits, images, limit: 100, run: newRun(), preprocessing: { range: '-1-1', mean: [50] } }, quiet());
    assert.ok(upsideDown.warnings.some((warning) => /^Clean precision is .* no better than chance \(10\.0 %\): the preprocessing or the labels are probably wrong\.$/.test(warning)), upsideDown.warnings.join(' '));
    assert.ok(upsideDown.warnings.includes('Every clean picture is given the same label, so nothing can be said about stability: the preprocessing is probably wrong.'));
  });

  it('refuses an answer that is not a number, and names the picture', async () => {
    const model = smallModel();
    const bias = model.graph!.initializer.find(({ name }) => name === 'head.bias')!;
    bias.rawData = new Uint8Array(Float32Array.of(0, NaN, 0).buffer);
    const images = await writePictures(join(folder, 'nan'), ['a/1.png', 'b/1.png']);
    const run = newRun();
    await assert.rejects(evaluate({ model: writeModel(join(folder, 'nan.onnx'), model), images, run }, quiet()), { name: 'UserError', message: 'a/1.png: the model\'s answer for class 1 is NaN' });
    await assert.rejects(readRun(run), { name: 'UserError', message: `the run run-${runs} failed: a/1.png: the model's answer for class 1 is NaN` });
  });

  it('checks distortions before any work, and takes each once', async () => {
    const options = { model: exampleModels.digits, images: examplePictures('digits/test'), limit: 10 };
    for (const [distortion, message] of [[{ name: 'blurr', strength: 1 }, 'unknown distortion: blurr (known: crop, gaussian-noise, jpeg, thumbnail)'], [{ name: 'jpeg', strength: 101 }, 'the strength of jpeg must be from 1 to 100, not 101']] as const) {
      const run = newRun();
      await assert.rejects(evaluate({ ...options, run, distortions: [distortion] }, quiet()), { name: 'UserError', message });
      assert.throws(() => statSync(run), { code: 'ENOENT' });
    }
    const run = newRun();
    const twice = await evaluate({ ...options, run, distortions: [{ name: 'jpeg', strength: 50 }, { name: 'jpeg', strength: 50 }] }, quiet());
    assert.deepEqual([twice.distortions.length, readPairsOf(run).length], [1, 10]);
  });
});
