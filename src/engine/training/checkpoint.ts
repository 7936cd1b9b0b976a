import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import type { SearchPoint } from '../results.ts';
import { readStates, writeStates } from './stateFile.ts';
import type { Trained, TrainingProgress } from './train.ts';

/** Least time between two checkpoints of one training, in milliseconds: writing them must not cost more than an epoch. */
const interval = 2000;

export interface FinishedPoint {
  point: SearchPoint;
  trained: Trained;
}

/** `its learning rate was 0.001, now it is 0.01`; hashes and whole objects are only said to be others. */
function difference(key: string, before: unknown, now: unknown): string {
  const name = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (key === 'model' || key === 'pictures') return key === 'model' ? 'the model is another one now' : 'the pictures are others now';
  const show = (value: unknown): string => (value === null || value === undefined ? 'not given' : typeof value === 'string' ? value : JSON.stringify(value));
  return `its ${name} was ${show(before)}, now it is ${show(now)}`;
}

/** What a stabilization keeps in its run folder so that it can go on after it was cut short. */
export class Checkpoint {
  readonly #folder: string;
  #written = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the checkpoint of a run. `job` is all that decides its result; a run that is resumed with anything else throws a
   * `UserError` that names the first thing that differs.
   */
  static async open(run: string, job: Record<string, unknown>, resume: boolean): Promise<Checkpoint> {
    const folder = join(run, 'checkpoint');
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'job.json');
    if (resume) {
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text === null) throw new UserError(`the run in ${run} cannot be resumed: it has no checkpoint`);
      const before = JSON.parse(text) as Record<string, unknown>;
      const now = JSON.parse(JSON.stringify(job)) as Record<string, unknown>;
      const different = [...new Set([...Object.keys(before), ...Object.keys(now)])].find((key) => !isDeepStrictEqual(before[key], now[key]));
      if (different !== undefined) throw new UserError(`the run in ${run} cannot be resumed: ${difference(different, before[different], now[different])}`);
    } else {
      await writeFileAtomic(path, JSON.stringify(job));
    }
    return new Checkpoint(folder);
  }

  /** Where the features of a share of the pictures are kept. */
  featurePath(share: string): string {
    return join(this.#folder, `${share}.features`);
  }

  /** A point that has been trained, all of it or the epochs of a round; null where it has not. */
  async point(index: number): Promise<FinishedPoint | null> {
    const stored = await readStates(this.#pointPath(index));
    if (!stored) return null;
    const { point, progress } = stored.notes as { point: SearchPoint; progress: Omit<Trained, 'current' | 'best' | 'bestLoss'> & { bestLoss: number | null } };
    const best = stored.states['best']!;
    return { point, trained: { ...progress, bestLoss: progress.bestLoss ?? Infinity, current: stored.states['current'] ?? best, best } };
  }

  /** Keeps a trained point; with `goesOn` also the state from which its training can go on. */
  async finish(index: number, { point, trained }: FinishedPoint, goesOn: boolean): Promise<void> {
    const { current, best, ...progress } = trained;
    await writeStates(this.#pointPath(index), goesOn ? { best, current } : { best }, { point, progress });
    await rm(this.#currentPath, { force: true });
    this.#written = 0;
  }

  /** Where the training of a point stands; null where it has not begun. */
  async current(index: number): Promise<TrainingProgress | undefined> {
    const stored = await readStates(this.#currentPath);
    // JSON has no infinity: it keeps null in its place.
    const notes = stored?.notes as ({ index: number; bestLoss: number | null } & Omit<TrainingProgress, 'current' | 'best' | 'bestLoss'>) | undefined;
    if (!stored || notes?.index !== index) return undefined;
    const { index: at, ...progress } = notes;
    return { ...progress, bestLoss: progress.bestLoss ?? Infinity, current: stored.states['current']!, best: stored.states['best']! };
  }

  async keep(index: number, progress: TrainingProgress): Promise<void> {
    if (Date.now() - this.#written < interval) return;
    const { current, best, ...notes } = progress;
    await writeStates(this.#currentPath, { current, best }, { index, ...notes });
    this.#written = Date.now();
  }

  /** Removes it: the run is finished. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #pointPath(index: number): string {
    return join(this.#folder, `point-${index}.onnx`);
  }

  get #currentPath(): string {
    return join(this.#folder, 'current.onnx');
  }
}
