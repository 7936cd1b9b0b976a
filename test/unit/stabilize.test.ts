import { fromBinary } from '@bufbuild/protobuf';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openDataset, splitDataset } from '../../src/engine/dataset.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { ModelProtoSchema } from '../../src/engine/graph/onnx_pb.ts';
import { toFloat32 } from '../../src/engine/graph/tensor.ts';
import { CancelledError, type Job } from '../../src/engine/job.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';
import type { Progress, Stabilization } from '../../src/engine/results.ts';
import { readRun } from '../../src/engine/runs/runFolder.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { onnxFixtures } from '../fixtures/fixtures.ts';
import { exampleModels, examplePictures, filesBelow, hashesBelow, quiet, readPairsOf, sha256, smallModel, temporaryFolder, testJob, writeModel, writePictures, writeText } from './engineHarness.ts';

/** The trained layer's weights of a written model. */
async function headOf(path: string): Promise<Float32Array[]> {
  const graph = await readModel(path);
  return [...graph.origins.keys()].filter((name) => /classifier|head/.test(name)).sort().map((name) => toFloat32(graph.constant(name)!));
}

function largestRelativeDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  assert.ok(a.length > 0 && a.length === b.length);
  return Math.max(...a.map((values, index) => {
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    return values.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[index]![at]!)), 0) / scale;
  }));
}

describe('stabilize', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const digits = (): string => examplePictures('digits/train');
  let number = 0;

  /** A fresh folder with a copy of the model, and options for a short run. */
  function prepared(options: Partial<StabilizeOptions> = {}, source = exampleModels.digits): StabilizeOptions {
    const inside = join(folder, `${++number}`);
    mkdirSync(inside);
    const model = join(inside, 'model', basename(source));
    cpSync(dirname(source), dirname(model), { recursive: true, filter: (file) => file === dirname(source) || file === source || source.endsWith('.json') });
    return { model, images: digits(), run: join(inside, 'run'), limit: 120, epochs: 3, alpha: 1, sigma: 0.1, draws: 2, threads: 1, distortions: [{ name: 'gaussian-noise', strength: 0.3 }, { name: 'jpeg', strength: 10 }], maxPrecisionDrop: 0.2, ...options };
  }

  /** Runs it and checks what holds for every stabilization. */
  async function run(options: StabilizeOptions, job: Job = quiet()): Promise<Stabilization> {
    const before = hashesBelow(dirname(options.model));
    const result = await stabilize(options, job);
    const after = hashesBelow(dirname(options.model));
    for (const [file, hash] of Object.entries(before)) assert.equal(after[file], hash, `${file} was touched`);
    assert.ok(existsSync(result.output), 'there is no output');
    assert.ok(!existsSync(join(options.run, 'checkpoint')), 'the checkpoint was left');
    assert.deepEqual([...filesBelow(options.run), ...filesBelow(dirname(options.model))].filter((file) => file.endsWith('.tmp') || file.endsWith('state.json')), []);
    assert.deepEqual(await readRun(options.run), JSON.parse(JSON.stringify(result)));
    for (const name of ['before', 'control', 'after'] as const) assert.deepEqual(await readRun(join(options.run, name)), JSON.parse(JSON.stringify(result[name])));
    assert.equal(basename(result.output).includes('rejected'), !result.accepted);
    assert.deepEqual([result.before.model.path, result.after.model.path, result.comparison.b.model], [options.model, result.output, result.output]);
    assert.notEqual(result.after.model.sha256, result.before.model.sha256);
    return result;
  }

  /** Aborts where a step has got so far. */
  const abortAt = (where: (progress: Progress) => boolean): Job => testJob((progress, abort) => {
    if (where(progress)) abort();
  }).job;

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

  describe('resumed after a stop', () => {
    const cases: [name: string, where: (progress: Progress) => boolean][] = [
      ['in the middle of the training pictures\' features', ({ step, done }) => step === 'features of the training pictures' && done === 20],
      ['in the middle of the validation pictures\' features', ({ step, done }) => step === 'features of the validation pictures' && done === 5],
      ['before the first epoch', ({ step, done }) => step.startsWith('training, α = 0') && done === 0],
      ['in the middle of the control\'s training', ({ step, done }) => step.startsWith('training, α = 0') && done === 2],
      ['in the middle of the training', ({ step, done }) => step.startsWith('training, α = 1') && done === 2],
      ['in the middle of the evaluation', ({ step, done }) => step.startsWith('evaluating') && done === 4],
    ];
    let whole: string;
    before(async () => (whole = sha256((await run(prepared({ epochs: 4 }))).output)));
    for (const [name, where] of cases) {
      it(`${name}, it gives the same file`, async () => {
        const options = prepared({ epochs: 4 });
        const original = hashesBelow(dirname(options.model));
        await assert.rejects(stabilize(options, abortAt(where)), CancelledError);
        await assert.rejects(readRun(options.run), { message: 'the run run was cancelled' });
        assert.deepEqual(hashesBelow(dirname(options.model)), original, 'the model\'s folder was touched');
        assert.equal(sha256((await run({ ...options, resume: true })).output), whole);
      });
    }

    it('does not make the features of a picture twice', async () => {
      const options = prepared();
      await assert.rejects(stabilize(options, abortAt(({ step, done }) => step === 'features of the validation pictures' && done === 5)), CancelledError);
      const first: Record<string, number> = {};
      await stabilize({ ...options, resume: true }, testJob(({ step, done }) => {
        // The first report of a step is its beginning, the second what was found done.
        if (step.startsWith('features') && done > 0) first[step] ??= done;
      }).job);
      assert.equal(first['features of the training pictures'], 72);
      assert.ok(first['features of the validation pictures']! >= 5);
    });

    const others: [Partial<StabilizeOptions>, string][] = [
      [{ learningRate: 0.01 }, 'its learning rate was 0.001, now it is 0.01'], [{ alpha: 0.5 }, 'its alpha was 1, now it is 0.5'],
      [{ sigma: undefined }, 'its sigma was 0.1, now it is not given'], [{ seed: 5 }, 'its seed was 0, now it is 5'], [{ limit: 100 }, 'the pictures are others now'],
      [{ divergence: 'js' }, 'its divergence was cross-entropy, now it is js'], [{ epochs: 9 }, 'its epochs was 3, now it is 9'], [{ testShare: 0.3 }, 'its test share was 0.2, now it is 0.3'],
      [{ featureLayer: '/Flatten' }, 'its feature layer was /Relu_2_output_0, now it is /Flatten_output_0'],
    ];
    it('with another option is an error that names it', async () => {
      const options = prepared();
      await assert.rejects(stabilize(options, abortAt(({ done }) => done === 3)), CancelledError);
      for (const [other, difference] of others) {
        await assert.rejects(stabilize({ ...options, ...other, resume: true }, quiet()), { name: 'UserError', message: `the run in ${options.run} cannot be resumed: ${difference}` });
      }
      await run({ ...options, resume: true });
      await assert.rejects(stabilize({ ...options, resume: true }, quiet()), { name: 'UserError', message: `the run in ${options.run} is finished: there is nothing to resume` });
      assert.equal((await readRun(options.run)).state, 'done');
    });

    it('needs a run', async () => {
      const options = prepared();
      await assert.rejects(stabilize({ ...options, resume: true }, quiet()), { name: 'UserError', message: `there is no run in ${options.run}` });
      assert.ok(!existsSync(options.run));
    });
  });

  it('trains a control that is the run with α = 0, bit for bit', async () => {
    const [options, zero] = [prepared(), prepared({ alpha: 0 })];
    const [result, control] = [await run(options), await run(zero)];
    assert.deepEqual(readPairsOf(join(options.run, 'control')), readPairsOf(join(zero.run, 'after')));
    assert.deepEqual(readPairsOf(join(zero.run, 'control')), readPairsOf(join(zero.run, 'after')));
    assert.notDeepEqual(readPairsOf(join(options.run, 'after')), readPairsOf(join(options.run, 'control')));
    assert.deepEqual([control.options.alpha, control.search.length, result.search.length], [0, 1, 2]);
    assert.deepEqual(control.overControl.distortions.map(({ labelInstability }) => labelInstability.difference), [0, 0]);
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

  describe('the new file', () => {
    it('is what was evaluated: its answers are those of `after`', async () => {
      const options = prepared();
      const result = await run(options);
      const { evaluate } = await import('../../src/engine/evaluate.ts');
      const again = join(dirname(options.run), 'again');
      await evaluate({ model: result.output, images: options.images, limit: 120, run: again, threads: 1, distortions: options.distortions! }, quiet());
      const known = new Map(readPairsOf(again).map((pair) => [`${pair.image} ${pair.distortion}`, pair]));
      for (const pair of readPairsOf(join(options.run, 'after'))) {
        const other = known.get(`${pair.image} ${pair.distortion}`)!;
        assert.deepEqual([other.labelA, other.labelB], [pair.labelA, pair.labelB]);
        assert.ok(Math.abs(other.klDivergence - pair.klDivergence) < 1e-4);
      }
      const metadata = (await readModel(result.output)).metadata;
      assert.deepEqual(JSON.parse(metadata['model-stability.stabilized']!), { from: sha256(options.model), version: result.after.method.version, ...result.options });
    });

    it('of a TensorFlow.js model is one that TensorFlow.js loads, with the same answers', async () => {
      const options = prepared({}, exampleModels.digitsTensorFlowJs);
      const result = await run(options);
      const json = JSON.parse(readFileSync(result.output, 'utf8')) as { modelTopology: object; weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] };
      const weightData = Buffer.concat(json.weightsManifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(dirname(result.output), path))));
      const layers = await loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData: new Uint8Array(weightData).buffer }));
      const graph = await readModel(result.output);
      const data = Float32Array.from({ length: 2 * 28 * 28 }, (_, at) => ((at * 31) % 97) / 97);
      const session = await onnxRuntime.load(graph.model, { threads: 1 });
      const ours = toFloat32((await session.run({ [graph.inputs[0]!.name]: { type: 'float32', dims: [2, 28, 28, 1], data } }))[graph.outputs[0]!.name]!);
      await session.release();
      const theirs = await (layers.predict(tf.tensor(data, [2, 28, 28, 1])) as tf.Tensor).data();
      ours.forEach((value, at) => assert.ok(Math.abs(value - theirs[at]!) < 1e-4));
      assert.ok(result.trained.layers.length > 0);
    });

    const kept: [fixture: string, what: string, check: (path: string) => void][] = [
      ['float16-weights', 'float16', (path) => assert.ok(fromBinary(ModelProtoSchema, readFileSync(path)).graph!.initializer.filter(({ name }) => name.endsWith('_half')).every(({ dataType }) => dataType === 10))],
      ['mobilenet-default', 'external data', (path) => {
        assert.ok(existsSync(`${path}.data`));
        assert.ok(fromBinary(ModelProtoSchema, readFileSync(path)).graph!.initializer.some(({ dataLocation, externalData }) => dataLocation === 1 && externalData.some(({ value }) => value === `${basename(path)}.data`)));
      }],
    ];
    for (const [fixture, what, check] of kept) {
      it(`keeps ${what}`, async () => {
        const source = onnxFixtures().find(({ name }) => name === fixture)!.file;
        const images = await writePictures(join(folder, 'coloured'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 12 }, (_, at) => `${label}/${at}.png`)));
        const classNamesFile = writeText(join(folder, `names-${fixture}.txt`), (fixture === 'mobilenet-default' ? 'abcdef' : 'abcde').split('').join('\n'));
        const options = prepared({ images, classNamesFile, limit: undefined, epochs: 1 }, source);
        for (const data of [`${source}.data`]) if (existsSync(data)) copyFileSync(data, join(dirname(options.model), basename(data)));
        check((await run(options)).output);
      });
    }

    it('trains every part: the last two layers, batch norm, everything', async () => {
      const images = await writePictures(join(folder, 'coloured'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 12 }, (_, at) => `${label}/${at}.png`)));
      const source = onnxFixtures().find(({ name }) => name === 'residual-batch-norm')!.file;
      const original = await readModel(source);
      const classNamesFile = writeText(join(folder, 'five.txt'), 'a\nb\nc\nd\ne');
      const sizes: number[] = [];
      for (const train of ['last:2', 'batch-norm', 'all']) {
        const result = await run(prepared({ images, classNamesFile, limit: undefined, epochs: 1, train }, source));
        const written = await readModel(result.output);
        const changed = [...original.origins.keys()].filter((name) => toFloat32(original.constant(name)!).some((value, at) => value !== toFloat32(written.constant(name)!)[at]));
        assert.equal(changed.reduce((sum, name) => sum + toFloat32(original.constant(name)!).length, 0) > 0, true, `${train} changed nothing`);
        assert.ok(changed.length <= result.trained.layers.length * 2);
        sizes.push(result.trained.parameters);
      }
      assert.ok(sizes[0]! < sizes[2]! && sizes[1]! < sizes[2]! && sizes[2] === original.parameters, sizes.join(' '));
    });

    it('never lies over the original, by whatever path', async () => {
      const options = prepared();
      const linked = join(dirname(options.model), 'linked.onnx');
      linkSync(options.model, linked);
      const hash = sha256(options.model);
      for (const output of [options.model, join(dirname(options.model), '..', 'model', basename(options.model)), linked]) {
        await assert.rejects(stabilize({ ...options, output }, quiet()), { name: 'UserError', message: `the output ${output} is the original model: choose another name` });
      }
      assert.equal(sha256(options.model), hash);
      assert.ok(!existsSync(options.run), 'work was begun');
      rmSync(linked);
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
