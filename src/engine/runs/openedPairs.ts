import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIndex } from './pairsFile.ts';
import type { PairsIndex } from './pairsIndex.ts';
import type { PairColumn } from './queries.ts';

/** Lines that a sort key has room for beside 32 bits of a measure, in the 53 bits of a whole number. */
const mostKeyed = 2 ** 21;

/** The index of a run, kept in memory, with what queries have made of it so far. */
export class OpenedPairs {
  readonly folder: string;
  readonly index: PairsIndex;
  readonly maxFeatureDistance: number;
  readonly #modified: number;
  readonly #orders = new Map<string, Uint32Array>();
  #smaller: Uint32Array | undefined;
  /** The lines of the last query, with its key: scrolling asks for the same ones again and again. */
  last: { key: string; lines: Uint32Array } = { key: '', lines: new Uint32Array() };
  /** The lines of the same pairs in another run, for the last other run that was asked for. */
  joined: { other: OpenedPairs; lines: Int32Array } | undefined;

  constructor(folder: string, index: PairsIndex, modified: number) {
    this.folder = folder;
    this.index = index;
    this.#modified = modified;
    let largest = 0;
    for (const value of index.columns.featureDistance) if (value > largest) largest = value;
    this.maxFeatureDistance = largest;
  }

  isOf(modified: number): boolean {
    return this.#modified === modified;
  }

  /** All lines by a measure; equal values stay in the order of the file. */
  order(column: PairColumn, ascending: boolean): Uint32Array {
    const key = `${column} ${ascending}`;
    let order = this.#orders.get(key);
    if (!order) this.#orders.set(key, (order = sortedLines(this.index.columns[column], ascending)));
    return order;
  }

  /** How many pairs have a smaller feature distance, for each line. */
  get smaller(): Uint32Array {
    if (this.#smaller) return this.#smaller;
    const values = this.index.columns.featureDistance;
    const smaller = new Uint32Array(values.length);
    const order = this.order('featureDistance', true);
    let first = 0;
    for (let place = 0; place < order.length; place++) {
      if (place > 0 && values[order[place]!]! > values[order[place - 1]!]!) first = place;
      smaller[order[place]!] = first;
    }
    return (this.#smaller = smaller);
  }
}

/** Sorts by whole numbers that hold a measure and its line, which needs no function for each comparison: a hundred thousand lines in some 10 ms. */
function sortedLines(values: Float32Array, ascending: boolean): Uint32Array {
  if (values.length > mostKeyed) return Uint32Array.from(values.keys()).sort((a, b) => (ascending ? 1 : -1) * (values[a]! - values[b]!) || a - b);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Float64Array(values.length);
  for (let line = 0; line < values.length; line++) {
    // The bits of a float as a number of the same order: those of negative ones count downwards.
    const ordered = bits[line]! & 0x8000_0000 ? ~bits[line]! >>> 0 : (bits[line]! | 0x8000_0000) >>> 0;
    keys[line] = (ascending ? ordered : 0xffff_ffff - ordered) * mostKeyed + line;
  }
  keys.sort();
  const lines = new Uint32Array(keys.length);
  // The line is the key's lower 21 bits; a remainder of numbers this large is slow.
  for (let place = 0; place < keys.length; place++) lines[place] = keys[place]! - Math.floor(keys[place]! / mostKeyed) * mostKeyed;
  return lines;
}

const opened = new Map<string, OpenedPairs>();
/** Runs kept in memory: before, control and after of two stabilizations. */
const keep = 6;

/** The pairs of a run, read anew where their file has changed. Throws a `UserError` that names the run where it has none. */
export async function openPairs(folder: string): Promise<OpenedPairs> {
  const modified = (await stat(join(folder, 'pairs.jsonl')).catch(() => null))?.mtimeMs ?? 0;
  const known = opened.get(folder);
  const run = known?.isOf(modified) ? known : new OpenedPairs(folder, await readIndex(folder), modified);
  opened.delete(folder);
  opened.set(folder, run);
  const [oldest] = opened.keys();
  if (opened.size > keep && oldest !== undefined) opened.delete(oldest);
  return run;
}
