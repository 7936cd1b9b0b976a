import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../results.ts';
import { readIndex } from './pairsFile.ts';
import type { PairsIndex } from './pairsIndex.ts';
import type { PairColumn } from './queries.ts';

/** The index of a run, kept in memory, with what queries have made of it so far. */
export class OpenedPairs {
  readonly folder: string;
  readonly index: PairsIndex;
  readonly maxFeatureDistance: number;
  readonly #orders = new Map<string, Uint32Array>();
  #smaller: Uint32Array | undefined;
  #lowerCaseImages: string[] | undefined;
  /** The lines of the last query, with its key: scrolling asks for the same ones again and again. */
  last: { key: string; lines: Uint32Array } = { key: '', lines: new Uint32Array() };
  /** The lines of the same pairs in another run, for the last other run that was asked for. */
  joined: { other: OpenedPairs; lines: Int32Array } | undefined;

  constructor(folder: string, index: PairsIndex) {
    this.folder = folder;
    this.index = index;
    let largest = 0;
    for (const value of index.columns.featureDistance) if (value > largest) largest = value;
    this.maxFeatureDistance = largest;
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

  /** The paths of `index.images` in small letters, for searching. */
  get lowerCaseImages(): readonly string[] {
    return (this.#lowerCaseImages ??= this.index.images.map((image) => image.toLowerCase()));
  }
}

/** Bits of a key that one pass sorts by, and the passes that 32 bits take. */
const digitBits = 11;
const passes = 3;

/** Sorts by counting (a radix sort, least digit first), which compares nothing and keeps the order of equal keys. */
function sortedLines(values: Float32Array, ascending: boolean): Uint32Array {
  const keys = keysOf(values, ascending);
  const starts = new Uint32Array(1 << digitBits);
  let lines = new Uint32Array(keys.length);
  for (let line = 0; line < lines.length; line++) lines[line] = line;
  let sorted = new Uint32Array(keys.length);
  for (let pass = 0; pass < passes; pass++) {
    sortByDigit(keys, pass * digitBits, starts, lines, sorted);
    [lines, sorted] = [sorted, lines];
  }
  return lines;
}

/** Whole numbers of the same order as the values: the bits of a float, of which those of negative ones count downwards. */
function keysOf(values: Float32Array, ascending: boolean): Uint32Array {
  const keys = new Uint32Array(values.buffer, values.byteOffset, values.length).slice();
  const turned = ascending ? 0 : 0xffff_ffff;
  for (let line = 0; line < keys.length; line++) keys[line] = (keys[line]! & 0x8000_0000 ? ~keys[line]! : keys[line]! | 0x8000_0000) ^ turned;
  return keys;
}

/** One pass: puts `lines` into `sorted` by the digit at `shift` of their keys; `starts` is room for where each digit begins. */
function sortByDigit(keys: Uint32Array, shift: number, starts: Uint32Array, lines: Uint32Array, sorted: Uint32Array): void {
  const mask = starts.length - 1;
  starts.fill(0);
  for (let line = 0; line < keys.length; line++) starts[(keys[line]! >>> shift) & mask]!++;
  let start = 0;
  for (let digit = 0; digit < starts.length; digit++) {
    const count = starts[digit]!;
    starts[digit] = start;
    start += count;
  }
  for (let place = 0; place < lines.length; place++) sorted[starts[(keys[lines[place]!]! >>> shift) & mask]!++] = lines[place]!;
}

interface Opening {
  modified: number;
  pairs: Promise<OpenedPairs>;
}

const opened = new Map<string, Opening>();
/** Runs kept in memory: before, control and after of two stabilizations. */
const keep = 6;

/** The pairs of a run, read anew where their file has changed; calls that come together read once. Throws a `UserError` that names the run where it has none. */
export async function openPairs(folder: string): Promise<OpenedPairs> {
  const modified = (await stat(join(folder, 'pairs.jsonl')).catch(() => null))?.mtimeMs ?? 0;
  const known = opened.get(folder);
  const opening = known?.modified === modified ? known : { modified, pairs: readIndex(folder).then((index) => new OpenedPairs(folder, index)) };
  opened.delete(folder);
  opened.set(folder, opening);
  const [oldest] = opened.keys();
  if (opened.size > keep && oldest !== undefined) opened.delete(oldest);
  try {
    return await opening.pairs;
  } catch (error) {
    if (opened.get(folder) === opening) opened.delete(folder);
    throw error;
  }
}

/** Reads ahead, while nobody waits, what the gallery of a run shows first: its evaluation's pairs, or those of a stabilization's before, by feature distance. */
export function readPairsAhead(folder: string, { kind }: Run): void {
  if (kind === 'sequence') return;
  openPairs(kind === 'stabilization' ? join(folder, 'before') : folder)
    .then((run) => [run.order('featureDistance', false), run.smaller])
    .catch(() => undefined /* Who asks for the pairs is told. */);
}
