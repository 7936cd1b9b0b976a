import { once } from 'node:events';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../job.ts';
import { writeError, writeFileAtomic } from '../formats/atomicWrite.ts';
import type { Pair } from '../results.ts';
import { parseJson } from '../parseJson.ts';
import { IndexBuilder, indexBytes, indexName, pairColumns, parseIndex, type PairsIndex } from './pairsIndex.ts';

const pairsName = 'pairs.jsonl';

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

  get folder(): string {
    return this.#folder;
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
    await writeFileAtomic(join(this.#folder, indexName), indexBytes(this.#index.build()));
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

/**
 * The index of a run's pairs; made anew where it is missing, damaged or older than the pairs. Throws a `UserError` that names
 * the run where it has no pairs.
 */
export async function readIndex(folder: string): Promise<PairsIndex> {
  const size = (await stat(join(folder, pairsName)).catch(() => null))?.size;
  if (size === undefined) throw new UserError(`the run in ${folder} has no ${pairsName}`);
  const bytes = await readFile(join(folder, indexName)).catch(() => null);
  const index = bytes && parseIndex(bytes);
  if (index?.offsets[index.count] === size) return index;
  const rebuilt = await rebuildIndex(folder);
  await writeFileAtomic(join(folder, indexName), indexBytes(rebuilt)).catch(() => undefined /* a folder that cannot be written to can still be read */);
  return rebuilt;
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

/** Checked by hand, because a schema would cost more than reading the line. */
function isPair(value: unknown): value is Pair {
  if (typeof value !== 'object' || value === null) return false;
  const pair = value as Partial<Record<keyof Pair, unknown>>;
  return typeof pair.image === 'string' && typeof pair.distortion === 'string' && typeof pair.strength === 'number' && typeof pair.labelA === 'string' && typeof pair.labelB === 'string'
    && Array.isArray(pair.topA) && Array.isArray(pair.topB) && pairColumns.every((column) => typeof pair[column] === 'number' || (pair[column] === null && Array.isArray(pair.topA) && pair.topA.length === 0));
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
