/** What the tests of a stabilization share. Found by nobody as a test. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readModel } from '../../src/engine/formats/index.ts';
import { toFloat32 } from '../../src/engine/graph/tensor.ts';
import type { Job } from '../../src/engine/job.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';
import type { Progress, Stabilization } from '../../src/engine/results.ts';
import { readRun } from '../../src/engine/runs/runFolder.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { exampleModels, examplePictures, filesBelow, hashesBelow, quiet, temporaryFolder, testJob } from './engineHarness.ts';

/** The trained layer's weights of a written model. */
export async function headOf(path: string): Promise<Float32Array[]> {
  const graph = await readModel(path);
  return [...graph.origins.keys()].filter((name) => /classifier|head/.test(name)).sort().map((name) => toFloat32(graph.constant(name)!));
}

export function largestRelativeDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  assert.ok(a.length > 0 && a.length === b.length);
  return Math.max(...a.map((values, index) => {
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    return values.reduce((largest, value, at) => Math.max(largest, Math.abs(value - b[index]![at]!)), 0) / scale;
  }));
}

/** A hash of the values of all of a model's weights. */
export async function weightsHash(path: string): Promise<string> {
  const graph = await readModel(path);
  const hash = createHash('sha256');
  for (const name of [...graph.origins.keys()].sort()) hash.update(name).update(toFloat32(graph.constant(name)!));
  return hash.digest('hex');
}

export interface Stabilizations {
  folder: string;
  /** Folder of the example digits to train with. */
  digits: () => string;
  /** A fresh folder with a copy of the model, and options for a short run. */
  prepared: (options?: Partial<StabilizeOptions>, source?: string) => StabilizeOptions;
  /** Runs it and checks what holds for every stabilization. */
  run: (options: StabilizeOptions, job?: Job) => Promise<Stabilization>;
}

/** For a `describe`: a folder of its own, options for short runs, and runs that are checked. */
export function stabilizations(): Stabilizations {
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

  return { folder, digits, prepared, run };
}

/** Aborts where a step has got so far. */
export const abortAt = (where: (progress: Progress) => boolean): Job => testJob((progress, abort) => {
  if (where(progress)) abort();
}).job;
