import type { Job } from './job.ts';
import type { TrainingCurves } from './results.ts';

/** Seconds over which the speed is taken. */
const window = 5;

/** What is known of the steps that follow and are like this one: how many units they have, and how fast the one before was with all that belongs to it. */
export interface StepsAfter {
  units: number;
  perSecond: number | null;
}

/** Tells a job how far a step is, with its speed over the last seconds and the time left. */
export class ProgressMeter {
  readonly #job: Pick<Job, 'progress'>;
  readonly #step: string;
  readonly #unit: string;
  readonly #total: number;
  readonly #after: StepsAfter | null;
  readonly #marks: { time: number; done: number }[] = [{ time: performance.now(), done: 0 }];
  #done = 0;
  #training: TrainingCurves | undefined;

  constructor(job: Pick<Job, 'progress'>, step: string, unit: string, total: number, after: StepsAfter | null = null) {
    this.#job = job;
    this.#step = step;
    this.#unit = unit;
    this.#total = total;
    this.#after = after;
    job.progress({ step, unit, total, done: 0 });
  }

  /** One more is done. */
  advance(count = 1): void {
    this.#done += count;
    this.#send();
  }

  /** As much is done as before; there is more to say of the training. */
  report(training: TrainingCurves): void {
    this.#training = training;
    this.#send();
  }

  #send(): void {
    const time = performance.now();
    if (time - this.#marks.at(-1)!.time > 200) this.#marks.push({ time, done: this.#done });
    while (this.#marks.length > 2 && time - this.#marks[1]!.time > window * 1000) this.#marks.shift();
    const { time: since, done: before } = this.#marks[0]!;
    const perSecond = (1000 * (this.#done - before)) / Math.max(1, time - since);
    const known = time - since > 500 && perSecond > 0;
    const left = Math.max(0, this.#total - this.#done);
    const speed = known ? perSecond : this.#after?.perSecond;
    this.#job.progress({
      step: this.#step, unit: this.#unit, total: this.#total, done: this.#done,
      ...(known ? { perSecond, secondsLeft: left / perSecond } : {}),
      ...(this.#after && speed ? { trainingSecondsLeft: left / speed + this.#after.units / (this.#after.perSecond ?? speed) } : {}),
      ...(this.#training ? { training: this.#training } : {}),
    });
  }
}
