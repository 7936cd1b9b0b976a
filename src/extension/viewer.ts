import type * as vscode from 'vscode';
import type { JobKind, WorkerMethods } from '../protocol.ts';
import type { WorkerProcess } from '../workerProcess.ts';
import { saidAnswer } from './saidAnswer.ts';
import { startWorker, type WorkerPlace } from './startWorker.ts';

/** Methods that only look: the viewer answers them, what takes long has workers of its own. */
type ViewerMethod = Exclude<keyof WorkerMethods, JobKind | 'setUpTensorFlow'>;

/** Without a call for so long the worker is let go, in milliseconds. */
const IDLE = 5 * 60_000;

/** The one long-lived worker that reads models and runs for the screen: started by the first call, stopped when idle. */
export class Viewer implements vscode.Disposable {
  readonly #place: WorkerPlace;
  readonly #log: vscode.LogOutputChannel;
  #worker: Promise<WorkerProcess> | null = null;
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(place: WorkerPlace, log: vscode.LogOutputChannel) {
    this.#place = place;
    this.#log = log;
  }

  async call<M extends ViewerMethod>(method: M, params: Parameters<WorkerMethods[M]>[0]): Promise<Awaited<ReturnType<WorkerMethods[M]>>> {
    clearTimeout(this.#idle);
    this.#waiting++;
    try {
      return await saidAnswer(method, await (await this.#aliveWorker()).call(method, params));
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#idle = setTimeout(() => this.dispose(), IDLE);
    }
  }

  /** The worker, started anew where it has died; calls that come together get the same one. */
  async #aliveWorker(): Promise<WorkerProcess> {
    const current = this.#worker;
    if (current && (await current).alive) return await current;
    if (this.#worker === current) this.#worker = this.#start();
    return await this.#worker!;
  }

  async #start(): Promise<WorkerProcess> {
    try {
      return await startWorker(this.#place, { progress: () => undefined, log: (line) => this.#log.debug(`viewer: ${line}`) });
    } catch (error) {
      // The next call tries again: the setting that was wrong may have been changed.
      this.#worker = null;
      throw error;
    }
  }

  dispose(): void {
    clearTimeout(this.#idle);
    void this.#worker?.then((worker) => worker.stop(), () => undefined);
    this.#worker = null;
  }
}
