import type { FileBytes } from './fileBytes.ts';

/** What the elements of a dataset or an attribute are. */
export interface Datatype {
  kind: 'integer' | 'float' | 'text' | 'variableText' | 'other';
  /** Bytes of one element. */
  size: number;
  bigEndian: boolean;
  signed: boolean;
  /** Bits of a float's exponent: 5 in float16, 8 in bfloat16 and float32. */
  exponentBits: number;
}

/** Reads a datatype message; what cannot be used is `other`. */
export function readDatatype(file: FileBytes, at: number): Datatype {
  const kind = file.u8(at) & 15;
  const bits = file.u8(at + 1);
  const base: Datatype = { kind: 'other', size: file.u32(at + 4), bigEndian: (bits & 1) === 1, signed: (bits & 8) !== 0, exponentBits: 0 };
  if (base.size === 0) throw file.damaged(`the elements at byte ${at} have no size`);
  switch (kind) {
    case 0: return { ...base, kind: 'integer' };
    case 1: return { ...base, kind: 'float', exponentBits: file.u8(at + 13) };
    case 3: return { ...base, kind: 'text' };
    // A truth value is an enumeration of 0 and 1, its base type behind it.
    case 8: return { ...readDatatype(file, at + 8), size: base.size };
    case 9: return { ...base, kind: (bits & 15) === 1 ? 'variableText' : 'other' };
    default: return base;
  }
}

/** The dimensions of a dataspace message. */
export function readDataspace(file: FileBytes, at: number): number[] {
  const version = file.u8(at);
  const rank = file.u8(at + 1);
  if (rank > 32) throw file.damaged(`a dataset has ${rank} axes`);
  if (version === 2 && file.u8(at + 3) === 2) return [0];
  const dims = Array.from({ length: rank }, (_, axis) => file.u64(at + (version === 1 ? 8 : 4) + 8 * axis));
  if (dims.some((dim) => dim < 0)) throw file.damaged('a dataset has no size');
  return dims;
}

/** Bytes of an array. Infinite where no number can hold them. */
export function bytesOf(dims: readonly number[], elementBytes: number): number {
  const bytes = dims.reduce((product, dim) => product * dim, elementBytes);
  return Number.isSafeInteger(bytes) ? bytes : Infinity;
}
