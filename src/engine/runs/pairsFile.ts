import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../job.ts';
import { byMeasure, pairMeasures } from '../measures/index.ts';
import { writeError, writeFileAtomic } from '../formats/atomicWrite.ts';
import type { DistortionSpec, Pair } from '../results.ts';
import type { PairColumn } from './queries.ts';

/** Columns of the index: every measure, in the order of their list. */
export const pairColumns: readonly PairColumn[] = pairMeasures.map(({ name }) => name);

const pairsName = 'pairs.jsonl';
const indexName = 'pairs.index';
/** "MSPI" in little-endian order, and the layout's version. */
const magic = 0x4950534d;
const indexVersion = 2;

/** Numbers of all pairs of a run in columns, small enough to sort and filter a hundred thousand at once (33 bytes a pair). */
export interface PairsIndex {
  count: number;
  /** Where each line of `pairs.jsonl` begins, and the end of the last: `count + 1` bytes offsets. */
  offsets: Float64Array;
  columns: Record<PairColumn, Float32Array>;
  /** Index into `distortions`. */
  distortion: Uint16Array;
  /** 1 where the label changed. */
  changed: Uint8Array;
  distortions: DistortionSpec[];
}

/** Collects the index of pairs in the order in which they are written. */
class IndexBuilder {
  #offsets: number[] = [0];
  readonly #columns = byMeasure<number[]>(() => []);
  readonly #distortion: number[] = [];
  readonly #changed: number[] = [];
  readonly #distortions: DistortionSpec[] = [];

  add(pair: Pair, bytes: number): void {
    this.#offsets.push(this.#offsets.at(-1)! + bytes);
    for (const column of pairColumns) this.#columns[column].push(pair[column]);
    let index = this.#distortions.findIndex((spec) => spec.name === pair.distortion && spec.strength === pair.strength);
    if (index < 0) index = this.#distortions.push({ name: pair.distortion, strength: pair.strength }) - 1;
    this.#distortion.push(index);
    this.#changed.push(pair.labelA === pair.labelB ? 0 : 1);
  }

  build(): PairsIndex {
    return {
      count: this.#changed.length,
      offsets: Float64Array.from(this.#offsets),
      columns: byMeasure((column) => Float32Array.from(this.#columns[column])),
      distortion: Uint16Array.from(this.#distortion),
      changed: Uint8Array.from(this.#changed),
      distortions: this.#distortions,
    };
  }
}

/** Writes `pairs.jsonl` line by line, and its index at the end. With `worst`, only so many pairs of largest feature distance. */
export class PairsWriter {
  readonly #folder: string;
  readonly #stream: WriteStream;
  readonly #index = new IndexBuilder();
  readonly #worst: number | null;
  #kept: { pair: Pair; order: number }[] = [];
  #order = 0;
  #failure: unknown;

  constructor(folder: string, worst: number | null) {
    this.#folder = folder;
    this.#worst = worst;
    this.#stream = createWriteStream(join(folder, pairsName));
    this.#stream.on('error', (error) => (this.#failure = error));
  }

  async add(pair: Pair): Promise<void> {
    if (this.#worst === null) {
      await this.#write(pair);
      return;
    }
    this.#kept.push({ pair, order: this.#order++ });
    if (this.#kept.length >= 2 * this.#worst + 64) this.#drop(this.#worst);
  }

  /** Keeps the worst, in the order in which they came. */
  #drop(worst: number): void {
    this.#kept = this.#kept.sort((a, b) => b.pair.featureDistance - a.pair.featureDistance || a.order - b.order).slice(0, worst).sort((a, b) => a.order - b.order);
  }

  async #write(pair: Pair): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(pair)}\n`);
    this.#index.add(pair, line.length);
    if (!this.#stream.write(line) && this.#failure === undefined) await this.#drained();
    this.#check();
  }

  /** Waits until the stream takes more, or has failed; leaves no listener behind. */
  async #drained(): Promise<void> {
    const waiting = new AbortController();
    const either = (['drain', 'close'] as const).map((event) => once(this.#stream, event, { signal: waiting.signal }));
    await Promise.any(either).catch(() => undefined /* the stream's error: `#failure` has it */);
    waiting.abort();
    await Promise.allSettled(either);
  }

  async close(): Promise<void> {
    if (this.#worst !== null) {
      this.#drop(this.#worst);
      for (const { pair } of this.#kept) await this.#write(pair);
    }
    await this.#end();
    this.#check();
    await writeIndex(this.#folder, this.#index.build());
  }

  /** Closes the file where the job did not come to its end. */
  async abandon(): Promise<void> {
    await this.#end();
  }

  async #end(): Promise<void> {
    if (this.#stream.closed) return;
    this.#stream.end();
    await once(this.#stream, 'close');
  }

  #check(): void {
    if (this.#failure !== undefined) throw writeError(join(this.#folder, pairsName), this.#failure);
  }
}

async function writeIndex(folder: string, index: PairsIndex): Promise<void> {
  const specs = Buffer.from(JSON.stringify(index.distortions));
  const padded = Buffer.alloc(Math.ceil(specs.length / 8) * 8, ' ');
  specs.copy(padded);
  const header = Buffer.alloc(16);
  [magic, indexVersion, index.count, padded.length].forEach((value, at) => header.writeUInt32LE(value, at * 4));
  const arrays = [index.offsets, ...pairColumns.map((column) => index.columns[column]), index.distortion, index.changed];
  await writeFileAtomic(join(folder, indexName), [header, padded, ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))]);
}

/** The index of a run's pairs; made anew from `pairs.jsonl` where it is missing or does not fit. Throws where there are no pairs. */
export async function readIndex(folder: string): Promise<PairsIndex> {
  const { size } = await stat(join(folder, pairsName)).catch(() => {
    throw new UserError(`the run in ${folder} has no ${pairsName}`);
  });
  const bytes = await readFile(join(folder, indexName)).catch(() => null);
  const index = bytes && parseIndex(bytes);
  if (index?.offsets[index.count] === size) return index;
  const rebuilt = await rebuildIndex(folder);
  await writeIndex(folder, rebuilt).catch(() => undefined /* a folder that cannot be written to can still be read */);
  return rebuilt;
}

function parseIndex(bytes: Buffer): PairsIndex | null {
  if (bytes.length < 16 || bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== indexVersion) return null;
  const [count, specs] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  if (bytes.length !== 16 + specs + (count + 1) * 8 + count * (4 * pairColumns.length + 3)) return null;
  let at = 16 + specs;
  const take = (length: number): ArrayBuffer => {
    const copy = new ArrayBuffer(length);
    new Uint8Array(copy).set(bytes.subarray(at, at + length));
    at += length;
    return copy;
  };
  let distortions: DistortionSpec[];
  try {
    distortions = JSON.parse(bytes.toString('utf8', 16, 16 + specs)) as DistortionSpec[];
  } catch (error) {
    // Damaged: it is made anew.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return {
    count,
    distortions,
    offsets: new Float64Array(take((count + 1) * 8)),
    columns: byMeasure(() => new Float32Array(take(count * 4))),
    distortion: new Uint16Array(take(count * 2)),
    changed: new Uint8Array(take(count)),
  };
}

async function rebuildIndex(folder: string): Promise<PairsIndex> {
  const builder = new IndexBuilder();
  for await (const { pair, bytes } of readPairs(folder)) builder.add(pair, bytes);
  return builder.build();
}

/** Every pair of a run in the order of its file, and the bytes of its line. Throws an error that names a damaged line. */
export async function* readPairs(folder: string): AsyncGenerator<{ pair: Pair; bytes: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of createReadStream(join(folder, pairsName), { highWaterMark: 1 << 20 })) {
    const data = Buffer.concat([rest, chunk as Buffer]);
    let start = 0;
    for (let end = data.indexOf(10, start); end >= 0; end = data.indexOf(10, start)) {
      yield { pair: parsePair(folder, data.toString('utf8', start, end), line++), bytes: end + 1 - start };
      start = end + 1;
    }
    rest = data.subarray(start);
  }
  if (rest.length > 0) yield { pair: parsePair(folder, rest.toString('utf8'), line), bytes: rest.length };
}

function parsePair(folder: string, text: string, line: number): Pair {
  const pair = parseJson(text);
  if (!isPair(pair)) throw new UserError(`line ${line + 1} of ${join(folder, pairsName)} is damaged`);
  return pair;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // No pair: the caller names the line.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Checked by hand, because a schema would cost more than reading the line. */
function isPair(value: unknown): value is Pair {
  if (typeof value !== 'object' || value === null) return false;
  const pair = value as Partial<Record<keyof Pair, unknown>>;
  return typeof pair.image === 'string' && typeof pair.distortion === 'string' && typeof pair.strength === 'number' && typeof pair.labelA === 'string' && typeof pair.labelB === 'string'
    && Array.isArray(pair.topA) && Array.isArray(pair.topB) && pairColumns.every((column) => typeof pair[column] === 'number');
}

/** The pairs on the given lines, in that order. */
export async function readLines(folder: string, index: PairsIndex, lines: readonly number[]): Promise<Pair[]> {
  const file = await open(join(folder, pairsName), 'r');
  try {
    return await Promise.all(lines.map(async (line) => {
      const start = index.offsets[line]!;
      const bytes = Buffer.alloc(index.offsets[line + 1]! - start);
      await file.read(bytes, 0, bytes.length, start);
      return parsePair(folder, bytes.toString('utf8'), line);
    }));
  } finally {
    await file.close();
  }
}
