import { inflateSync } from 'node:zlib';
import { bytesOf, readDataspace, readDatatype, type Datatype } from './datatype.ts';
import { nowhere, type FileBytes } from './fileBytes.ts';
import { leaves } from './groups.ts';
import { messageType, type Message } from './objectHeader.ts';

/** An array in the file. */
export interface Dataset {
  shape: number[];
  type: Datatype;
  /** Bytes of the whole array. */
  bytes: number;
  /** Where the array lies in the file in one piece; absent where it lies in chunks or was never written. */
  offset?: number;
  /** The array's bytes, row by row. */
  read(): Uint8Array;
}

/** The most that deflate can press together (zlib's own figure). */
const mostDeflated = 1032;

/** Reads what an object's messages say of an array; undefined where it is none. */
export function readDataset(file: FileBytes, messages: readonly Message[]): Dataset | undefined {
  const find = (type: number): Message | undefined => messages.find((message) => message.type === type);
  const [dataspace, datatype, layout] = [find(messageType.dataspace), find(messageType.datatype), find(messageType.layout)];
  if (!dataspace || !datatype || !layout) return undefined;
  if (datatype.flags & 2) throw file.unsupported('has datasets whose type stands elsewhere');
  const shape = readDataspace(file, dataspace.at);
  const type = readDatatype(file, datatype.at);
  const bytes = bytesOf(shape, type.size);
  const base = { shape, type, bytes };
  const version = file.u8(layout.at);
  const kind = file.u8(layout.at + 1);
  // Version 4 differs in chunks only.
  if (version !== 3 && !(version === 4 && kind < 2)) throw file.unsupported(`keeps a dataset in the layout ${version}.${kind}`);
  if (kind === 0) {
    if (file.u16(layout.at + 2) !== bytes) throw file.damaged(`a dataset of ${bytes} bytes has ${file.u16(layout.at + 2)}`);
    return { ...base, offset: layout.at + 4, read: () => file.slice(layout.at + 4, bytes) };
  }
  if (kind === 1) {
    const offset = file.u64(layout.at + 2);
    if (offset === nowhere) return { ...base, read: () => zeros(file, bytes) };
    return { ...base, offset, read: () => file.slice(offset, bytes) };
  }
  if (kind !== 2) throw file.unsupported(`keeps a dataset in the layout ${version}.${kind}`);
  return { ...base, read: () => readChunks(file, base, layout, find(messageType.filters)) };
}

/** A dataset that nothing was written to, no larger than a compressed one could be. */
function zeros(file: FileBytes, bytes: number): Uint8Array {
  if (bytes > file.bytes.length * mostDeflated) throw file.damaged(`a dataset has ${bytes} bytes, the file ${file.bytes.length}`);
  return new Uint8Array(bytes);
}

function readChunks(file: FileBytes, { shape, type, bytes }: Pick<Dataset, 'shape' | 'type' | 'bytes'>, layout: Message, pipeline: Message | undefined): Uint8Array {
  const rank = file.u8(layout.at + 2) - 1;
  if (rank !== shape.length || rank === 0) throw file.damaged(`a dataset of ${shape.length} axes has chunks of ${rank}`);
  const chunk = shape.map((_, axis) => file.u32(layout.at + 11 + 4 * axis));
  const chunkBytes = bytesOf(chunk, type.size);
  if (chunkBytes === 0 || chunkBytes > Math.max(bytes, 1) * 2 ** 20) throw file.damaged(`a dataset has chunks of ${chunkBytes} bytes`);
  const result = zeros(file, bytes);
  const undo = pipeline ? filtersOf(file, pipeline) : [];
  for (const { key, child } of leaves(file, file.u64(layout.at + 3), 1, 8 + 8 * (rank + 1))) {
    if (file.u32(key + 4) !== 0) throw file.unsupported('leaves filters out for some chunks');
    let values = file.slice(child, file.u32(key));
    for (const filter of undo) values = filter(values, chunkBytes, type.size);
    if (values.length !== chunkBytes) throw file.damaged(`a chunk of ${chunkBytes} bytes has ${values.length}`);
    copyChunk(values, chunk, chunk.map((_, axis) => file.u64(key + 8 + 8 * axis)), result, shape, type.size);
  }
  return result;
}

/** Copies what of a chunk lies inside of the array, a row at a time. */
function copyChunk(values: Uint8Array, chunk: readonly number[], origin: readonly number[], result: Uint8Array, shape: readonly number[], elementBytes: number): void {
  const rank = shape.length;
  const inside = shape.map((dim, axis) => Math.min(chunk[axis]!, dim - origin[axis]!));
  if (inside.some((size) => size <= 0)) return;
  const position = new Array<number>(rank).fill(0);
  for (;;) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis < rank; axis++) {
      from = from * chunk[axis]! + position[axis]!;
      to = to * shape[axis]! + origin[axis]! + position[axis]!;
    }
    result.set(values.subarray(from * elementBytes, (from + inside[rank - 1]!) * elementBytes), to * elementBytes);
    let axis = rank - 2;
    while (axis >= 0 && ++position[axis]! === inside[axis]!) position[axis--] = 0;
    if (axis < 0) return;
  }
}

type Filter = (values: Uint8Array, bytes: number, elementBytes: number) => Uint8Array;

/** What undoes a pipeline of filters, the last one first. */
function filtersOf(file: FileBytes, message: Message): Filter[] {
  const version = file.u8(message.at);
  const count = file.u8(message.at + 1);
  const filters: Filter[] = [];
  let at = message.at + (version === 1 ? 8 : 2);
  for (let index = 0; index < count; index++) {
    const id = file.u16(at);
    const named = version === 1 || id >= 256;
    const nameBytes = named ? file.u16(at + 2) : 0;
    const values = file.u16(at + (named ? 6 : 4));
    at += (named ? 8 : 6) + (version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes) + values * 4 + (version === 1 && values % 2 === 1 ? 4 : 0);
    filters.unshift(filterOf(file, id));
  }
  return filters;
}

function filterOf(file: FileBytes, id: number): Filter {
  if (id === 1) {
    return (values, bytes) => {
      try {
        return inflateSync(values, { maxOutputLength: bytes + 8 });
      } catch (error) {
        throw file.damaged(`a compressed chunk cannot be read (${(error as Error).message})`);
      }
    };
  }
  if (id === 2) return unshuffled;
  // A checksum of 4 bytes behind the values.
  if (id === 3) return (values) => values.subarray(0, Math.max(0, values.length - 4));
  throw file.unsupported(`uses the filter ${id}`);
}

/** Bytes that were sorted by their place in an element, back in the elements' order. */
function unshuffled(values: Uint8Array, _: number, elementBytes: number): Uint8Array {
  const count = Math.floor(values.length / elementBytes);
  const result = Uint8Array.from(values);
  for (let element = 0; element < count; element++) {
    for (let byte = 0; byte < elementBytes; byte++) result[element * elementBytes + byte] = values[byte * count + element]!;
  }
  return result;
}
