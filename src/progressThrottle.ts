import type { Progress } from './engine/results.ts';

/** Reports with the curves of a training come so many times less often: four a second. */
const trainingPause = 2.5;

/**
 * Passes progress on at most once in `milliseconds`, since a job may report thousands of times a second. The first and the last
 * report of each step always pass, and the newest of those held back follows when the time is over.
 */
export class ProgressThrottle {
  readonly #send: (progress: Progress) => void;
  readonly #milliseconds: number;
  #held: Progress | null = null;
  #timer: NodeJS.Timeout | null = null;
  #step = '';

  constructor(send: (progress: Progress) => void, milliseconds = 100) {
    this.#send = send;
    this.#milliseconds = milliseconds;
  }

  push(progress: Progress): void {
    const isEdge = progress.step !== this.#step || (progress.total > 0 && progress.done >= progress.total);
    this.#held = progress;
    if (isEdge || !this.#timer) this.flush();
  }

  /** Sends what was held back, at once. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#held) return;
    this.#step = this.#held.step;
    this.#send(this.#held);
    // The curves of a training grow with its epochs, so that sending them costs more.
    const pause = this.#milliseconds * (this.#held.training ? trainingPause : 1);
    this.#held = null;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, pause);
    this.#timer.unref();
  }
}
