import * as v from 'valibot';
import { byMeasure, pairMeasures } from '../measures/index.ts';
import type { DistortionSpec, Pair } from '../results.ts';
import { parseJson } from '../parseJson.ts';
import type { PairColumn } from './queries.ts';

/** Columns of the index: every measure, in the order of their list. */
export const pairColumns: readonly PairColumn[] = pairMeasures.map(({ name }) => name);

export const indexName = 'pairs.index';
/** "MSPI" in little-endian order, and the layout's version. */
const magic = 0x4950534d;
const indexVersion = 3;

/**
 * What pairs of a run are sorted, filtered and joined by, in columns, small enough to do so with a hundred thousand at once:
 * 42 bytes a pair, and the path of each picture once.
 */
export interface PairsIndex {
  count: number;
  /** Where each line of `pairs.jsonl` begins, and the end of the last: `count + 1` bytes offsets. */
  offsets: Float64Array;
  /** NaN where a model without classes has no such measure. */
  columns: Record<PairColumn, Float32Array>;
  /** Index into `distortions`. */
  distortion: Uint16Array;
  /** Index into `images`. */
  image: Uint32Array;
  /** Labels of A and B and the true one, as indexes into `labels`; 0 is the empty label, which stands for an unknown truth. */
  labelA: Uint32Array;
  labelB: Uint32Array;
  truth: Uint32Array;
  /** 1 where the label changed; follows from the labels. */
  changed: Uint8Array;
  distortions: DistortionSpec[];
  images: string[];
  labels: string[];
}

/** The columns of whole numbers that are stored, with the bytes of a number. */
const wholeColumns = [['image', 4], ['labelA', 4], ['labelB', 4], ['truth', 4], ['distortion', 2]] as const;

/** Numbers names in the order in which they come. */
class Names {
  readonly #numbers = new Map<string, number>();

  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  get all(): string[] {
    return [...this.#numbers.keys()];
  }
}

/** Collects the index of pairs in the order in which they are written. */
export class IndexBuilder {
  #offsets: number[] = [0];
  readonly #columns = byMeasure<number[]>(() => []);
  readonly #whole: Record<(typeof wholeColumns)[number][0], number[]> = { image: [], labelA: [], labelB: [], truth: [], distortion: [] };
  readonly #distortions: DistortionSpec[] = [];
  readonly #images = new Names();
  readonly #labels = new Names();

  constructor() {
    this.#labels.number('');
  }

  add(pair: Pair, bytes: number): void {
    this.#offsets.push(this.#offsets.at(-1)! + bytes);
    for (const column of pairColumns) this.#columns[column].push(pair[column] ?? NaN);
    let distortion = this.#distortions.findIndex((spec) => spec.name === pair.distortion && spec.strength === pair.strength);
    if (distortion < 0) distortion = this.#distortions.push({ name: pair.distortion, strength: pair.strength }) - 1;
    this.#whole.distortion.push(distortion);
    this.#whole.image.push(this.#images.number(pair.image));
    this.#whole.labelA.push(this.#labels.number(pair.labelA));
    this.#whole.labelB.push(this.#labels.number(pair.labelB));
    this.#whole.truth.push(this.#labels.number(pair.truth ?? ''));
  }

  build(): PairsIndex {
    const { image, labelA, labelB, truth, distortion } = this.#whole;
    return {
      count: image.length,
      offsets: Float64Array.from(this.#offsets),
      columns: byMeasure((column) => Float32Array.from(this.#columns[column])),
      image: Uint32Array.from(image), labelA: Uint32Array.from(labelA), labelB: Uint32Array.from(labelB), truth: Uint32Array.from(truth),
      distortion: Uint16Array.from(distortion),
      changed: changedLabels(labelA, labelB),
      distortions: this.#distortions, images: this.#images.all, labels: this.#labels.all,
    };
  }
}

/** The file of an index: a head of four 32-bit numbers, the names as JSON, and the columns, widest numbers first. */
export function indexBytes(index: PairsIndex): Buffer[] {
  const { distortions, images, labels } = index;
  const names = Buffer.from(JSON.stringify({ distortions, images, labels }));
  const padded = Buffer.alloc(Math.ceil(names.length / 8) * 8, ' ');
  names.copy(padded);
  const head = Buffer.alloc(16);
  [magic, indexVersion, index.count, padded.length].forEach((value, at) => head.writeUInt32LE(value, at * 4));
  const columns = [index.offsets, ...pairColumns.map((column) => index.columns[column]), ...wholeColumns.map(([column]) => index[column])];
  return [head, padded, ...columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength))];
}

/** Strings are looked at one by one: there is one for each picture. */
const strings = v.custom<string[]>((value) => Array.isArray(value) && value.every((each) => typeof each === 'string'));
const namesSchema = v.object({ distortions: v.array(v.object({ name: v.string(), strength: v.number() })), images: strings, labels: strings });

/** Reads the file of an index; null where it is none of this layout, or damaged. */
export function parseIndex(bytes: Buffer): PairsIndex | null {
  if (bytes.length < 16 || bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== indexVersion) return null;
  const [count, length] = [bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  const bytesOfPair = 4 * pairColumns.length + wholeColumns.reduce((sum, [, size]) => sum + size, 0);
  if (bytes.length !== 16 + length + (count + 1) * 8 + count * bytesOfPair) return null;
  const names = v.safeParse(namesSchema, parseJson(bytes.toString('utf8', 16, 16 + length)));
  if (!names.success) return null;
  let at = 16 + length;
  const take = (size: number): ArrayBuffer => {
    const copy = new ArrayBuffer(size);
    new Uint8Array(copy).set(bytes.subarray(at, at + size));
    at += size;
    return copy;
  };
  const index = {
    count,
    ...names.output,
    offsets: new Float64Array(take((count + 1) * 8)),
    columns: byMeasure(() => new Float32Array(take(count * 4))),
    image: new Uint32Array(take(count * 4)), labelA: new Uint32Array(take(count * 4)), labelB: new Uint32Array(take(count * 4)), truth: new Uint32Array(take(count * 4)),
    distortion: new Uint16Array(take(count * 2)),
  };
  const { labelA, labelB, images, labels, distortions } = index;
  if (!isBelow(index.image, images.length) || !isBelow(index.distortion, distortions.length) || ![labelA, labelB, index.truth].every((column) => isBelow(column, labels.length))) return null;
  return { ...index, changed: changedLabels(labelA, labelB) };
}

// Loops over all pairs are written out: with a function for each pair they take several times as long, when a run is opened.

function changedLabels(labelA: ArrayLike<number>, labelB: ArrayLike<number>): Uint8Array {
  const changed = new Uint8Array(labelA.length);
  for (let line = 0; line < changed.length; line++) changed[line] = labelA[line] === labelB[line] ? 0 : 1;
  return changed;
}

function isBelow(column: Uint32Array | Uint16Array, end: number): boolean {
  for (let line = 0; line < column.length; line++) if (column[line]! >= end) return false;
  return true;
}
