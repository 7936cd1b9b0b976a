/**
 * Entry of the worker process: answers `WorkerMethods` over the IPC channel of `child_process.fork`. The engine is loaded by
 * the first call that needs it, so that a worker that only lists runs stays small.
 */
import os from 'node:os';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { JobControl, type Job } from './engine/job.ts';
import { ProgressThrottle } from './progressThrottle.ts';
import type { Progress } from './engine/results.ts';
import type { JobKind, JobSteering, WorkerMethods } from './protocol.ts';
import { toResponseError } from './rpc.ts';

type Handlers = { [M in keyof WorkerMethods]: (params: Parameters<WorkerMethods[M]>[0], job: Job) => ReturnType<WorkerMethods[M]> };

const handlers: Handlers = {
  inspect: async (options) => (await import('./engine/inspect.ts')).inspect(options),
  evaluate: async (options, job) => (await import('./engine/runs/storedJob.ts')).withStoredJob({ kind: 'evaluate', options }, async () => (await import('./engine/evaluate.ts')).evaluate(options, job)),
  stabilize: async (options, job) => (await import('./engine/runs/storedJob.ts')).withStoredJob({ kind: 'stabilize', options }, async () => (await import('./engine/stabilize.ts')).stabilize(options, job)),
  findPreprocessing: async (options, job) => (await import('./engine/findPreprocessing.ts')).findPreprocessing(options, job),
  sequence: async (options, job) => (await import('./engine/runs/storedJob.ts')).withStoredJob({ kind: 'sequence', options }, async () => (await import('./engine/sequence.ts')).sequence(options, job)),
  compare: async ({ a, b }) => (await import('./engine/compare.ts')).compareRuns(a, b),
  exportRun: async ({ language = 'en', ...options }, job) => {
    const [{ exportRun }, { reportWords }] = await Promise.all([import('./engine/export/exportRun.ts'), import('./translation/report.ts')]);
    return exportRun(options, job, reportWords(language));
  },
  setUpTensorFlow: async (options, job) => (await import('./engine/engines/tensorflow/setUp.ts')).setUpTensorFlow(options, job),
  listRuns: async ({ folder }, job) => (await import('./engine/runs/listRuns.ts')).listRuns(folder, (line) => job.log(line)),
  openRun: async ({ run }) => {
    const result = await (await import('./engine/runs/runFolder.ts')).readRun(run);
    // Meanwhile the page that shows the run comes up.
    (await import('./engine/runs/openedPairs.ts')).readPairsAhead(run, result);
    return result;
  },
  renameRun: async ({ run, name }) => (await import('./engine/runs/runName.ts')).renameRun(run, name),
  storedJob: async ({ run }) => (await import('./engine/runs/storedJob.ts')).readStoredJob(run),
  checkGates: async ({ run, gates }) => (await import('./engine/gates.ts')).checkRun(run, gates),
  readConfig: async ({ file }) => {
    const { configOptions, readConfig } = await import('./engine/config.ts');
    return configOptions(await readConfig(file));
  },
  configText: async (query) => (await import('./engine/configText.ts')).configText(query),
  hashModels: async ({ files }, job) => (await import('./engine/hashModels.ts')).hashModels(files, (line) => job.log(line)),
  pairs: async (query) => (await import('./engine/runs/pairsView.ts')).pairsPage(query),
  pairPictures: async (query) => (await import('./engine/runs/pairPictures.ts')).pairPictures(query),
  distances: async (query) => (await import('./engine/runs/distances.ts')).distances(query),
  savePair: async (request) => (await import('./engine/runs/pairPictures.ts')).savePair(request),
  clipCurves: async (query) => (await import('./engine/runs/sequenceView.ts')).clipCurves(query),
  frames: async (query) => (await import('./engine/runs/sequenceView.ts')).framesPage(query),
  framePicture: async (query) => (await import('./engine/runs/sequenceView.ts')).framePicture(query),
  writePoint: async ({ run, index, output }) => (await import('./engine/writePoint.ts')).writePoint(run, index, output),
};

/** What takes every processor for minutes. It gives way to the window, which would freeze otherwise; on an idle machine it is as fast. */
const givesWay: Record<JobKind, true> = { evaluate: true, stabilize: true, findPreprocessing: true, sequence: true };

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));

/** What steers the jobs that run in this process; a worker of the extension has one job. */
const controls = new Set<JobControl>();
connection.onNotification('steer', (steering: JobSteering) => {
  for (const control of controls) control[steering]();
});

function jobFor(token: CancellationToken): { job: Job; control: JobControl; throttle: ProgressThrottle } {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort());
  const throttle = new ProgressThrottle((progress) => void connection.sendNotification('progress', progress));
  let last: Progress | null = null;
  const report = (progress: Progress): void => throttle.push((last = progress));
  const control = new JobControl((paused) => {
    if (last?.training) report({ ...last, training: { ...last.training, paused } });
  });
  const job: Job = { signal: controller.signal, progress: report, log: (line) => void connection.sendNotification('log', line), ...control.steering };
  return { job, control, throttle };
}

for (const [method, handle] of Object.entries(handlers) as [string, (params: unknown, job: Job) => Promise<unknown>][]) {
  connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
    const { job, control, throttle } = jobFor(token);
    controls.add(control);
    // Threads inherit it from the one that starts them, so that it is set before there are any.
    if (method in givesWay) os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
    try {
      return await handle(params, job);
    } catch (error) {
      return toResponseError(error);
    } finally {
      controls.delete(control);
      throttle.flush();
    }
  });
}

// A worker whose parent is gone has nobody to work for.
process.once('disconnect', () => process.exit(0));
connection.listen();
