import type { Progress } from './results.ts';

/** What a job is given by whoever runs it: a way to stop it and a way to say how far it is. */
export interface Job {
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(line: string): void;
  /** Asked after every step of training: true ends the training, keeps the best so far and goes on to the report. */
  finishEarly?(): boolean;
  /** Where the job is to wait: a promise that is settled when it may go on. Asked wherever a job breathes. */
  paused?(): Promise<void> | null;
}

/** What whoever runs a job holds in hand to steer it: `...control.steering` goes into the job. */
export class JobControl {
  readonly #waits: (waiting: boolean) => void;
  #told = false;
  #finish = false;
  #pause: { promise: Promise<void>; end: () => void } | null = null;

  /** `waits` is told when the job begins to wait, wherever it is, and when it goes on. */
  constructor(waits: (waiting: boolean) => void = () => undefined) {
    this.#waits = waits;
  }

  get paused(): boolean {
    return this.#pause !== null;
  }

  /** The job waits at its next breath. */
  pause(): void {
    if (this.#pause) return;
    let end = (): void => undefined;
    const promise = new Promise<void>((resolve) => (end = resolve));
    this.#pause = { promise, end };
  }

  resume(): void {
    this.#pause?.end();
    this.#pause = null;
  }

  /** A training stops and keeps the best so far. A job that waits goes on to do so. */
  finishEarly(): void {
    this.#finish = true;
    this.resume();
  }

  /** The part of a job that asks. */
  get steering(): Required<Pick<Job, 'finishEarly' | 'paused'>> {
    return {
      finishEarly: () => this.#finish,
      paused: () => {
        if (this.paused !== this.#told) this.#waits((this.#told = this.paused));
        return this.#pause?.promise ?? null;
      },
    };
  }
}

/** Thrown where a job stops because it was asked to. */
export class CancelledError extends Error {
  override name = 'CancelledError';
  constructor() {
    super('cancelled');
  }
}

/**
 * An error that the user can act on: one sentence that names the culprit (file, layer, value), shown as it stands.
 * Anything else that is thrown is a fault of the program.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** Lets messages in (a cancel, for one), waits where the job is paused, and throws `CancelledError` where it was cancelled. */
export async function breathe(job: Pick<Job, 'signal' | 'paused'>): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  for (let pause = job.paused?.(); pause && !job.signal.aborted; pause = job.paused?.()) await Promise.race([pause, aborted(job.signal)]);
  if (job.signal.aborted) throw new CancelledError();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
