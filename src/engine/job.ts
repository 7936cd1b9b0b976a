/** How far a job is. `total` is 0 where it is not known. */
export interface Progress {
  /** What is being done, in the user's words: "reading features", "training α = 1, σ = 0.1". */
  step: string;
  done: number;
  total: number;
  /** What `done` counts: "pictures", "epochs". */
  unit: string;
  /** Units a second, over the last seconds. */
  perSecond?: number;
  /** Seconds left of this step, where that can be told. */
  secondsLeft?: number;
}

/** What a job is given by whoever runs it: a way to stop it and a way to say how far it is. */
export interface Job {
  signal: AbortSignal;
  progress(progress: Progress): void;
  log(line: string): void;
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

/** Lets messages in (a cancel, for one) and throws `CancelledError` where the job was cancelled. */
export async function breathe(job: Pick<Job, 'signal'>): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (job.signal.aborted) throw new CancelledError();
}
