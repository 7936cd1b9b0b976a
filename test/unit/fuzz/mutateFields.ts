import type { RandomSource } from '../../../src/engine/random.ts';
import { pick, type Damage } from './mutate.ts';

/** A field of a Protocol Buffers message (https://protobuf.dev/programming-guides/encoding); `content` is another message where its bytes can be read as one. */
interface Field {
  number: number;
  value: bigint | Uint8Array | Field[];
  type: 0 | 1 | 2 | 5;
}

const extremes = [0n, 1n, 2n, 7n, 127n, 255n, 1024n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 40n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

/**
 * Changes one field of a message of Protocol Buffers, at any depth: its number, its text or bytes, removed, doubled, moved.
 * What is written is a valid message again, so that the damage gets past the parser. Null where the bytes are no message.
 */
export function mutateFields(bytes: Uint8Array, random: RandomSource): Damage | null {
  const root = parse(bytes);
  if (!root || root.length === 0) return null;
  const places = placesIn(root, '');
  // Each kind of field is as likely as another: a graph has a thousand numbers for each of its names.
  const path = pick(random, [...new Set(places.map((place) => place.path))]);
  const { list, index } = pick(random, places.filter((place) => place.path === path));
  const field = list[index]!;
  const what = ((): string => {
    switch (random.integer(6)) {
      case 0:
        list.splice(index, 1);
        return 'removed';
      case 1:
        list.splice(index, 0, structuredClone(field));
        return 'doubled';
      case 2: {
        const other = random.integer(list.length);
        [list[index], list[other]] = [list[other]!, field];
        return `swapped with field ${other}`;
      }
      case 3: {
        // The value of another field of this kind: names that lead elsewhere, cycles, shapes that do not fit.
        const other = pick(random, places.filter((place) => place.path === path));
        field.value = structuredClone(other.list[other.index]!.value);
        return 'as another of its kind';
      }
      default:
        return changeValue(field, places, random);
    }
  })();
  return { bytes: Uint8Array.from(encode(root)), what: `field ${path} ${what}` };
}

function changeValue(field: Field, places: readonly { list: Field[]; index: number }[], random: RandomSource): string {
  if (typeof field.value === 'bigint') {
    field.value = pick(random, extremes);
    return `= ${field.value}`;
  }
  const others = places.map((place) => place.list[place.index]!.value).filter((value) => value instanceof Uint8Array && value.length < 200);
  if (Array.isArray(field.value)) {
    field.value = [];
    return 'emptied';
  }
  if (random.integer(2) === 0 && others.length > 0) {
    field.value = pick(random, others);
    return `= ${Buffer.from(field.value as Uint8Array).toString().slice(0, 40)}`;
  }
  const length = random.integer(field.value.length + 1);
  field.value = field.value.subarray(0, length);
  return `cut short at ${length}`;
}

function placesIn(list: Field[], path: string): { list: Field[]; index: number; path: string }[] {
  return list.flatMap((field, index) => {
    const own = `${path}/${field.number}`;
    return [{ list, index, path: own }, ...(Array.isArray(field.value) ? placesIn(field.value, own) : [])];
  });
}

function parse(bytes: Uint8Array, depth = 0): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | null => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return null;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const key = varint();
    if (key === null) return null;
    const number = Number(key >> 3n);
    const type = Number(key & 7n);
    if (number === 0 || number > 1000) return null;
    if (type === 0) {
      const value = varint();
      if (value === null) return null;
      fields.push({ number, type, value });
    } else if (type === 1 || type === 2 || type === 5) {
      const length = type === 2 ? varint() : BigInt(type === 1 ? 8 : 4);
      if (length === null || length > BigInt(bytes.length - at)) return null;
      const content = bytes.subarray(at, at += Number(length));
      // Large contents are weights, whose bytes may look like a message by chance.
      const inner = type === 2 && content.length > 1 && depth < 12 && !(depth >= 2 && content.length > 4096) && !isText(content) ? parse(content, depth + 1) : null;
      fields.push({ number, type, value: inner ?? content });
    } else {
      return null;
    }
  }
  return fields;
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function encode(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { number, type, value } of fields) {
    if (typeof value === 'bigint') {
      parts.push(varintBytes((BigInt(number) << 3n) | BigInt(type)), varintBytes(BigInt.asUintN(64, value)));
      continue;
    }
    const content = Array.isArray(value) ? encode(value) : value;
    parts.push(varintBytes((BigInt(number) << 3n) | 2n), varintBytes(BigInt(content.length)), content);
    // A fixed-width field stays one as long as its bytes fit.
    if (type !== 2 && content.length === (type === 1 ? 8 : 4)) parts.splice(-3, 3, varintBytes((BigInt(number) << 3n) | BigInt(type)), content);
  }
  return Buffer.concat(parts);
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
