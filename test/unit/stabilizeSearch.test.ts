import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { readModel } from '../../src/engine/formats/index.ts';
import { toFloat32 } from '../../src/engine/graph/tensor.ts';
import { CancelledError, JobControl, type Job } from '../../src/engine/job.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';
import type { Progress, TrainingCurves } from '../../src/engine/results.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { writePoint } from '../../src/engine/writePoint.ts';
import { onnxFixtures } from '../fixtures/fixtures.ts';
import { quiet, sha256, writeModel, writePictures, smallModel, writeText, testJob, exampleModels } from './engineHarness.ts';
import { abortAt, stabilizations, weightsHash } from './stabilizeHarness.ts';

describe('the search of a stabilization', function () {
  this.timeout(120_000);
  const { prepared, run } = stabilizations();
  const sweep = (options: Partial<StabilizeOptions> = {}): StabilizeOptions => prepared({ limit: 60, epochs: 3, sweep: 'random', sweepPoints: 5, alpha: undefined, sigma: undefined, ...options });

  it('sweeps over α, σ, learning rate and part, gives most epochs to the best, and has a control of the winner', async () => {
    const options = sweep({ epochs: 9, sweepPoints: 8 });
    const result = await run(options);
    const tried = result.search.filter(({ alpha }) => alpha > 0);
    assert.equal(tried.length, 8);
    for (const key of ['alpha', 'sigma', 'learningRate'] as const) assert.equal(new Set(tried.map((point) => point[key])).size, 8, key);
    assert.ok(new Set(tried.map(({ train }) => train)).size > 1);
    // One round of an epoch for eight, the best three have as many as they need.
    assert.equal(tried.filter(({ epochs }) => epochs === 1).length, 5);
    assert.ok(tried.filter(({ epochs }) => epochs! > 1).length === 3);
    const [control] = result.search.filter(({ alpha }) => alpha === 0);
    assert.deepEqual([control!.train, control!.learningRate], [result.options.train, result.options.learningRate]);
    const chosen = tried.find(({ alpha }) => alpha === result.options.alpha)!;
    const allowed = tried.filter(({ rejected }) => rejected === undefined);
    assert.ok(allowed.length === 0 || chosen.labelInstability === Math.min(...allowed.map(({ labelInstability }) => labelInstability)));
  });

  it('marks the Pareto front, and every point of it and the control can be written', async () => {
    const options = sweep();
    const result = await run(options);
    const tried = result.search.filter(({ alpha }) => alpha > 0);
    for (const point of tried) {
      const beaten = tried.some((other) => other.precisionAt1! >= point.precisionAt1! && other.labelInstability <= point.labelInstability && (other.precisionAt1! > point.precisionAt1! || other.labelInstability < point.labelInstability));
      assert.deepEqual([point.pareto ?? false, point.kept ?? false], [!beaten, !beaten]);
    }
    assert.deepEqual(result.search.filter(({ alpha, kept }) => alpha === 0 && kept).length, 1, 'the control cannot be written');
    const hash = sha256(options.model);
    for (const [index, point] of result.search.entries()) {
      if (!point.kept) {
        await assert.rejects(writePoint(options.run, index), { name: 'UserError', message: `the run in ${options.run} does not hold the weights of point ${index}` });
        continue;
      }
      const path = await writePoint(options.run, index);
      assert.equal(dirname(path), dirname(options.model));
      assert.match(path, point.alpha === 0 ? /\.control\.\w+$/ : /\.stabilized(-\d+)?\.\w+$/);
      const chosen = point.alpha === result.options.alpha && point.learningRate === result.options.learningRate;
      // Points whose starting weights were the best are all the original.
      if (chosen || point.bestEpoch! > 0) assert.equal(await weightsHash(path) === await weightsHash(result.output), chosen);
      assert.equal((JSON.parse((await readModel(path)).metadata['model-stability.stabilized']!) as { alpha: number }).alpha, point.alpha);
    }
    assert.equal(sha256(options.model), hash);
    await assert.rejects(writePoint(options.run, 99), { name: 'UserError', message: `the run in ${options.run} has no point 99: there are ${result.search.length}` });
    await assert.rejects(writePoint(options.run, result.search.findIndex(({ kept }) => kept), options.model), { name: 'UserError', message: `the output ${options.model} is the original model: choose another name` });
    writeModel(options.model, smallModel());
    await assert.rejects(writePoint(options.run, result.search.findIndex(({ kept }) => kept)), { name: 'UserError', message: `${options.model} is no longer the model that the run in ${options.run} was made with` });
  });

  it('gives the same file for the same seed, also after a stop in any round', async () => {
    const whole = await run(sweep());
    const steps = new Set<string>();
    const seen = testJob(({ step }) => void steps.add(step)).job;
    assert.equal(sha256((await run(sweep(), seen)).output), sha256(whole.output));
    const trainings = [...steps].filter((step) => step.startsWith('training, '));
    for (const step of [trainings[1]!, trainings.at(-1)!]) {
      const options = sweep();
      await assert.rejects(stabilize(options, abortAt((progress: Progress) => progress.step === step && progress.done === 1)), CancelledError);
      assert.equal(sha256((await run({ ...options, resume: true })).output), sha256(whole.output));
    }
  });

  it('leaves out parts that a network does not have, but not one that was asked for', async () => {
    const result = await run(sweep());
    assert.ok(result.search.every(({ train }) => train !== 'batch-norm'));
    const options = sweep({ train: 'batch-norm' });
    await assert.rejects(stabilize(options, quiet()), { name: 'UserError', message: `${options.model} has no weights to train with --train batch-norm` });
  });
});

describe('a stabilization that is steered', function () {
  this.timeout(120_000);
  const { folder, prepared, run } = stabilizations();

  it('tells its curves as it trains', async () => {
    const seen: TrainingCurves[] = [];
    const result = await run(prepared({ epochs: 3 }), testJob(({ training }) => { if (training) seen.push(training); }).job);
    const last = seen.at(-1)!;
    assert.deepEqual(last.history, result.history);
    assert.deepEqual([last.number, last.of, last.point.alpha, last.epochs, last.paused], [2, 2, 1, 3, false]);
    for (const epoch of result.history) {
      assert.ok(epoch.validationPrecision! > 0.1 && epoch.validationPrecision! <= 1);
      assert.ok(epoch.validationLabelInstability! >= 0 && epoch.validationLabelInstability! <= 1);
    }
  });

  /** A job that is steered when a point with α = 1 has had an epoch. */
  function steered(what: (control: JobControl) => void): { job: Job; control: JobControl } {
    const control = new JobControl();
    let done = false;
    const { job } = testJob(({ training }) => {
      if (done || training?.point.alpha !== 1 || training.history.length !== 1) return;
      done = true;
      what(control);
    });
    return { job: { ...job, ...control.steering }, control };
  }

  it('stops when it is asked to and keeps the best so far', async () => {
    const result = await run(prepared({ epochs: 50 }), steered((control) => control.finishEarly()).job);
    assert.deepEqual([result.trained.stopped, result.trained.epochs], ['asked', 1]);
    const whole = await run(prepared({ epochs: 1 }));
    assert.equal(await weightsHash(result.output), await weightsHash(whole.output));
  });

  it('leaves out points that have not begun when it is asked to finish, and says so', async () => {
    const result = await run(prepared({ alpha: undefined, sigma: undefined, epochs: 3 }), (() => {
      const control = new JobControl();
      return { ...testJob(({ training }) => { if (training?.point.alpha === 0.01) control.finishEarly(); }).job, ...control.steering };
    })());
    assert.deepEqual(result.search.map(({ alpha }) => alpha), [0, 0.01]);
    assert.ok(result.warnings.includes('The job was asked to finish: points of the search that were not trained by then were left out.'));
  });

  it('waits while it is paused, and goes on to the same result', async () => {
    const heard: boolean[] = [];
    const { job, control } = steered((each) => {
      each.pause();
      setTimeout(() => each.resume(), 50);
    });
    const result = await run(prepared(), { ...job, progress: (progress) => {
      job.progress(progress);
      if (control.paused) heard.push(progress.training?.paused ?? false);
    } });
    // It says that it is paused, and then nothing.
    assert.ok(heard.length > 0 && heard.length <= 3, `${heard.length} reports`);
    assert.equal(sha256(result.output), sha256((await run(prepared())).output));
  });

  it('can be cancelled while it is paused', async () => {
    const control = new JobControl();
    const { job } = testJob(({ training }, abort) => {
      if (training?.history.length !== 1) return;
      control.pause();
      setTimeout(abort, 50);
    });
    await assert.rejects(stabilize(prepared(), { ...job, ...control.steering }), CancelledError);
  });

  const statistics: [name: string, source: string, ending: RegExp][] = [
    ['ONNX', onnxFixtures().find(({ name }) => name === 'residual-batch-norm')!.file, /running_(mean|var)/],
    ['TensorFlow.js', exampleModels.patchesTensorFlowJs, /moving_(mean|variance)/],
  ];
  for (const [name, source, ending] of statistics) {
    it(`lets running statistics follow where it is asked to, and writes them (${name})`, async () => {
      const images = await writePictures(join(folder, `pictures-${name}`), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 12 }, (_, at) => `${label}/${at}.png`)));
      const classes = name === 'ONNX' ? 5 : 9;
      const classNamesFile = writeText(join(folder, `${name}.txt`), Array.from({ length: classes }, (_, at) => (at < 3 ? 'abc'[at]! : `other ${at}`)).join('\n'));
      const changed: boolean[] = [];
      for (const updateStatistics of [false, true]) {
        const options = prepared({ images, classNamesFile, limit: undefined, epochs: 1, train: 'all', validationShare: 0, learningRate: 1e-4, updateStatistics }, source);
        const result = await run(options);
        const [before, after] = [await readModel(options.model), await readModel(result.output)];
        const constants = before.graph.initializer.map((tensor) => tensor.name).filter((tensor) => ending.test(tensor));
        assert.ok(constants.length > 0, before.graph.initializer.map((tensor) => tensor.name).join(' '));
        changed.push(constants.every((tensor) => toFloat32(before.constant(tensor)!).some((value, at) => value !== toFloat32(after.constant(tensor)!)[at])));
        assert.equal(result.options.updateStatistics, updateStatistics);
      }
      assert.deepEqual(changed, [false, true]);
    });
  }
});
