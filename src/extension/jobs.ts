import * as vscode from 'vscode';
import { CancelledError, UserError } from '../engine/job.ts';
import type { Progress } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { JobKind, JobSteering, JobView, WorkerMethods } from '../protocol.ts';
import type { WorkerProcess } from '../workerProcess.ts';
import { describeProgress } from './describeProgress.ts';
import { jobTitle } from './jobTitle.ts';
import { startWorker, type WorkerPlace } from './startWorker.ts';

type Options<M extends JobKind> = Parameters<WorkerMethods[M]>[0];
type Result<M extends JobKind> = Awaited<ReturnType<WorkerMethods[M]>>;

interface RunningJob {
  model: string;
  view: JobView;
  controller: AbortController;
  worker: WorkerProcess | null;
}

/** Runs jobs on models, each in a worker of its own, one at a time for each model. */
export class Jobs implements vscode.Disposable {
  readonly #place: WorkerPlace;
  readonly #log: vscode.LogOutputChannel;
  readonly #running = new Map<string, RunningJob>();
  readonly #failures = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(place: WorkerPlace, log: vscode.LogOutputChannel) {
    this.#place = place;
    this.#log = log;
  }

  /** The job that runs on a model file; null where none does. */
  running(model: string): JobView | null {
    return this.#running.get(model)?.view ?? null;
  }

  /** Why the last job on a model file failed; null where it did not. */
  failure(model: string): string | null {
    return this.#failures.get(model) ?? null;
  }

  /** All jobs that run, each with the path of its model file, oldest first. */
  get all(): { model: string; view: JobView }[] {
    return [...this.#running.values()];
  }

  /** Tells the job on a model file to wait, to go on, or to end its training with the best so far. */
  steer(model: string, steering: JobSteering): void {
    const job = this.#running.get(model);
    if (!job) return;
    job.worker?.steer(steering);
    job.view.paused = steering === 'pause';
    if (steering === 'finishEarly') job.view.finishing = true;
    this.#changed.fire();
  }

  cancel(model: string): void {
    this.#running.get(model)?.controller.abort();
  }

  /**
   * Runs a job to its end, with a notification that shows its progress and can cancel it. Throws `CancelledError` when it was
   * cancelled, and what the worker or its end reports otherwise.
   */
  async run<M extends JobKind>(kind: M, options: Options<M>): Promise<Result<M>> {
    const { model } = options;
    if (this.#running.has(model)) throw new UserError(vscode.l10n.t('a job on {0} is running already', modelName(model)));
    const view: JobView = { kind, model: modelName(model), progress: null, paused: false, finishing: false };
    const job: RunningJob = { model, view, controller: new AbortController(), worker: null };
    this.#running.set(model, job);
    this.#failures.delete(model);
    this.#changed.fire();
    this.#log.info(`${kind} ${JSON.stringify(options)}`);
    try {
      return await this.#withNotification(job, (report) => this.#inWorker(kind, options, job, report));
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#failures.set(model, error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#running.delete(model);
      this.#log.info(`${kind} of ${model} ended`);
      this.#changed.fire();
    }
  }

  async #withNotification<T>(job: RunningJob, work: (report: (progress: Progress) => void) => Promise<T>): Promise<T> {
    const { kind, model } = job.view;
    const title = jobTitle(kind, model);
    return await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (notification, token) => {
      token.onCancellationRequested(() => job.controller.abort());
      return await work((progress) => notification.report({ message: describeProgress(progress) }));
    });
  }

  async #inWorker<M extends JobKind>(kind: M, options: Options<M>, job: RunningJob, report: (progress: Progress) => void): Promise<Result<M>> {
    const worker = await startWorker(this.#place, {
      log: (line) => this.#log.info(line),
      progress: (progress) => {
        job.view.progress = progress;
        report(progress);
        this.#changed.fire();
      },
    });
    this.#log.info(`worker ${String(worker.pid)} started`);
    job.worker = worker;
    try {
      return await worker.call<M>(kind, options, job.controller.signal);
    } finally {
      worker.stop();
    }
  }

  dispose(): void {
    for (const job of this.#running.values()) job.controller.abort();
    this.#changed.dispose();
  }
}
