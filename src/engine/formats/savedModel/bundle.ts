import { fromBinary } from '@bufbuild/protobuf';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../job.ts';
import { maskedCrc32c } from './crc32c.ts';
import { BundleEntryProtoSchema, BundleHeaderProtoSchema, type BundleEntryProto } from './tensorflow_pb.ts';

/** A variable's entry in the index, and where that stands in the file. */
export interface BundleEntry {
  entry: BundleEntryProto;
  /** Place and length of the entry's message. */
  start: number;
  length: number;
  block: BlockHandle;
}

interface BlockHandle {
  offset: number;
  size: number;
}

/** Length of what stands behind each block: a byte for its compression and its checksum. */
const trailer = 5;
const footer = 48;
/** Bytes of a text or a message at most: an object graph has a few for each variable. */
const largestText = 2 ** 28;
const magic = 0xdb4775248b80fb57n;

/**
 * The variables of a SavedModel: an index (a sorted table of LevelDB, github.com/google/leveldb/blob/main/doc/table_format.md) and data
 * files, as tensorflow/core/util/tensor_bundle writes them.
 */
export class VariableBundle {
  readonly folder: string;
  readonly index: Buffer;
  readonly entries = new Map<string, BundleEntry>();
  readonly #indexPath: string;
  #shards = 1;

  private constructor(folder: string, index: Buffer) {
    this.folder = folder;
    this.index = index;
    this.#indexPath = join(folder, indexName);
    this.#read();
  }

  /** Reads the index of a folder `variables`. Throws a `UserError` that names the file. */
  static async open(folder: string): Promise<VariableBundle> {
    let bytes: Buffer;
    try {
      bytes = await readFile(join(folder, indexName));
    } catch (error) {
      throw new UserError(`cannot read ${join(folder, indexName)}: ${(error as Error).message}`, { cause: error });
    }
    return new VariableBundle(folder, bytes);
  }

  /** Absolute path of the data file of an entry. */
  dataFile({ entry }: BundleEntry): string {
    if (entry.shardId < 0 || entry.shardId >= this.#shards) throw this.#error(`it names the data file ${entry.shardId} of ${this.#shards}`);
    return join(this.folder, dataName(entry.shardId, this.#shards));
  }

  /** The content of an entry that is one text or message; null where there is none. Texts stand behind their length and its checksum. */
  async content(key: string): Promise<Uint8Array | null> {
    const place = this.entries.get(key);
    if (!place) return null;
    const [offset, size] = [Number(place.entry.offset), Number(place.entry.size)];
    if (offset < 0 || size < 0 || size > largestText) throw this.#error(`its entry ${key} has ${size} bytes`);
    const damaged = (): UserError => this.#error(`its entry ${key} is damaged`);
    const bytes = Buffer.alloc(size);
    const file = await open(this.dataFile(place));
    try {
      if ((await file.read(bytes, 0, size, offset)).bytesRead < size) throw this.#error(`its entry ${key} lies outside of the data`);
    } finally {
      await file.close();
    }
    const length = new Reader(bytes, 0, size, damaged).number();
    if (length > size) throw damaged();
    return bytes.subarray(size - length);
  }

  /** Absolute paths of all files, the index first. */
  get files(): string[] {
    return [this.#indexPath, ...Array.from({ length: this.#shards }, (_, shard) => join(this.folder, dataName(shard, this.#shards)))];
  }

  /** Puts a new checksum into an entry, and into the block that holds it. */
  setChecksum({ start, length, block }: BundleEntry, checksum: number): void {
    // The checksum is field 6 of fixed length, so that it is exchanged in its place.
    const place = fixedField(this.index.subarray(start, start + length), 6);
    if (place === null) throw this.#error('an entry has no checksum');
    this.index.writeUInt32LE(checksum, start + place);
    this.index.writeUInt32LE(maskedCrc32c(this.index.subarray(block.offset, block.offset + block.size + 1)), block.offset + block.size + 1);
  }

  #read(): void {
    if (this.index.length < footer || this.index.readBigUInt64LE(this.index.length - 8) !== magic) throw this.#error('it is no table of variables, or cut short');
    const ends = new Reader(this.index, this.index.length - footer, this.index.length - 8, () => this.#error('its footer is damaged'));
    ends.handle();
    for (const { start, length } of this.#block(ends.handle())) {
      const handle = new Reader(this.index, start, start + length, () => this.#error('its list of blocks is damaged')).handle();
      for (const { key, ...place } of this.#block(handle)) {
        const message = this.index.subarray(place.start, place.start + place.length);
        try {
          if (key === '') {
            const header = fromBinary(BundleHeaderProtoSchema, message);
            if (header.endianness !== 0) throw this.#error('its numbers are big-endian, which cannot be opened');
            this.#shards = header.numShards;
          } else {
            this.entries.set(key, { entry: fromBinary(BundleEntryProtoSchema, message), ...place, block: handle });
          }
        } catch (error) {
          throw error instanceof UserError ? error : this.#error(`its entry ${key} is damaged`, error);
        }
      }
    }
    if (this.#shards < 1 || this.#shards > 100_000) throw this.#error(`it has ${this.#shards} data files`);
  }

  /** The entries of a block: keys share their beginning with the one before. */
  #block({ offset, size }: BlockHandle): { key: string; start: number; length: number }[] {
    if (offset + size + trailer > this.index.length - footer) throw this.#error('a block lies outside of it');
    if (this.index[offset + size] !== 0) throw this.#error('its blocks are compressed, which cannot be opened');
    if (this.index.readUInt32LE(offset + size + 1) !== maskedCrc32c(this.index.subarray(offset, offset + size + 1))) throw this.#error('a checksum in it is wrong');
    const damaged = (): UserError => this.#error('a block is damaged');
    if (size < 4) throw damaged();
    const end = offset + size - 4 - 4 * this.index.readUInt32LE(offset + size - 4);
    if (end < offset) throw damaged();
    const reader = new Reader(this.index, offset, end, damaged);
    const entries: { key: string; start: number; length: number }[] = [];
    let key = Buffer.alloc(0);
    while (!reader.done) {
      const [shared, own, length] = [reader.number(), reader.number(), reader.number()];
      if (shared > key.length) throw damaged();
      key = Buffer.concat([key.subarray(0, shared), reader.bytes(own)]);
      const { place } = reader;
      reader.bytes(length);
      entries.push({ key: key.toString('utf8'), start: place, length });
    }
    return entries;
  }

  #error(reason: string, cause?: unknown): UserError {
    return new UserError(`${this.#indexPath}: ${reason}`, { cause });
  }
}

const indexName = 'variables.index';

function dataName(shard: number, shards: number): string {
  const five = (number: number): string => String(number).padStart(5, '0');
  return `variables.data-${five(shard)}-of-${five(shards)}`;
}

/** Numbers of seven bits a byte and bytes, one after the other, inside of bounds. */
class Reader {
  place: number;
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #damaged: () => UserError;

  constructor(bytes: Buffer, start: number, end: number, damaged: () => UserError) {
    this.#bytes = bytes;
    this.place = start;
    this.#end = end;
    this.#damaged = damaged;
  }

  get done(): boolean {
    return this.place >= this.#end;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      if (this.done) throw this.#damaged();
      const byte = this.#bytes[this.place++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw this.#damaged();
  }

  bytes(length: number): Buffer {
    if (this.place + length > this.#end) throw this.#damaged();
    this.place += length;
    return this.#bytes.subarray(this.place - length, this.place);
  }

  handle(): BlockHandle {
    return { offset: this.number(), size: this.number() };
  }
}

/** Where the four bytes of a field of fixed length stand in a message; null where it has none. */
function fixedField(message: Buffer, field: number): number | null {
  const damaged = (): UserError => new UserError('an entry is damaged');
  const reader = new Reader(message, 0, message.length, damaged);
  while (!reader.done) {
    const tag = reader.number();
    const kind = tag & 7;
    if (kind === 5 && tag >>> 3 === field) return reader.place;
    if (kind === 0) reader.number();
    else if (kind === 5) reader.bytes(4);
    else if (kind === 1) reader.bytes(8);
    else if (kind === 2) reader.bytes(reader.number());
    else return null;
  }
  return null;
}
