/**
 * What live updates cost a training: the same training of the patch classifier's head with nobody watching and with its curves
 * sent to another process as the worker sends them, in turn. Two measures: the time spent on reports within the training, and
 * the two trainings' times side by side.
 *     node bench/run.mjs trainingUpdates [rounds]
 *
 * What it must reach: under 1 % of the training's time.
 */
import { fork } from 'node:child_process';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { ProgressThrottle } from '../src/progressThrottle.ts';
import type { Job } from '../src/engine/job.ts';
import type { Progress } from '../src/engine/results.ts';
import { stabilize } from '../src/engine/stabilize.ts';
import { benchFolder, freshRun, median, quietJob } from './setup.ts';

const options = { model: resolve('examples/models/patches.onnx'), images: resolve('examples/workspace/patches/train'), limit: 900, alpha: 1, sigma: 0.1, epochs: 50, batchSize: 16, learningRate: 1e-4, validationShare: 0.2, testShare: 0.05, draws: 4, threads: 1 };

/** A job that is watched: reports cross the boundary of a process, as seldom as they do from the worker. */
class WatchedJob {
  readonly #child = fork(join(benchFolder, 'sink.cjs'), { serialization: 'advanced', execArgv: [] });
  readonly #throttle = new ProgressThrottle((progress) => this.#send(progress));
  seconds = 0;
  reports = 0;
  sent = 0;
  #isReporting = false;

  readonly job: Job = {
    signal: new AbortController().signal,
    log: () => undefined,
    progress: (progress) => {
      if (progress.training) this.reports++;
      const begun = performance.now();
      this.#isReporting = true;
      this.#throttle.push(progress);
      this.#isReporting = false;
      if (progress.training) this.seconds += (performance.now() - begun) / 1000;
    },
  };

  /** What the throttle held back is sent by its timer, between two steps of the training. */
  #send(progress: Progress): void {
    const begun = performance.now();
    this.#child.send({ jsonrpc: '2.0', method: 'progress', params: [progress] });
    if (progress.training) this.sent++;
    if (progress.training && !this.#isReporting) this.seconds += (performance.now() - begun) / 1000;
  }

  async end(): Promise<void> {
    this.#throttle.flush();
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }
}

async function main(): Promise<void> {
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(benchFolder, { recursive: true });
  writeFileSync(join(benchFolder, 'sink.cjs'), "process.on('message', () => undefined);\n");
  const rounds = Number(process.argv[2] ?? 5);
  const ratios: number[] = [];
  const shares: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const times: Record<'quiet' | 'watched', number> = { quiet: 0, watched: 0 };
    const watched = new WatchedJob();
    // In turn, so that neither is always the first.
    for (const kind of round % 2 === 0 ? (['quiet', 'watched'] as const) : (['watched', 'quiet'] as const)) {
      const result = await stabilize({ ...options, run: freshRun(`updates-${kind}`), output: join(benchFolder, `updates-${kind}.onnx`) }, kind === 'quiet' ? quietJob : watched.job);
      times[kind] = result.timing.trainingSeconds;
    }
    await watched.end();
    ratios.push(times.watched / times.quiet);
    shares.push(watched.seconds / times.watched);
    console.log(`round ${round}: nobody watching ${times.quiet.toFixed(2)} s, watched ${times.watched.toFixed(2)} s; ${watched.reports} reports, ${watched.sent} sent, ${(1000 * watched.seconds).toFixed(1)} ms spent on them`);
  }
  console.log(`reports take ${(100 * median(shares)).toFixed(2)} % of the training's time (median of ${rounds}; wanted: under 1 %)`);
  console.log(`watched over not watched: ${median(ratios).toFixed(3)} (median of ${rounds})`);
}

void main();
