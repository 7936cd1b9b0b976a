import { unzipSync, zipSync } from 'fflate';

/**
 * Files that are packed behind a TFLite model: a zip archive at the file's end, as the metadata of TensorFlow Lite keep labels
 * (https://ai.google.dev/edge/litert/conversion/tensorflow/metadata). Readers of FlatBuffers do not see it.
 */
export interface Archive {
  /** Where the archive's list of entries begins. */
  directory: number;
  /** Entries of the list, each as it stands there, by the entry's name. */
  entries: Map<string, Uint8Array>;
  /** What is to be added to the offsets of the list: some writers count from the archive's own beginning. */
  base: number;
}

const endSize = 22;
const entrySize = 46;

/** Bytes of an associated file at most, unpacked. */
const largestFile = 16 * 2 ** 20;

const utf8 = new TextDecoder();

/** The archive at the end of a file; null where there is none that can be read. */
export function readArchive(bytes: Uint8Array): Archive | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - endSize;
  // A comment of up to 65535 bytes may follow.
  while (end >= Math.max(0, bytes.length - endSize - 65_535) && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0 || end + endSize > bytes.length || view.getUint32(end, true) !== 0x06054b50) return null;
  const count = view.getUint16(end + 10, true);
  const directory = end - view.getUint32(end + 12, true);
  const base = directory - view.getUint32(end + 16, true);
  if (directory < 0 || base < 0) return null;
  const entries = new Map<string, Uint8Array>();
  let at = directory;
  for (let index = 0; index < count; index++) {
    if (at + entrySize > end || view.getUint32(at, true) !== 0x02014b50) return null;
    const nameLength = view.getUint16(at + 28, true);
    const length = entrySize + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + length > end) return null;
    entries.set(utf8.decode(bytes.subarray(at + entrySize, at + entrySize + nameLength)), bytes.subarray(at, at + length));
    at += length;
  }
  return { directory, entries, base };
}

/** One of the packed files; null where there is none of that name, or where it is damaged or too large. */
export function readAssociated(bytes: Uint8Array, name: string): Uint8Array | null {
  const archive = readArchive(bytes);
  if (!archive?.entries.has(name)) return null;
  try {
    return unzipSync(bytes.subarray(archive.base), { filter: (file) => file.name === name && file.originalSize <= largestFile && file.size <= bytes.length })[name] ?? null;
  } catch (error) {
    // The model itself is sound: an archive that is not says no more than none.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** The file with one more packed file, in the place of an earlier one of that name; the model's own bytes stay. Pieces in their order. */
export function withAssociated(bytes: Uint8Array, name: string, content: Uint8Array): Uint8Array[] {
  const archive = readArchive(bytes);
  const start = archive?.directory ?? bytes.length;
  const packed = zipSync({ [name]: [content, { level: 0, mtime: new Date(Date.UTC(1980, 0, 2)) }] });
  const own = readArchive(packed)!;
  const base = archive?.base ?? 0;
  const others = [...(archive?.entries ?? [])].filter(([known]) => known !== name).map(([, entry]) => entry);
  const entry = Uint8Array.from(own.entries.get(name)!);
  new DataView(entry.buffer).setUint32(42, start - base, true);
  const list = [...others, entry];
  const end = Uint8Array.from(packed.subarray(packed.length - endSize));
  const view = new DataView(end.buffer);
  view.setUint16(8, list.length, true);
  view.setUint16(10, list.length, true);
  view.setUint32(12, list.reduce((sum, item) => sum + item.length, 0), true);
  view.setUint32(16, start + own.directory - base, true);
  return [bytes.subarray(0, start), packed.subarray(0, own.directory), ...list, end];
}
