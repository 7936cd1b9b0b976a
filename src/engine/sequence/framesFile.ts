import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../job.ts';
import { writeError, writeFileAtomic } from '../formats/atomicWrite.ts';
import type { Clip, Frame } from '../results.ts';

const framesName = 'frames.jsonl';
/** Probabilities of the drawn classes, float32 in little-endian order: clip after clip, in it class after class, a value a frame. */
const curvesName = 'frames.curves';
/** Probabilities of all classes, a frame after the other; gone when the run is written. */
const answersName = 'frames.answers';

/** Bytes of answers that are read at once. */
const chunkBytes = 8_000_000;

/** Writes the frames of a run as they come. Memory does not grow with their number. */
export class FramesWriter {
  readonly #folder: string;
  readonly #frames: FileHandle;
  readonly #answers: FileHandle;
  #classes = 0;

  private constructor(folder: string, frames: FileHandle, answers: FileHandle) {
    this.#folder = folder;
    this.#frames = frames;
    this.#answers = answers;
  }

  static async open(folder: string): Promise<FramesWriter> {
    const [frames, answers] = await Promise.all([framesName, answersName].map((name) => naming(join(folder, name), () => open(join(folder, name), 'w+'))));
    return new FramesWriter(folder, frames!, answers!);
  }

  async add(frame: Frame, probabilities: Float64Array): Promise<void> {
    this.#classes = probabilities.length;
    await naming(join(this.#folder, framesName), () => this.#frames.appendFile(`${JSON.stringify(frame)}\n`));
    await naming(join(this.#folder, answersName), () => this.#answers.appendFile(Buffer.from(Float32Array.from(probabilities).buffer)));
  }

  /** Keeps the curves of some classes of each clip, by their numbers, and ends the files. */
  async close(clips: readonly { start: number; frames: number; classes: readonly number[] }[]): Promise<void> {
    const curves: Buffer[] = [];
    for (const clip of clips) curves.push(Buffer.from((await this.#curvesOf(clip)).buffer));
    await writeFileAtomic(join(this.#folder, curvesName), curves);
    await this.end();
  }

  async #curvesOf({ start, frames, classes }: { start: number; frames: number; classes: readonly number[] }): Promise<Float32Array> {
    const curves = new Float32Array(classes.length * frames);
    const rows = Math.max(1, Math.floor(chunkBytes / (4 * this.#classes)));
    for (let at = 0; at < frames; at += rows) {
      const chunk = new Float32Array(Math.min(rows, frames - at) * this.#classes);
      await this.#answers.read(Buffer.from(chunk.buffer), 0, chunk.byteLength, (start + at) * this.#classes * 4);
      for (let row = 0; row * this.#classes < chunk.length; row++) {
        classes.forEach((label, index) => (curves[index * frames + at + row] = chunk[row * this.#classes + label]!));
      }
    }
    return curves;
  }

  /** Ends the files, also where the job failed: what was written of the frames stays. */
  async end(): Promise<void> {
    await Promise.all([this.#frames.close(), this.#answers.close()]);
    await rm(join(this.#folder, answersName), { force: true });
  }
}

/** Names the file where writing fails. */
async function naming<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Curves of a clip's drawn classes: `[class][frame]`. @throws UserError where they do not fit the run */
export async function readCurves(folder: string, clips: readonly Clip[], clip: number): Promise<Float32Array[]> {
  const bytes = await readFile(join(folder, curvesName)).catch(() => null);
  const sizes = clips.map(({ frames, classes }) => 4 * frames * classes.length);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  if (bytes?.length !== sum(sizes)) throw new UserError(`the run in ${folder} cannot be read: its ${curvesName} is missing or damaged`);
  const start = sum(sizes.slice(0, clip));
  const { frames, classes } = clips[clip]!;
  // A copy, since the file's bytes need not begin at a multiple of four.
  const values = new Float32Array(Uint8Array.from(bytes.subarray(start, start + sizes[clip]!)).buffer);
  return classes.map((_, index) => values.subarray(index * frames, (index + 1) * frames));
}

/** Frames of a run by their numbers, and which of them flip. */
export class FramesReader {
  readonly #path: string;
  /** Where each line begins, and the end of the last. */
  readonly #offsets: readonly number[];
  /** Numbers of the frames whose label differs from that of the frame before. */
  readonly flips: readonly number[];

  private constructor(path: string, offsets: readonly number[], flips: readonly number[]) {
    this.#path = path;
    this.#offsets = offsets;
    this.flips = flips;
  }

  /** Goes through the file once. @throws UserError that names the run where it is damaged */
  static async open(folder: string, count: number): Promise<FramesReader> {
    const path = join(folder, framesName);
    const size = await stat(path).then((found) => found.size, () => null);
    if (size === null) throw new UserError(`the run in ${folder} cannot be read: its ${framesName} is missing`);
    const file = await open(path);
    const [offsets, flips] = [[0], [] as number[]];
    try {
      let at = 0;
      for await (const line of file.readLines()) {
        at += Buffer.byteLength(line) + 1;
        if (parseFrame(folder, line).change?.flip === true) flips.push(offsets.length - 1);
        offsets.push(at);
      }
    } finally {
      await file.close();
    }
    if (offsets.length - 1 !== count || offsets.at(-1) !== size) throw new UserError(`the run in ${folder} cannot be read: its ${framesName} is damaged`);
    return new FramesReader(path, offsets, flips);
  }

  /** Frames `start` (inclusive) to `end` (exclusive), as far as there are any. */
  async read(start: number, end: number): Promise<Frame[]> {
    const from = Math.max(0, start);
    const to = Math.min(this.#offsets.length - 1, end);
    if (from >= to) return [];
    const bytes = Buffer.alloc(this.#offsets[to]! - this.#offsets[from]!);
    const file = await open(this.#path);
    try {
      await file.read(bytes, 0, bytes.length, this.#offsets[from]);
    } finally {
      await file.close();
    }
    return bytes.toString('utf8').trimEnd().split('\n').map((line) => parseFrame(this.#path, line));
  }
}

function parseFrame(folder: string, line: string): Frame {
  try {
    return JSON.parse(line) as Frame;
  } catch (error) {
    throw new UserError(`the run in ${folder} cannot be read: its ${framesName} is damaged`, { cause: error });
  }
}
