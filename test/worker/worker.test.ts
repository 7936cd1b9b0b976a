import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CancelledError, UserError } from '../../src/engine/job.ts';
import type { Progress } from '../../src/engine/results.ts';
import { describeEnd, WorkerGoneError, WorkerProcess } from '../../src/workerProcess.ts';

const root = path.resolve(import.meta.dirname, '../..');
const workerFile = path.join(root, 'dist', 'worker.js');
const images = path.join(root, 'examples', 'workspace', 'patches', 'test');

/** Waits for what must come to hold; ends at some time, so that a test that failed does not keep the process. */
async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`this never came to hold: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

describe('a worker process', function () {
  this.timeout(60_000);
  let folder: string;
  let model: string;
  let original: string;
  let worker: WorkerProcess;
  let progress: { at: number; report: Progress }[];
  let lines: string[];

  const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const run = () => path.join(folder, 'run');
  const lastTraining = () => progress.findLast(({ report }) => report.training)?.report.training;
  const start = () => new WorkerProcess({
    file: workerFile,
    progress: (report) => progress.push({ at: performance.now(), report }),
    log: (line) => lines.push(line),
  });

  beforeEach(() => {
    assert.ok(existsSync(workerFile), 'build first: npm run build');
    folder = mkdtempSync(path.join(os.tmpdir(), 'model-stability-worker-'));
    mkdirSync(path.join(folder, 'models'));
    model = path.join(folder, 'models', 'patches.onnx');
    cpSync(path.join(root, 'examples', 'models', 'patches.onnx'), model);
    original = sha256(model);
    progress = [];
    lines = [];
    worker = start();
  });

  afterEach(async () => {
    worker.stop();
    await until(() => !worker.alive);
    rmSync(folder, { recursive: true, force: true });
  });

  /** What every end of a job leaves: the model as it was, and no new model beside it. */
  function assertUntouched(): void {
    assert.equal(sha256(model), original);
    assert.deepEqual(readdirSync(path.dirname(model)), ['patches.onnx']);
  }

  it('evaluates, reports progress at a bearable rate, and serves pairs and pictures of the run', async () => {
    const evaluation = await worker.call('evaluate', { model, images, run: run(), limit: 45 });
    assert.equal(evaluation.images.evaluated, 45);
    assert.ok(progress.length > 0, 'no progress arrived');
    const seconds = (progress.at(-1)!.at - progress[0]!.at) / 1000;
    const steps = new Set(progress.map(({ report }) => report.step)).size;
    assert.ok(progress.length <= 10 * seconds + 2 * steps + 1, `${progress.length} reports in ${seconds} s`);

    const page = await worker.call('pairs', { run: run(), sort: 'featureDistance', start: 0, end: 10 });
    assert.equal(page.all, 45 * evaluation.distortions.length);
    assert.equal(page.rows.length, 10);
    const pictures = await worker.call('pairPictures', { run: run(), line: page.rows[0]!.line, size: 64, amplification: 8 });
    for (const bytes of [pictures.a, pictures.b, pictures.difference]) {
      assert.ok(bytes instanceof Uint8Array, 'the bytes did not cross as bytes');
      assert.equal(Buffer.from(bytes.subarray(0, 4)).toString('latin1'), 'RIFF');
    }
    assert.deepEqual(await worker.call('openRun', { run: run() }), evaluation);
  });

  it('gives way to the window while it works on a job, not while it serves the panel', async () => {
    await worker.call('inspect', { model });
    assert.equal(os.getPriority(worker.pid), os.getPriority());
    await worker.call('evaluate', { model, images, run: run(), limit: 5 });
    assert.equal(os.getPriority(worker.pid), os.constants.priority.PRIORITY_BELOW_NORMAL);
  });

  it('answers a call with the error of the engine, of its own class', async () => {
    const missing = path.join(folder, 'none.onnx');
    await assert.rejects(worker.call('inspect', { model: missing }), (error) => {
      assert.ok(error instanceof UserError, `not for the user: ${String(error)}`);
      assert.match(error.message, /none\.onnx/);
      return true;
    });
    assert.ok(worker.alive, 'an error of a call ended the worker');
  });

  it('stops within two seconds of a cancel and leaves the model as it was', async () => {
    const controller = new AbortController();
    const job = worker.call('stabilize', { model, images, run: run() }, controller.signal);
    const rejected = assert.rejects(job, CancelledError);
    await until(() => progress.length > 0);
    const cancelled = performance.now();
    controller.abort();
    await rejected;
    const took = performance.now() - cancelled;
    assert.ok(took < 2500, `the cancel took ${took} ms`);
    assertUntouched();
  });

  it('waits when it is told to, goes on, and ends a training with the best so far', async function () {
    this.timeout(240_000);
    // All layers, so that the training takes its time and does not end by itself first.
    const job = worker.call('stabilize', { model, images, run: run(), limit: 90, train: 'all', alpha: 0.1, sigma: 0.1, epochs: 100_000, threads: 1 });
    await until(() => lastTraining() !== undefined);
    const place = () => lastTraining()!.epoch + lastTraining()!.epochShare;
    worker.steer('pause');
    await until(() => lastTraining()?.paused === true);
    const waitingAt = place();
    // While it waits it answers others, which takes longer than an epoch here does.
    await worker.call('inspect', { model });
    assert.equal(place(), waitingAt, 'it went on while it was paused');
    worker.steer('resume');
    await until(() => lastTraining()?.paused === false && place() > waitingAt);
    worker.steer('finishEarly');
    const { trained: part, output, timing } = await job;
    assert.equal(part.stopped, 'asked');
    assert.ok(existsSync(output), 'the best so far was not written');
    assert.ok(timing.evaluationSeconds > 0, 'the report was left out');
  });

  it('refuses a call that was cancelled before it began', async () => {
    await assert.rejects(worker.call('evaluate', { model, images, run: run() }, AbortSignal.abort()), CancelledError);
    assert.ok(!existsSync(run()), 'the job began');
  });

  it('that is killed in the middle rejects every call with one clear sentence and leaves the model as it was', async () => {
    const job = worker.call('stabilize', { model, images, run: run() });
    const other = worker.call('evaluate', { model, images, run: path.join(folder, 'other') });
    const message = 'the worker was killed (SIGKILL), probably by the system for want of memory';
    const rejected = Promise.all([job, other].map((call) => assert.rejects(call, { name: 'WorkerGoneError', message })));
    await until(() => progress.length > 0);
    process.kill(worker.pid!, 'SIGKILL');
    await rejected;
    assertUntouched();
    await assert.rejects(worker.call('inspect', { model }), { name: 'WorkerGoneError', message });
  });

  it('that crashes names the signal, and logs it', async () => {
    const job = worker.call('evaluate', { model, images, run: run() });
    const rejected = assert.rejects(job, { name: 'WorkerGoneError', message: 'the worker ended unexpectedly (SIGABRT)' });
    await until(() => progress.length > 0);
    process.kill(worker.pid!, 'SIGABRT');
    await rejected;
    await until(() => lines.some((line) => line.includes('SIGABRT')));
  });

  it('says so when it cannot be started', async () => {
    const broken = new WorkerProcess({ file: workerFile, nodePath: path.join(folder, 'no-node'), progress: () => undefined, log: (line) => lines.push(line) });
    await assert.rejects(broken.call('inspect', { model }), (error) => {
      assert.ok(error instanceof WorkerGoneError);
      assert.match(error.message, /^the worker could not be started: .*no-node/);
      return true;
    });
  });

  it('says what the user is to read in the words that it is given, and faults as they are', async () => {
    const inWords = (message: string) => Promise.resolve(`said: ${message}`);
    const speaking = new WorkerProcess({ file: workerFile, inWords, progress: () => undefined, log: (line) => lines.push(line) });
    const broken = new WorkerProcess({ file: workerFile, nodePath: path.join(folder, 'no-node'), inWords, progress: () => undefined, log: (line) => lines.push(line) });
    const missing = path.join(folder, 'none.onnx');
    try {
      await assert.rejects(speaking.call('inspect', { model: missing }), { name: 'UserError', message: `said: no such file: ${missing}` });
      await assert.rejects(speaking.call('inspect', { model: 7 as unknown as string }), (error) => error instanceof Error && error.name !== 'UserError' && !error.message.startsWith('said'));
      await assert.rejects(broken.call('inspect', { model }), { name: 'WorkerGoneError', message: /^said: the worker could not be started/ });
    } finally {
      speaking.stop();
    }
  });

  it('names a run that it cannot read in the log and lists the others', async () => {
    await worker.call('evaluate', { model, images, run: path.join(folder, 'runs', 'good'), limit: 9 });
    mkdirSync(path.join(folder, 'runs', 'broken'));
    writeFileSync(path.join(folder, 'runs', 'broken', 'run.json'), '{');
    const runs = await worker.call('listRuns', { folder: path.join(folder, 'runs') });
    assert.deepEqual(runs.map((item) => path.basename(item.run)), ['good']);
    assert.ok(lines.some((line) => line.includes('broken')), lines.join('\n'));
  });

  it('ends when its parent is gone', async () => {
    const program = `const child = require('node:child_process').fork(${JSON.stringify(workerFile)}, { execArgv: [], serialization: 'advanced' }); console.log(child.pid); setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))));
    assert.ok(isRunning(pid));
    parent.kill('SIGKILL');
    await until(() => !isRunning(pid));
  });
});

describe('the end of a worker', () => {
  const cases: [code: number | null, signal: NodeJS.Signals | null, output: string, sentence: string][] = [
    [null, 'SIGKILL', '', 'the worker was killed (SIGKILL), probably by the system for want of memory'],
    [null, 'SIGSEGV', '', 'the worker ended unexpectedly (SIGSEGV)'],
    [7, null, '', 'the worker ended unexpectedly (exit code 7)'],
    [null, 'SIGABRT', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'the worker ran out of memory (SIGABRT)'],
    [134, null, "terminate called after throwing an instance of 'std::bad_alloc'", 'the worker ran out of memory (exit code 134)'],
  ];
  for (const [code, signal, output, sentence] of cases) {
    it(sentence, () => assert.equal(describeEnd(code, signal, output), sentence));
  }
});
