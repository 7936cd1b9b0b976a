import { UserError } from '../../job.ts';

/** Numbers that the file's vectors may hold together beyond the bytes that it has: real files share a few. */
const sharedNumbers = 1_000_000;

const utf8 = new TextDecoder();

/**
 * A FlatBuffer of unknown origin (https://flatbuffers.dev/internals). The library's reader trusts every offset; here each one is
 * held against the file's size, and what does not fit is a `UserError` that names the table.
 */
export class FlatBuffer {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #numbers = 0;

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The root table. `what` is how messages call it. */
  root(what: string): Table {
    if (this.bytes.length < 8) throw this.damaged('it is cut short');
    return new Table(this, this.view.getUint32(0, true), what);
  }

  damaged(reason: string): UserError {
    return new UserError(`${this.path} is not a TFLite model, or it is damaged or cut short: ${reason}`);
  }

  /** Counts numbers that are read: vectors that many tables share would else make a small file take hours. */
  count(numbers: number): void {
    this.#numbers += numbers;
    if (this.#numbers > this.bytes.length + sharedNumbers) throw this.damaged('its tables lie on one another');
  }
}

/** One table of a FlatBuffer. Fields are asked for by their number in the schema; an absent one has its default. */
export class Table {
  readonly file: FlatBuffer;
  readonly what: string;
  readonly #position: number;
  readonly #vtable: number;
  readonly #vtableSize: number;
  readonly #size: number;

  constructor(file: FlatBuffer, position: number, what: string) {
    this.file = file;
    this.what = what;
    this.#position = position;
    this.#check(position, 4);
    this.#vtable = position - file.view.getInt32(position, true);
    this.#check(this.#vtable, 4);
    this.#vtableSize = file.view.getUint16(this.#vtable, true);
    this.#size = file.view.getUint16(this.#vtable + 2, true);
    this.#check(this.#vtable, this.#vtableSize);
    this.#check(position, this.#size);
    if (this.#vtableSize < 4 || this.#size < 4) throw file.damaged(`${what} has no size`);
  }

  int8(field: number, otherwise = 0): number {
    const at = this.#field(field, 1);
    return at === 0 ? otherwise : this.file.view.getInt8(at);
  }

  uint8(field: number, otherwise = 0): number {
    const at = this.#field(field, 1);
    return at === 0 ? otherwise : this.file.view.getUint8(at);
  }

  flag(field: number): boolean {
    return this.uint8(field) !== 0;
  }

  int32(field: number, otherwise = 0): number {
    const at = this.#field(field, 4);
    return at === 0 ? otherwise : this.file.view.getInt32(at, true);
  }

  uint32(field: number): number {
    const at = this.#field(field, 4);
    return at === 0 ? 0 : this.file.view.getUint32(at, true);
  }

  uint64(field: number): number {
    const at = this.#field(field, 8);
    return at === 0 ? 0 : Number(this.file.view.getBigUint64(at, true));
  }

  float32(field: number): number {
    const at = this.#field(field, 4);
    return at === 0 ? 0 : this.file.view.getFloat32(at, true);
  }

  /** '' where absent. */
  text(field: number): string {
    return utf8.decode(this.vector(field));
  }

  /** A vector of bytes, sharing the file's memory; empty where absent. */
  vector(field: number): Uint8Array {
    const { at, length } = this.#vector(field, 1);
    return this.file.bytes.subarray(at, at + length);
  }

  int32s(field: number): number[] {
    return this.#numbers(field, 4, (at) => this.file.view.getInt32(at, true));
  }

  int64s(field: number): number[] {
    return this.#numbers(field, 8, (at) => Number(this.file.view.getBigInt64(at, true)));
  }

  float32s(field: number): number[] {
    return this.#numbers(field, 4, (at) => this.file.view.getFloat32(at, true));
  }

  table(field: number, what: string): Table | null {
    const at = this.#field(field, 4);
    return at === 0 ? null : new Table(this.file, at + this.file.view.getUint32(at, true), what);
  }

  /** A vector of tables; the index follows `what` in messages. */
  tables(field: number, what: string): Table[] {
    return this.#numbers(field, 4, (at) => at + this.file.view.getUint32(at, true)).map((position, index) => new Table(this.file, position, `${what} ${index}`));
  }

  #numbers(field: number, size: number, read: (at: number) => number): number[] {
    const { at, length } = this.#vector(field, size);
    this.file.count(length);
    return Array.from({ length }, (_, index) => read(at + index * size));
  }

  #vector(field: number, size: number): { at: number; length: number } {
    const offset = this.#field(field, 4);
    if (offset === 0) return { at: 0, length: 0 };
    const start = offset + this.file.view.getUint32(offset, true);
    this.#check(start, 4);
    const length = this.file.view.getUint32(start, true);
    this.#check(start + 4, length * size);
    return { at: start + 4, length };
  }

  /** Where a field of so many bytes lies; 0 where the table has none. */
  #field(field: number, bytes: number): number {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableSize) return 0;
    const offset = this.file.view.getUint16(this.#vtable + entry, true);
    if (offset === 0) return 0;
    if (offset + bytes > this.#size) throw this.file.damaged(`field ${field} of ${this.what} lies outside of it`);
    return this.#position + offset;
  }

  #check(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.file.bytes.length) throw this.file.damaged(`${this.what} lies outside of the file`);
  }
}
