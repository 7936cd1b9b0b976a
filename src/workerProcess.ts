/**
 * The host's end of a worker process: spawns it, calls its methods, stops it. Knows nothing of VS Code, so that tests run it in
 * plain Node.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CancellationTokenSource, createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { CancelledError, UserError } from './engine/job.ts';
import type { Progress } from './engine/results.ts';
import type { JobSteering, WorkerEvents, WorkerMethods } from './protocol.ts';
import { fromResponseError } from './rpc.ts';

/** How a worker is started and to whom it talks. */
export interface WorkerSettings extends WorkerEvents {
  /** Absolute path of the bundled worker. */
  file: string;
  /** Node that runs it; absent: the program that runs this process, made to act as Node. */
  nodePath?: string;
  /** What its environment has beside this process's. */
  environment?: NodeJS.ProcessEnv;
  /** The message of an error that the user is to read, in the user's language; absent: in English, as it is. */
  inWords?(message: string): Promise<string>;
}

/** A worker that ended while calls were waiting. Its log tells more. */
export class WorkerGoneError extends Error {
  override name = 'WorkerGoneError';
}

/** Time between asking a call to stop and killing its worker, in milliseconds: a native call cannot be interrupted otherwise. */
const PATIENCE = 2000;

const OUT_OF_MEMORY = /heap out of memory|bad_alloc|allocation failed/i;

/** What the end of a worker was, as a sentence. `output` is what it last wrote to its standard error. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | null, output: string): string {
  if (signal === 'SIGKILL') return 'the worker was killed (SIGKILL), probably by the system for want of memory';
  const how = signal ?? `exit code ${String(code)}`;
  return OUT_OF_MEMORY.test(output) ? `the worker ran out of memory (${how})` : `the worker ended unexpectedly (${how})`;
}

/** The environment of a worker: a copy, as Node, without what a debugger of the host put there. */
function workerEnvironment(own: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...own, ELECTRON_RUN_AS_NODE: '1' };
  delete environment['NODE_OPTIONS'];
  return environment;
}

/** One worker process. Every call gets one answer; when the process ends, all waiting calls are rejected. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #settings: WorkerSettings;
  /** Never resolves; rejects when the process has ended. */
  readonly #gone: Promise<never>;
  #output = '';
  #killedByCancel = false;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#child = fork(settings.file, [], {
      ...(settings.nodePath ? { execPath: settings.nodePath } : {}),
      execArgv: [],
      env: workerEnvironment(settings.environment),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#forwardOutput(this.#child.stdout!, settings);
    this.#forwardOutput(this.#child.stderr!, settings);
    this.#connection = createMessageConnection(new IPCMessageReader(this.#child), new IPCMessageWriter(this.#child));
    this.#connection.onNotification('progress', (progress: Progress) => settings.progress(progress));
    this.#connection.onNotification('log', (line: string) => settings.log(line));
    this.#connection.listen();
    this.#gone = new Promise<never>((_resolve, reject) => {
      this.#child.once('error', (error) => reject(new WorkerGoneError(`the worker could not be started: ${error.message}`)));
      this.#child.once('close', (code, signal) => reject(this.#endedAs(code, signal)));
    });
    // A worker that ends with no call waiting is nobody's failure; the log has it.
    this.#gone.catch((error: unknown) => {
      this.#connection.dispose();
      settings.log(error instanceof CancelledError ? 'worker stopped' : String(error));
    });
  }

  /** Process id; undefined where the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Calls a method. When `signal` aborts, the worker is asked to stop and killed if it has not answered in two seconds; the
   * call is then rejected with `CancelledError`. A worker that dies rejects it with `WorkerGoneError`.
   */
  async call<M extends keyof WorkerMethods>(
    method: M, params: Parameters<WorkerMethods[M]>[0], signal?: AbortSignal,
  ): Promise<Awaited<ReturnType<WorkerMethods[M]>>> {
    const source = new CancellationTokenSource();
    let timer: NodeJS.Timeout | undefined;
    const cancel = () => {
      source.cancel();
      timer = setTimeout(() => this.#kill(), PATIENCE);
    };
    if (signal?.aborted) throw new CancelledError();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      // A connection whose process has ended only says that it is closed.
      if (!this.alive) await this.#gone;
      const answer = this.#connection.sendRequest<Awaited<ReturnType<WorkerMethods[M]>>>(method, params, source.token);
      return await Promise.race([answer.catch((error: unknown) => this.#rejectionOf(error)), this.#gone]);
    } catch (error) {
      throw await this.#said(error as Error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      clearTimeout(timer);
    }
  }

  /** Tells the jobs of this worker to wait, to go on, or to end with the best so far; a worker that is gone has none. */
  steer(steering: JobSteering): void {
    if (this.alive) void this.#connection.sendNotification('steer', steering);
  }

  /** Lets the worker go: without its channel it ends by itself, or after two seconds by force. */
  stop(): void {
    this.#killedByCancel = true;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#kill(), PATIENCE);
    this.#child.once('close', () => clearTimeout(timer));
  }

  #kill(): void {
    this.#killedByCancel = true;
    this.#child.kill('SIGKILL');
  }

  /** A rejected call is an answer of the worker, unless the connection is closed: then the end of the process is the reason. */
  async #rejectionOf(error: unknown): Promise<never> {
    if (!this.alive) await this.#gone;
    throw fromResponseError(error);
  }

  /** An error as the user is to read it; faults of the program stay as they are. */
  async #said(error: Error): Promise<Error> {
    const message = await this.#settings.inWords?.(error.message) ?? error.message;
    if (error instanceof UserError) return new UserError(message, { cause: error });
    return error instanceof WorkerGoneError ? new WorkerGoneError(message, { cause: error }) : error;
  }

  #endedAs(code: number | null, signal: NodeJS.Signals | null): Error {
    return this.#killedByCancel ? new CancelledError() : new WorkerGoneError(describeEnd(code, signal, this.#output));
  }

  #forwardOutput(stream: Readable, settings: WorkerSettings): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#output = `${this.#output}${line}\n`.slice(-8000);
      settings.log(line);
    });
  }
}
