import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openDataset, splitDataset } from '../../src/engine/dataset.ts';
import { exampleModels, filesBelow, readPairsOf, sha256, smallModel, testJob, writeModel, writePictures, writeText } from './engineHarness.ts';
import { headOf, largestRelativeDifference, stabilizations } from './stabilizeHarness.ts';

describe('stabilize', function () {
  this.timeout(120_000);
  const { folder, digits, prepared, run } = stabilizations();

  it('gives the same file for the same seed, and another for another', async () => {
    const hashes: string[] = [];
    for (const seed of [1, 1, 2]) hashes.push(sha256((await run(prepared({ seed }))).output));
    assert.equal(hashes[1], hashes[0]);
    assert.notEqual(hashes[2], hashes[0]);
  });

  it('searches the grid where nothing is given, with a control, and chooses the steadiest point that keeps its precision', async () => {
    const result = await run(prepared({ alpha: undefined, sigma: undefined, limit: 80, epochs: 2 }));
    assert.deepEqual(result.search.map(({ alpha, sigma }) => [alpha, sigma]), [[0, 0.04], [0.01, 0.04], [0.01, 0.1], [0.1, 0.04], [0.1, 0.1], [1, 0.04], [1, 0.1]]);
    const allowed = result.search.filter(({ alpha, rejected }) => alpha > 0 && rejected === undefined);
    const least = Math.min(...allowed.map(({ labelInstability }) => labelInstability));
    const chosen = result.search.find(({ alpha, sigma }) => alpha === result.options.alpha && sigma === result.options.sigma)!;
    assert.equal(chosen.labelInstability, least);
  });

  it('trains a control that is the run with α = 0, bit for bit', async () => {
    const [options, zero] = [prepared(), prepared({ alpha: 0 })];
    const [result, control] = [await run(options), await run(zero)];
    assert.deepEqual(readPairsOf(join(options.run, 'control')), readPairsOf(join(zero.run, 'after')));
    assert.deepEqual(readPairsOf(join(zero.run, 'control')), readPairsOf(join(zero.run, 'after')));
    assert.notDeepEqual(readPairsOf(join(options.run, 'after')), readPairsOf(join(options.run, 'control')));
    assert.deepEqual([control.options.alpha, control.search.length, result.search.length], [0, 1, 2]);
    assert.deepEqual(control.overControl.distortions.map(({ labelInstability }) => labelInstability!.difference), [0, 0]);
  });

  it('reports on pictures that neither training nor the search has seen; copies stay on one side', async () => {
    const images = join(folder, 'copies');
    for (const label of ['0', '1', '2']) {
      for (let at = 0; at < 20; at++) {
        const name = `${label}/${String(at).padStart(3, '0')}.png`;
        writeText(join(images, name), readFileSync(join(digits(), name)));
        // Every third picture has a copy under another name, some in another class.
        if (at % 3 === 0) writeText(join(images, at % 2 === 0 ? label : String((Number(label) + 1) % 3), `copy-${label}-${at}.png`), readFileSync(join(digits(), name)));
      }
    }
    const classNamesFile = writeText(join(folder, 'ten.txt'), Array.from({ length: 10 }, (_, label) => String(label)).join('\n'));
    const options = prepared({ images, classNamesFile, limit: undefined });
    const seen: Record<string, string[]> = { training: [], validation: [] };
    // The checkpoint's logs name the pictures of each side; they are read before it goes.
    const result = await run(options, testJob(({ step }) => {
      if (!step.startsWith('evaluating')) return;
      for (const share of ['training', 'validation']) {
        seen[share] = readFileSync(join(options.run, 'checkpoint', `${share}.features.pictures`), 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { path: string }).path);
      }
    }).job);
    const test = [...new Set(readPairsOf(join(options.run, 'after')).map(({ image }) => image))];
    const sides = { ...seen, test };
    assert.deepEqual(Object.values(sides).map((list) => list.length), [result.images.training, result.images.validation, result.images.test]);
    assert.ok(test.length > 5 && seen['validation']!.length > 5);
    assert.deepEqual(Object.values(sides).flat().sort(), filesBelow(images), 'not every picture lies on exactly one side');
    const sideOf = new Map<string, string>();
    for (const [side, paths] of Object.entries(sides)) {
      for (const path of paths) {
        const hash = sha256(join(images, path));
        assert.equal(sideOf.get(hash) ?? side, side, `${path} has a copy on another side`);
        sideOf.set(hash, side);
      }
    }
    for (const name of ['before', 'control']) assert.deepEqual([...new Set(readPairsOf(join(options.run, name)).map(({ image }) => image))], test);
    const { items } = await openDataset({ images, seed: 0, classNamesFile });
    assert.deepEqual((await splitDataset(items, { seed: 0, validationShare: 0.2, testShare: 0.2 })).test.map(({ path }) => path), test);
  });

  it('without labels holds to the model\'s own answers', async () => {
    const images = join(folder, 'unlabelled');
    for (const label of ['0', '1', '2', '3']) for (let at = 0; at < 20; at++) writeText(join(images, `${label}-${at}.png`), readFileSync(join(digits(), label, `${String(at).padStart(3, '0')}.png`)));
    const result = await run(prepared({ images, epochs: 5, maxPrecisionDrop: undefined }));
    assert.deepEqual([result.options.targets, result.options.maxPrecisionDrop, result.before.clean, result.comparison.clean], ['own answers', 0.05, null, null]);
    assert.ok(result.search.every(({ precisionAt1 }) => precisionAt1 === null));
    // The control's clean loss compares the model with itself, so that nothing pulls it away.
    const clean = (name: string): string[] => readPairsOf(join(result.run, name)).map(({ labelA }) => labelA);
    assert.deepEqual(clean('control'), clean('before'));
  });

  it('gives about the same weights on TensorFlow.js', async () => {
    const [ours, theirs] = [await run(prepared({ epochs: 2, optimizer: 'sgd' })), await run(prepared({ epochs: 2, optimizer: 'sgd', engine: 'tensorflow' }))];
    const [a, b, start] = [await headOf(ours.output), await headOf(theirs.output), await headOf(exampleModels.digits)];
    assert.ok(largestRelativeDifference(start, a) > 1e-2, 'training changed nothing, so that the test shows nothing');
    assert.ok(largestRelativeDifference(a, b) < 1e-3, `they differ by ${largestRelativeDifference(a, b)}`);
  });

  describe('where training goes wrong', () => {
    it('a learning rate that makes the loss infinite stops it, keeps the original and says so', async () => {
      const result = await run(prepared({ optimizer: 'sgd', learningRate: 1e38 }));
      assert.deepEqual([result.accepted, result.trained.stopped, result.trained.bestEpoch], [false, 'not finite', 0]);
      assert.deepEqual(await headOf(result.output), await headOf(exampleModels.digits));
      assert.match(result.warnings.join('\n'), /Training with α = 1, σ = 0\.1, learning rate 1e\+38 was stopped in epoch \d, because the loss became infinite or not a number; the best state before it was kept \(epoch 0\)\./);
      assert.match(result.reason, /No distortion changes clearly fewer labels than before\./);
    });

    it('a collapse to one class stops it, keeps the best and says so', async () => {
      const result = await run(prepared({ optimizer: 'sgd', learningRate: 10, batchSize: 1000 }));
      assert.deepEqual([result.accepted, result.trained.stopped, result.trained.epochs, result.trained.bestEpoch], [false, 'collapsed', 1, 0]);
      assert.match(result.warnings.join('\n'), /was stopped in epoch 1, because every picture was given the same label; the best state before it was kept \(epoch 0\)\./);
      assert.ok(result.search.every(({ rejected }) => rejected === 'it gave every picture the same label'));
      assert.equal(basename(result.output), 'digits.rejected.onnx');
    });

    it('what is not accepted keeps clear of the name that was asked for, and of earlier results', async () => {
      const options = prepared({ learningRate: 1e-12, epochs: 1 });
      const output = join(dirname(options.model), 'better.onnx');
      const first = await run({ ...options, output });
      assert.deepEqual([first.accepted, basename(first.output), existsSync(output)], [false, 'better.rejected.onnx', false]);
      const second = await run({ ...options, output, run: `${options.run}-2` });
      assert.equal(basename(second.output), 'better.rejected-2.onnx');
    });
  });

  it('works in a folder of few pictures, and says that the intervals are wide', async () => {
    const images = await writePictures(join(folder, 'few'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 5 }, (_, at) => `${label}/${at}.png`)));
    const result = await run({ ...prepared({ images, limit: undefined }), model: writeModel(join(folder, 'few-model', 'small.onnx'), smallModel()) });
    assert.deepEqual([result.images.training, result.images.validation, result.images.test], [9, 3, 3]);
    assert.ok(result.warnings.some((warning) => warning === 'Only 3 pictures were evaluated: the intervals are wide.'));
  });

  it('skips pictures that cannot be read on every side', async () => {
    const images = await writePictures(join(folder, 'damaged'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 8 }, (_, at) => `${label}/${at}.png`)));
    const bad = ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 6 }, (_, at) => `${label}/bad-${at}.png`));
    bad.forEach((name) => writeText(join(images, name), `no picture ${name}`));
    const result = await run({ ...prepared({ images, limit: undefined }), model: writeModel(join(folder, 'damaged-model', 'small.onnx'), smallModel()) });
    assert.deepEqual(result.images.skipped.map(({ path }) => path).sort(), bad);
    assert.ok(result.images.skipped.every(({ reason }) => reason === 'not a picture that can be read'));
  });
});
