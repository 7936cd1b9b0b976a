/** Seeded damage to files: what a disk, a network or somebody with bad intentions does to them. */
import { unzipSync, zipSync } from 'fflate';
import type { RandomSource } from '../../../src/engine/random.ts';
import { mutateJson } from './mutateJson.ts';
import { mutateFields } from './mutateFields.ts';

/** A damaged copy of a file, and what was done to it. */
export interface Damage {
  bytes: Uint8Array;
  what: string;
}

export function pick<Item>(random: RandomSource, items: readonly Item[]): Item {
  return items[random.integer(items.length)]!;
}

/** Numbers on which careless arithmetic breaks: ends of the integer types, and sizes that fit no memory. */
const extremes = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0x01000000];

/** Damages a file in one to three ways, by its kind: bytes of any file, the structure of those whose structure is known. */
export function mutate(name: string, bytes: Uint8Array, random: RandomSource): Damage {
  const steps: string[] = [];
  let damaged = bytes;
  for (let left = 1 + random.integer(3); left > 0; left--) {
    const { bytes: next, what } = mutateOnce(name, damaged, random);
    damaged = next;
    steps.push(what);
  }
  return { bytes: damaged, what: steps.join(', ') };
}

function mutateOnce(name: string, bytes: Uint8Array, random: RandomSource): Damage {
  const structured = random.uniform() < 0.7;
  if (structured && /\.json$/.test(name)) return mutateJson(bytes, random) ?? mutateBytes(bytes, random);
  if (structured && /\.(onnx|pb)$/.test(name)) return mutateFields(bytes, random) ?? mutateBytes(bytes, random);
  if (structured && /\.(keras|zip)$/.test(name)) return mutateEntry(bytes, random) ?? mutateBytes(bytes, random);
  return mutateBytes(bytes, random);
}

/** Damages one file inside of an archive, whose checksums then fit again. */
function mutateEntry(bytes: Uint8Array, random: RandomSource): Damage | null {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes);
  } catch (error) {
    // An earlier step broke the archive itself.
    if (error instanceof Error) return null;
    throw error;
  }
  const names = Object.keys(entries);
  if (names.length === 0) return null;
  const name = pick(random, names);
  if (random.integer(8) === 0) return { bytes: zipSync(Object.fromEntries(Object.entries(entries).filter(([entry]) => entry !== name)), { level: 0 }), what: `${name} removed` };
  const { bytes: inner, what } = mutateOnce(name, entries[name]!, random);
  return { bytes: zipSync({ ...entries, [name]: inner }, { level: 0 }), what: `${name}: ${what}` };
}

/** Damages bytes without knowing what they mean. */
function mutateBytes(bytes: Uint8Array, random: RandomSource): Damage {
  const size = bytes.length;
  if (size === 0) return { bytes: Uint8Array.of(random.integer(256)), what: 'a byte added' };
  const at = random.integer(size);
  const length = 1 + random.integer(Math.min(64, size - at));
  const copy = Uint8Array.from(bytes);
  switch (random.integer(6)) {
    case 0:
      copy[at]! ^= 1 << random.integer(8);
      return { bytes: copy, what: `a bit of byte ${at} flipped` };
    case 1:
      return { bytes: copy.subarray(0, at), what: `cut short at ${at}` };
    case 2:
      return { bytes: Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]), what: `${length} bytes at ${at} removed` };
    case 3:
      return { bytes: Buffer.concat([copy.subarray(0, at + length), copy.subarray(at)]), what: `${length} bytes at ${at} doubled` };
    case 4: {
      const width = pick(random, [1, 2, 4, 8]);
      const place = Math.max(0, Math.min(at - (at % width), size - width));
      const value = pick(random, extremes);
      for (let index = 0; index < Math.min(width, size); index++) copy[place + index] = index < 4 ? (value >> (8 * index)) & 0xff : value < 0 ? 0xff : 0;
      return { bytes: copy, what: `${value} as ${width} bytes at ${place}` };
    }
    default:
      for (let index = at; index < at + length; index++) copy[index] = random.integer(256);
      return { bytes: copy, what: `${length} random bytes at ${at}` };
  }
}
