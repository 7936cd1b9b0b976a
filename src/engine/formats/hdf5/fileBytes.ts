import { UserError } from '../../job.ts';

/** An address that points nowhere. */
export const nowhere = -1;

/** The bytes of an HDF5 file. Whatever is read outside of them is a `UserError` that says that the file is damaged. */
export class FileBytes {
  /** How messages name the file: its path, for one inside an archive with the entry's name. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** A length or an address of 8 bytes; `nowhere` where all bits are set. */
  u64(at: number): number {
    this.#check(at, 8);
    const value = this.#view.getBigUint64(at, true);
    if (value === 0xffff_ffff_ffff_ffffn) return nowhere;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(`it counts to ${value}`);
    return Number(value);
  }

  /** A number of 1, 2, 4 or 8 bytes. */
  unsigned(at: number, width: number): number {
    return width === 1 ? this.u8(at) : width === 2 ? this.u16(at) : width === 4 ? this.u32(at) : this.u64(at);
  }

  slice(at: number, length: number): Uint8Array {
    this.#check(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** Text up to a NUL, `longest` bytes at most. */
  text(at: number, longest: number): string {
    this.#check(at, 1);
    const bytes = this.bytes.subarray(at, Math.min(at + longest, this.bytes.length));
    const end = bytes.indexOf(0);
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** Whether four letters stand at an address; a `UserError` where others do. */
  expect(at: number, signature: string): void {
    if (this.text(at, 4) !== signature) throw this.damaged(`no ${signature} stands at byte ${at}`);
  }

  damaged(what: string): UserError {
    return new UserError(`${this.file} is damaged or cut short: ${what}`);
  }

  unsupported(what: string): UserError {
    return new UserError(`${this.file} ${what}; save the model again with Keras`);
  }

  #check(at: number, length: number): void {
    if (at < 0 || length < 0 || at + length > this.bytes.length) throw this.damaged(`it has ${this.bytes.length} bytes, and refers to byte ${at + length}`);
  }
}

const decoder = new TextDecoder();
