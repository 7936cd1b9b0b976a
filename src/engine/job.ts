import type { Progress } from './results.ts';

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
