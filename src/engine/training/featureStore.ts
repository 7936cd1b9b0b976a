import { closeSync, fsyncSync, openSync, readSync, writeSync, ftruncateSync, existsSync, readFileSync, appendFileSync, writeFileSync } from 'node:fs';
import { UserError } from '../job.ts';
import { writeError } from '../formats/atomicWrite.ts';
import { sizeOf, toBytes, type Tensor } from '../graph/tensor.ts';
import { picturesAtOnce, type FeatureSource } from './featureSource.ts';

/** Features up to so many bytes are kept in memory; larger ones are read from their file, batch by batch. */
const memoryLimit = 2 ** 30;

/** Shape of one cached value for one picture, without the batch. */
export type ValueShapes = Record<string, readonly number[]>;

/** Float32 for values of a network, bytes for pictures. */
type Kept = Float32Array | Uint8Array;

/**
 * Values at the cut for a set of pictures, each in several versions (clean, noisy draws, distorted), in a file: one record a
 * picture. What was written stays after a crash, so that a job can go on where it stopped.
 */
export class FeatureStore implements FeatureSource {
  readonly versions: number;
  readonly shapes: ValueShapes;
  readonly #path: string;
  readonly #file: number;
  readonly #versionSize: number;
  readonly #sources: { path: string; reason?: string }[] = [];
  #records = 0;
  readonly #type: 'float32' | 'uint8';
  #memory: Kept | null = null;

  /** Opens the store at `path`, with what an interrupted job left there. As `uint8` it keeps whole numbers from 0 to 255. */
  constructor(path: string, versions: number, shapes: ValueShapes, type: 'float32' | 'uint8' = 'float32') {
    this.#path = path;
    this.#type = type;
    this.versions = versions;
    this.shapes = shapes;
    this.#versionSize = Object.values(shapes).reduce((sum, dims) => sum + sizeOf([...dims]), 0);
    try {
      this.#recover();
      this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+');
      ftruncateSync(this.#file, this.#records * this.#recordBytes);
    } catch (error) {
      throw writeError(path, error);
    }
  }

  get #recordBytes(): number {
    return this.versions * this.#versionSize * (this.#type === 'uint8' ? 1 : 4);
  }

  get atOnce(): number {
    return picturesAtOnce(this.#versionSize);
  }

  #array(length: number): Kept {
    return this.#type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  }

  get #logPath(): string {
    return `${this.#path}.pictures`;
  }

  /** The log has a line for each picture that is done; a half-written last line, or one without its record, does not count. */
  #recover(): void {
    if (!existsSync(this.#logPath) || !existsSync(this.#path)) {
      writeFileSync(this.#logPath, '');
      return;
    }
    const descriptor = openSync(this.#path, 'r');
    const probe = Buffer.alloc(1);
    const kept: string[] = [];
    for (const line of readFileSync(this.#logPath, 'utf8').split('\n').slice(0, -1)) {
      const source = JSON.parse(line) as { path: string; reason?: string };
      if (source.reason === undefined) {
        if (readSync(descriptor, probe, 0, 1, (this.#records + 1) * this.#recordBytes - 1) === 0) break;
        this.#records++;
      }
      this.#sources.push(source);
      kept.push(line);
    }
    closeSync(descriptor);
    writeFileSync(this.#logPath, kept.map((line) => `${line}\n`).join(''));
  }

  /** Pictures that are done, in order: how many to pass over when going on. */
  get done(): number {
    return this.#sources.length;
  }

  /** Pictures with features. */
  get count(): number {
    return this.#records;
  }

  /** Paths of the pictures with features, in the order of the records. */
  get paths(): string[] {
    return this.#sources.filter((source) => source.reason === undefined).map((source) => source.path);
  }

  get skipped(): { path: string; reason: string }[] {
    return this.#sources.flatMap(({ path, reason }) => (reason === undefined ? [] : [{ path, reason }]));
  }

  /** Adds a picture's values: for each name a tensor [versions, …]. */
  add(path: string, values: Record<string, Tensor>): void {
    const record = this.#array(this.versions * this.#versionSize);
    let offset = 0;
    for (let version = 0; version < this.versions; version++) {
      for (const [name, dims] of Object.entries(this.shapes)) {
        const size = sizeOf([...dims]);
        const data = values[name]!.data as Float32Array;
        if (data.length !== size * this.versions) throw new UserError(`${path}: the value ${name} has ${data.length / this.versions} numbers, other pictures gave ${size}`);
        record.set(data.subarray(version * size, (version + 1) * size), offset);
        offset += size;
      }
    }
    try {
      const bytes = toBytes(record);
      // A disk that fills up takes a part first and fails at the next call.
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at, bytes.length - at, this.#records * this.#recordBytes + at);
      appendFileSync(this.#logPath, `${JSON.stringify({ path })}\n`);
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#sources.push({ path });
    this.#records++;
    this.#memory = null;
  }

  /** Notes a picture that could not be read. */
  skip(path: string, reason: string): void {
    try {
      appendFileSync(this.#logPath, `${JSON.stringify({ path, reason })}\n`);
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#sources.push({ path, reason });
  }

  /** One version of some pictures as a batch, a tensor [indices.length, …] for each value. `version` may differ from picture to picture. */
  batch(indices: ArrayLike<number>, version: (place: number) => number): Record<string, Tensor> {
    const rows = Array.from(indices, (index, place) => this.#read(index, version(place)));
    let start = 0;
    return Object.fromEntries(Object.entries(this.shapes).map(([name, dims]) => {
      const size = sizeOf([...dims]);
      const data = this.#array(rows.length * size);
      rows.forEach((row, place) => data.set(row.subarray(start, start + size), place * size));
      start += size;
      return [name, { type: this.#type, dims: [rows.length, ...dims], data } satisfies Tensor];
    }));
  }

  #read(index: number, version: number): Kept {
    const place = (index * this.versions + version) * this.#versionSize;
    if (this.#records * this.#recordBytes <= memoryLimit) {
      this.#memory ??= this.#load();
      return this.#memory.subarray(place, place + this.#versionSize);
    }
    const row = this.#array(this.#versionSize);
    readSync(this.#file, toBytes(row), 0, row.byteLength, place * row.BYTES_PER_ELEMENT);
    return row;
  }

  #load(): Kept {
    const all = this.#array(this.#records * this.versions * this.#versionSize);
    const bytes = toBytes(all);
    for (let at = 0; at < bytes.length;) at += readSync(this.#file, bytes, at, Math.min(bytes.length - at, 1 << 28), at);
    return all;
  }

  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
    this.#memory = null;
  }
}
