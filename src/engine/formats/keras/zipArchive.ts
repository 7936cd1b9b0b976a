import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { UserError } from '../../job.ts';

/** An entry of an archive, as the directory at its end describes it. */
interface Entry {
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  checksum: number;
  /** Bytes in the archive. */
  size: number;
  /** Bytes when unpacked. */
  unpacked: number;
  /** Where the entry's own header stands in the archive. */
  header: number;
  /** Where its record in the directory stands, and the bytes of that. */
  record: number;
  recordBytes: number;
}

/** The most that deflate can press together (zlib's own figure). */
const mostDeflated = 1032;

const utf8 = new TextDecoder();

/** Whether a file begins as zip archives do. */
export function looksLikeZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/**
 * A zip archive of up to 4 GiB (PKWARE's APPNOTE 6.3.10). Sizes are checked before anything is unpacked, what is unpacked is
 * checked against its checksum, and a copy with some entries changed keeps the others and all dates as they were.
 */
export class ZipArchive {
  readonly #file: string;
  readonly #bytes: Buffer;
  readonly #entries = new Map<string, Entry>();
  /** Where the directory's end record stands. */
  readonly #end: number;

  /** `file` is how messages name it. */
  constructor(file: string, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = this.#findEnd();
    const count = this.#bytes.readUInt16LE(this.#end + 10);
    let at = this.#bytes.readUInt32LE(this.#end + 16);
    for (let number = 0; number < count; number++) {
      this.#need(at, 46, 0x02014b50);
      const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => this.#bytes.readUInt16LE(at + offset)) as [number, number, number];
      const entry: Entry = {
        name: utf8.decode(this.#bytes.subarray(at + 46, at + 46 + nameBytes)),
        method: this.#bytes.readUInt16LE(at + 10), checksum: this.#bytes.readUInt32LE(at + 16),
        size: this.#bytes.readUInt32LE(at + 20), unpacked: this.#bytes.readUInt32LE(at + 24), header: this.#bytes.readUInt32LE(at + 42),
        record: at, recordBytes: 46 + nameBytes + extraBytes + commentBytes,
      };
      if (this.#entries.has(entry.name)) throw this.#damaged(`${entry.name} stands in it twice`);
      if (entry.size === 0xffff_ffff || entry.unpacked === 0xffff_ffff || entry.header === 0xffff_ffff) throw new UserError(`${this.#file} has an entry of 4 GiB or more, which cannot be opened: ${entry.name}`);
      this.#entries.set(entry.name, entry);
      at += entry.recordBytes;
      this.#need(at, 0);
    }
  }

  get names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** An entry's content; `longest` is the most bytes that it may have. */
  read(name: string, longest: number): Uint8Array {
    const entry = this.#entries.get(name);
    if (!entry) throw new UserError(`${this.#file} has no ${name}`);
    const place = this.#contentOf(entry);
    const packed = this.#bytes.subarray(place, place + entry.size);
    if (entry.unpacked > longest) throw new UserError(`${this.#file}: ${name} has ${entry.unpacked} bytes; more than ${longest} cannot be opened`);
    if (entry.unpacked > entry.size * mostDeflated + mostDeflated) throw this.#damaged(`${name} claims to unpack ${entry.size} bytes to ${entry.unpacked}`);
    const content = this.#unpack(entry, packed);
    if (content.length !== entry.unpacked) throw this.#damaged(`${name} has ${content.length} bytes, its directory says ${entry.unpacked}`);
    if (crc32(content) !== entry.checksum) throw this.#damaged(`the checksum of ${name} is wrong`);
    return content;
  }

  /** The archive in pieces, with the content of some entries exchanged; names that it does not have are left out. */
  with(changed: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    const records: Uint8Array[] = [];
    let offset = 0;
    const add = (piece: Uint8Array): void => {
      pieces.push(piece);
      offset += piece.length;
    };
    for (const entry of this.#entries.values()) {
      const place = this.#contentOf(entry);
      const content = changed.get(entry.name);
      const packed = content ? (entry.method === 8 ? deflateRawSync(content) : content) : this.#bytes.subarray(place, place + entry.size);
      const [checksum, unpacked] = content ? [crc32(content), content.length] : [entry.checksum, entry.unpacked];
      const record = Buffer.from(this.#bytes.subarray(entry.record, entry.record + entry.recordBytes));
      record.writeUInt32LE(offset, 42);
      const header = Buffer.from(this.#bytes.subarray(entry.header, place));
      // Flags, then from the checksum on; bit 3 would say that the sizes follow the content.
      for (const [block, flags, sizes] of [[header, 6, 14], [record, 8, 16]] as const) {
        block.writeUInt16LE(block.readUInt16LE(flags) & ~8, flags);
        block.writeUInt32LE(checksum, sizes);
        block.writeUInt32LE(packed.length, sizes + 4);
        block.writeUInt32LE(unpacked, sizes + 8);
      }
      records.push(record);
      add(withoutLargeSizes(header));
      add(packed);
    }
    const directory = offset;
    for (const record of records) add(record);
    const end = Buffer.from(this.#bytes.subarray(this.#end));
    end.writeUInt32LE(offset - directory, 12);
    end.writeUInt32LE(directory, 16);
    if (offset >= 2 ** 32) throw new UserError(`${this.#file} would grow beyond 4 GiB`);
    add(end);
    return pieces;
  }

  /** Where an entry's content begins; all of it lies in the file. */
  #contentOf(entry: Entry): number {
    this.#need(entry.header, 30, 0x04034b50);
    const place = entry.header + 30 + this.#bytes.readUInt16LE(entry.header + 26) + this.#bytes.readUInt16LE(entry.header + 28);
    this.#need(place, entry.size);
    return place;
  }

  #unpack(entry: Entry, packed: Uint8Array): Uint8Array {
    if (entry.method === 0) return packed;
    if (entry.method !== 8) throw new UserError(`${this.#file}: ${entry.name} is packed in a way that is not known (${entry.method})`);
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.unpacked) });
    } catch (error) {
      throw this.#damaged(`${entry.name} cannot be unpacked (${(error as Error).message})`);
    }
  }

  #findEnd(): number {
    // A comment of up to 65535 bytes may follow the record of 22.
    const lowest = Math.max(0, this.#bytes.length - 22 - 0xffff);
    for (let at = this.#bytes.length - 22; at >= lowest; at--) if (this.#bytes.readUInt32LE(at) === 0x06054b50) return at;
    throw this.#damaged('its directory is missing');
  }

  #need(at: number, length: number, signature?: number): void {
    if (at + length > this.#bytes.length) throw this.#damaged(`it has ${this.#bytes.length} bytes, and refers to byte ${at + length}`);
    if (signature !== undefined && this.#bytes.readUInt32LE(at) !== signature) throw this.#damaged(`no entry stands at byte ${at}`);
  }

  #damaged(what: string): UserError {
    return new UserError(`${this.#file} is damaged or cut short: ${what}`);
  }
}

/** An entry's header without the field that repeats its sizes in 8 bytes each. */
function withoutLargeSizes(header: Buffer): Buffer {
  const start = 30 + header.readUInt16LE(26);
  const kept: Buffer[] = [];
  for (let at = start; at + 4 <= header.length;) {
    const end = Math.min(header.length, at + 4 + header.readUInt16LE(at + 2));
    if (header.readUInt16LE(at) !== 1) kept.push(header.subarray(at, end));
    at = end;
  }
  const extra = Buffer.concat(kept);
  const result = Buffer.concat([header.subarray(0, start), extra]);
  result.writeUInt16LE(extra.length, 28);
  return result;
}
