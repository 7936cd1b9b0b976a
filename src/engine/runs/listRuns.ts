import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistortionResult, Run, RunState } from '../results.ts';
import { say, type SentenceKey } from '../sentences.ts';
import type { ListedRun } from './queries.ts';
import { readRun, readState } from './runFolder.ts';
import { readRunName } from './runName.ts';

/** What is said of a run that has no figures and no error. */
const stateSentences = { running: 'isRunning', done: 'isDone', cancelled: 'wasCancelled', failed: 'hasFailed' } as const satisfies Record<RunState, SentenceKey>;

/** Runs directly below a folder, newest first. One that cannot be read is left out, with a line in the log that names it. */
export async function listRuns(folder: string, log: (line: string) => void = () => undefined): Promise<ListedRun[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const runs = await Promise.all(entries.filter((entry) => entry.isDirectory()).map(async (entry) => {
    try {
      const name = await readRunName(join(folder, entry.name));
      return { ...await listed(join(folder, entry.name)), ...(name === null ? {} : { name }) };
    } catch (error) {
      log((error as Error).message);
      return null;
    }
  }));
  return runs.filter((run) => run !== null).sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

async function listed(folder: string): Promise<ListedRun> {
  const finished = await access(join(folder, 'run.json')).then(() => true, () => false);
  const state = finished ? null : await readState(folder);
  if (state) {
    const { model, modelSha256, startedAt, kind } = state;
    return { run: folder, kind, state: state.state, model, modelSha256, startedAt, summary: state.error ?? say(stateSentences[state.state]) };
  }
  const run = await readRun(folder);
  const { model, method } = run.kind === 'stabilization' ? run.before : run;
  return {
    run: folder,
    kind: run.kind,
    state: 'done',
    model: model.path,
    modelSha256: model.sha256,
    startedAt: method.startedAt,
    summary: summaryOf(run),
    ...figures(run),
  };
}

function summaryOf(run: Run): string {
  if (run.kind === 'evaluation') return worst(run.distortions);
  if (run.kind === 'stabilization') return say(run.accepted ? 'stabilizedAccepted' : 'stabilizedRejected', { summary: worst(run.after.distortions) });
  const { value, count } = run.labelInstability;
  return say('framesDiffer', { share: percent(value), flips: count, frames: run.images.evaluated });
}

/** What of a run's key figure is more than words. */
function figures(run: Run): Pick<ListedRun, 'worst' | 'accepted'> {
  if (run.kind === 'sequence') return {};
  const most = farthest(run.kind === 'evaluation' ? run.distortions : run.after.distortions);
  const worst = most?.labelInstability ? { worst: { name: most.name, strength: most.strength, labelInstability: most.labelInstability.value } } : {};
  return { ...worst, ...(run.kind === 'stabilization' ? { accepted: run.accepted } : {}) };
}

const changed = (result: DistortionResult): number => result.labelInstability?.value ?? 0;

function farthest(distortions: readonly DistortionResult[]): DistortionResult | undefined {
  return [...distortions].sort((a, b) => changed(b) - changed(a) || b.featureDistance.median - a.featureDistance.median)[0];
}

function worst(distortions: readonly DistortionResult[]): string {
  const most = farthest(distortions);
  if (!most) return say('noDistortions');
  const name = `${most.name} ${most.strength}`;
  // A model without classes.
  if (!most.labelInstability) return say('featuresMove', { distance: most.featureDistance.median.toFixed(3), name });
  return say('labelsChange', { share: percent(changed(most)), name });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
