import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { UserError } from '../job.ts';
import { makeFolder, writeFileAtomic } from '../formats/atomicWrite.ts';
import { byMeasure } from '../measures/index.ts';
import type { Run, RunState } from '../results.ts';
import { parseJson } from '../parseJson.ts';

/** Layout version that this program writes and the highest that it reads. */
export const runVersion = 1;

/** What stands in `state.json` while a job runs and after it was cut short. */
export interface StoredState {
  state: RunState;
  kind: Run['kind'];
  model: string;
  modelSha256: string;
  startedAt: string;
  /** Process that writes the run: where it is gone, the run was cut short. */
  process: number;
  error?: string;
}

/**
 * Makes the folder of a run and marks it as running. Throws where it holds a run already, or, to resume, where it holds none
 * that was cut short.
 */
export async function createRunFolder(folder: string, state: Omit<StoredState, 'state' | 'process'>, resume = false): Promise<void> {
  const finished = await exists(join(folder, 'run.json'));
  if (resume) {
    if (finished) throw new UserError(`the run in ${folder} is finished: there is nothing to resume`);
    const before = await readState(folder);
    if (!before) throw new UserError(`there is no run in ${folder}`);
    if (before.state === 'running') throw new UserError(`the run in ${folder} is still running`);
    if (before.kind !== state.kind) throw new UserError(`the run in ${folder} is ${before.kind === 'sequence' ? 'of video frames' : 'an evaluation'}, which cannot be resumed`);
  } else if (finished || (await exists(join(folder, 'state.json')))) {
    throw new UserError(`the run folder ${folder} holds a run already`);
  }
  await makeFolder(folder);
  await writeState(folder, { ...state, state: 'running', process: process.pid });
}

/** Says in the folder how the run ended. */
export async function endRun(folder: string, state: Exclude<RunState, 'running' | 'done'>, error?: string): Promise<void> {
  const stored = await readState(folder);
  if (stored) await writeState(folder, { ...stored, state, ...(error === undefined ? {} : { error }) });
}

/** Writes the result; from here on the folder is a finished run. */
export async function writeRun(folder: string, run: Run): Promise<void> {
  await writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify(run, null, 1)}\n`);
  await rm(join(folder, 'state.json'), { force: true });
}

async function writeState(folder: string, state: StoredState): Promise<void> {
  await writeFileAtomic(join(folder, 'state.json'), `${JSON.stringify(state, null, 1)}\n`);
}

const storedState = v.looseObject({
  state: v.picklist(['running', 'done', 'cancelled', 'failed']),
  kind: v.picklist(['evaluation', 'stabilization', 'sequence']),
  model: v.string(),
  modelSha256: v.string(),
  startedAt: v.string(),
  process: v.number(),
  error: v.optional(v.string()),
});

/** The state of a run that is not finished; null where the folder has none. A dead process's run was cut short. */
export async function readState(folder: string): Promise<StoredState | null> {
  const text = await readFile(join(folder, 'state.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = v.safeParse(storedState, parseJson(text));
  if (!parsed.success) throw new UserError(`the run in ${folder} cannot be read: its state.json is damaged`);
  const state = parsed.output as StoredState;
  if (state.state === 'running' && !isAlive(state.process)) return { ...state, state: 'failed', error: 'it was cut short: its process is gone' };
  return state;
}

const share = v.object({ value: v.number(), low: v.number(), high: v.number(), count: v.number(), of: v.number() });
const summary = v.object({ mean: v.number(), median: v.number(), p95: v.number() });
const evaluation = v.looseObject({
  runVersion: v.number(),
  kind: v.literal('evaluation'),
  model: v.looseObject({ path: v.string(), format: v.string(), sha256: v.string(), inputShape: v.array(v.number()) }),
  method: v.looseObject({ preprocessing: v.looseObject({}), engine: v.string(), seed: v.number(), images: v.string(), startedAt: v.string() }),
  images: v.looseObject({ total: v.number(), evaluated: v.number() }),
  clean: v.nullable(v.looseObject({ precisionAt1: share, precisionAt5: share })),
  distortions: v.array(v.looseObject({
    name: v.string(), strength: v.number(), labelInstability: v.nullable(share),
    ...byMeasure((_, { of }) => (of === 'answers' ? v.nullable(summary) : summary)),
    precisionAt1: v.nullable(share), precisionAt5: v.nullable(share),
  })),
  instability: v.nullable(share),
});
const stabilization = v.looseObject({
  runVersion: v.number(),
  kind: v.literal('stabilization'),
  output: v.string(),
  options: v.looseObject({ alpha: v.number(), sigma: v.number() }),
  search: v.array(v.looseObject({ alpha: v.number(), sigma: v.number() })),
  before: evaluation,
  control: evaluation,
  after: evaluation,
  comparison: v.looseObject({ distortions: v.array(v.looseObject({})) }),
  overControl: v.looseObject({ distortions: v.array(v.looseObject({})) }),
  accepted: v.boolean(),
  reason: v.string(),
});
const sequence = v.looseObject({
  ...v.omit(evaluation, ['distortions', 'instability']).entries,
  kind: v.literal('sequence'),
  clips: v.array(v.looseObject({ name: v.string(), start: v.number(), frames: v.number(), flips: v.number(), classes: v.array(v.looseObject({ name: v.string(), frames: v.number(), meanProbability: v.number() })) })),
  labelInstability: share,
  featureDistance: summary,
  jsDivergence: summary,
  neighbourPrecision: v.array(v.looseObject({ k: v.number(), precision: share })),
});
const stored = v.variant('kind', [evaluation, stabilization, sequence]);

/** Reads a finished run. Throws a `UserError` that names the folder where there is none, or it cannot be read. */
export async function readRun(folder: string): Promise<Run> {
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => null);
  if (text === null) {
    const state = await readState(folder);
    if (!state) throw new UserError(`there is no run in ${folder}`);
    const words = { running: 'is still running', cancelled: 'was cancelled', failed: `failed${state.error === undefined ? '' : `: ${state.error}`}`, done: 'is incomplete' };
    throw new UserError(`the run ${basename(folder)} ${words[state.state]}`);
  }
  const json = parseJson(text);
  if (json === undefined) throw new UserError(`the run in ${folder} cannot be read: run.json is no JSON`);
  const version = typeof json === 'object' && json !== null && 'runVersion' in json ? json.runVersion : undefined;
  if (typeof version === 'number' && version > runVersion) {
    throw new UserError(`the run in ${folder} was written by a newer version of this program (layout ${version}; this one reads up to ${runVersion})`);
  }
  const parsed = v.safeParse(stored, json);
  if (!parsed.success) {
    const culprit = v.getDotPath(parsed.issues[0]) ?? 'kind';
    throw new UserError(`the run in ${folder} cannot be read: ${culprit === 'kind' ? 'run.json is none of this program\'s' : `its ${culprit} is missing or damaged`}`);
  }
  return json as Run;
}

function isAlive(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
