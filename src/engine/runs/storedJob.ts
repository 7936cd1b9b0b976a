import { readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { makeFolder, writeFileAtomic } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import type { EvaluateOptions, SequenceOptions, StabilizeOptions } from '../options.ts';
import type { Evaluation, Sequence } from '../results.ts';
import { readRun } from './runFolder.ts';

/** What was asked for when a run was made, so that it can be repeated. */
export type StoredJob = { kind: 'evaluate'; options: EvaluateOptions } | { kind: 'sequence'; options: SequenceOptions } | { kind: 'stabilize'; options: StabilizeOptions };

const fileName = 'options.json';

/** Keeps the options of a job in its run folder while it works; where it leaves no run there, nothing stays of it. */
export async function withStoredJob<T>(job: StoredJob, work: () => Promise<T>): Promise<T> {
  const { run } = job.options;
  const file = join(run, fileName);
  // A job that resumes has the options that it began with.
  if (await isThere(file)) return await work();
  const isNew = !await isThere(run);
  await makeFolder(run);
  await writeFileAtomic(file, `${JSON.stringify(job, null, 1)}\n`);
  try {
    return await work();
  } catch (error) {
    const left = await isThere(join(run, 'run.json')) || await isThere(join(run, 'state.json'));
    if (!left) {
      await rm(file, { force: true });
      if (isNew) await rmdir(run);
    }
    throw error;
  }
}

const stored = v.looseObject({
  kind: v.picklist(['evaluate', 'sequence', 'stabilize']),
  options: v.looseObject({ model: v.string(), images: v.string() }),
});

/**
 * What a run was asked for. One of the command line has no record of it: then as much as its result tells.
 *
 * @throws UserError where the folder holds neither
 */
export async function readStoredJob(run: string): Promise<StoredJob> {
  const text = await readFile(join(run, fileName), 'utf8').catch(() => null);
  if (text === null) return await fromResult(run);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`the options of the run in ${run} cannot be read: ${fileName} is no JSON`, { cause: error });
  }
  const parsed = v.safeParse(stored, json);
  if (!parsed.success) throw new UserError(`the options of the run in ${run} cannot be read: ${fileName} is damaged`);
  return parsed.output as unknown as StoredJob;
}

async function fromResult(folder: string): Promise<StoredJob> {
  const run = await readRun(folder);
  if (run.kind === 'sequence') return { kind: 'sequence', options: toldBy(folder, run) };
  const evaluation = run.kind === 'evaluation' ? run : run.before;
  const job = { ...toldBy(folder, evaluation), distortions: evaluation.distortions.map(({ name, strength }) => ({ name, strength })) };
  if (run.kind === 'evaluation') return { kind: 'evaluate', options: job };
  const { alpha, sigma, divergence, train, optimizer, learningRate, epochs, batchSize, draws, validationShare, testShare, maxPrecisionDrop } = run.options;
  const options = { ...job, alpha, sigma, divergence, train, optimizer, learningRate, epochs, batchSize, draws, validationShare, testShare, maxPrecisionDrop };
  return { kind: 'stabilize', options };
}

/** What a result tells of any kind of job. */
function toldBy(folder: string, { model, method }: Evaluation | Sequence): SequenceOptions {
  const { from, ...preprocessing } = method.preprocessing;
  return {
    model: model.path, images: method.images, run: folder, seed: method.seed,
    ...(from === 'option' ? { preprocessing: { ...preprocessing, mean: preprocessing.mean ?? undefined, std: preprocessing.std ?? undefined } } : {}),
  };
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
