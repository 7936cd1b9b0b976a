import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { UserError } from '../../job.ts';
import { float16ToNumber, fromBytes, sizeOf, type ElementType, type TensorData } from '../../graph/tensor.ts';
import { field, isObject, type JsonObject } from '../layers/json.ts';

/** One weight as the manifest describes it. */
export interface StoredWeight {
  name: string;
  shape: number[];
  /** Type of the values as the model sees them: `float32`, `int32`, `bool`, `complex64`. */
  type: string;
  /** Type of the bytes in the shard. */
  storedType: ElementType;
  quantization?: { scale: number; minimum: number };
  /** Where its bytes lie in those of its group. */
  offset: number;
  bytes: number;
  /** Number of its group, and its place in that group's list. */
  group: number;
  index: number;
  /** An optimizer's variable, not one of the model's. */
  optimizer: boolean;
}

/** A group of the manifest: its shards, one after the other, hold its weights, one after the other. */
export interface WeightGroup {
  /** Absolute paths, inside the model's folder. */
  shards: string[];
  /** Bytes of each shard. */
  sizes: number[];
  weights: StoredWeight[];
  bytes: number;
}

const valueBytes: Record<string, number> = { float32: 4, float16: 2, int32: 4, uint16: 2, uint8: 1, bool: 1, complex64: 8 };

/**
 * The groups of a `weightsManifest`, checked against the sizes of the shards before any of them is read.
 * Throws a `UserError` that names the shard or the weight.
 */
export async function readManifest(path: string, root: JsonObject): Promise<WeightGroup[]> {
  const manifest = field(root, 'weightsManifest');
  if (!Array.isArray(manifest)) throw new UserError(`${path} has no weights: its weightsManifest is missing`);
  const groups: WeightGroup[] = [];
  const names = new Set<string>();
  for (const [number, entry] of manifest.entries()) {
    const paths: unknown = isObject(entry) ? field(entry, 'paths') : undefined;
    const weights: unknown = isObject(entry) ? field(entry, 'weights') : undefined;
    if (!Array.isArray(paths) || !Array.isArray(weights)) throw new UserError(`${path}: group ${number + 1} of the weightsManifest has no paths or no weights`);
    const group: WeightGroup = { shards: [], sizes: [], weights: [], bytes: 0 };
    for (const [index, weight] of weights.entries()) {
      const stored = readWeight(path, weight, { group: number, index, offset: group.bytes });
      if (names.has(stored.name)) throw new UserError(`${path}: weight ${stored.name} stands twice in the weightsManifest`);
      names.add(stored.name);
      group.weights.push(stored);
      group.bytes += stored.bytes;
    }
    for (const shard of paths) {
      const file = await shardPath(path, shard);
      group.shards.push(file);
      group.sizes.push((await stat(file)).size);
    }
    const total = group.sizes.reduce((sum, size) => sum + size, 0);
    if (total !== group.bytes) {
      const [first, ...others] = group.shards.map((file) => basename(file));
      throw new UserError(others.length > 0
        ? `${path}: ${[first, ...others].join(', ')} hold ${total} bytes, their weights need ${group.bytes}`
        : `${path}: ${first ?? `group ${number + 1} of the weightsManifest`} holds ${total} bytes, its weights need ${group.bytes}`);
    }
    groups.push(group);
  }
  return groups;
}

function readWeight(path: string, entry: unknown, place: Pick<StoredWeight, 'group' | 'index' | 'offset'>): StoredWeight {
  const name = isObject(entry) ? field(entry, 'name') : undefined;
  if (!isObject(entry) || typeof name !== 'string') throw new UserError(`${path}: a weight of the weightsManifest has no name`);
  const shape = field(entry, 'shape');
  if (!isShape(shape)) throw new UserError(`${path}: weight ${name} has the shape ${JSON.stringify(shape)}`);
  const type = field(entry, 'dtype');
  const quantization = field(entry, 'quantization');
  const stored = isObject(quantization) ? field(quantization, 'dtype') : type;
  const perValue = typeof stored === 'string' && Object.hasOwn(valueBytes, stored) ? valueBytes[stored]! : undefined;
  if (typeof type !== 'string' || perValue === undefined) throw new UserError(`${path}: weight ${name} has the type ${String(stored)}, which is not supported`);
  const weight: StoredWeight = {
    ...place, name, shape, type, bytes: sizeOf(shape) * perValue, optimizer: field(entry, 'group') === 'optimizer',
    storedType: (stored === 'complex64' ? 'float32' : stored) as ElementType,
  };
  if (isObject(quantization) && stored !== 'float16') {
    const scale = field(quantization, 'scale');
    const minimum = field(quantization, 'min');
    if (typeof scale !== 'number' || typeof minimum !== 'number') throw new UserError(`${path}: weight ${name} is quantised without a scale and a min`);
    weight.quantization = { scale, minimum };
  }
  return weight;
}

function isShape(shape: unknown): shape is number[] {
  return Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && Number.isSafeInteger(sizeOf(shape as number[]) * 8);
}

async function shardPath(path: string, shard: unknown): Promise<string> {
  if (typeof shard !== 'string') throw new UserError(`${path}: a path of the weightsManifest is not text`);
  const folder = await realpath(dirname(path));
  const named = resolve(folder, shard);
  if (shard.includes('\0') || isAbsolute(shard) || outside(folder, named)) throw outsideError(path, shard);
  let file: string;
  try {
    file = await realpath(named);
  } catch (error) {
    throw new UserError(`${path}: the weight file ${shard} is missing`, { cause: error });
  }
  if (outside(folder, file)) throw outsideError(path, shard);
  if (!(await stat(file)).isFile()) throw new UserError(`${path}: the weight file ${shard} is not a file`);
  return file;
}

function outside(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way === '' || way.startsWith('..') || isAbsolute(way);
}

function outsideError(path: string, shard: string): UserError {
  return new UserError(`${path}: the weight file lies outside the model's folder: ${shard}`);
}

/** The bytes of a group's shards in a row. Its size was checked against the manifest when that was read. */
export async function readGroup(group: WeightGroup): Promise<Uint8Array> {
  const bytes = new Uint8Array(group.bytes);
  let offset = 0;
  for (const [index, shard] of group.shards.entries()) {
    const content = await readFile(shard);
    if (content.length !== group.sizes[index]) throw new UserError(`${shard} changed while it was read`);
    bytes.set(content, offset);
    offset += content.length;
  }
  return bytes;
}

/** The shard that holds a weight's first byte. */
export function shardOf(group: WeightGroup, weight: StoredWeight): string {
  let end = 0;
  for (const [index, shard] of group.shards.entries()) {
    end += group.sizes[index]!;
    if (weight.offset < end) return shard;
  }
  return group.shards.at(-1) ?? '';
}

/** A weight's values as 32-bit floats, in the order in which they are stored. */
export function storedValues(bytes: Uint8Array, weight: StoredWeight): Float32Array {
  const data = fromBytes(weight.storedType, bytes.subarray(weight.offset, weight.offset + weight.bytes));
  if (data instanceof Float32Array) return data;
  const stored = data as Exclude<TensorData, BigInt64Array | BigUint64Array>;
  const { scale, minimum } = weight.quantization ?? { scale: 1, minimum: 0 };
  const half = weight.storedType === 'float16';
  // A loop, because `Float32Array.from` with a function takes twenty times as long.
  const values = new Float32Array(stored.length);
  for (let index = 0; index < values.length; index++) values[index] = half ? float16ToNumber(stored[index]!) : stored[index]! * scale + minimum;
  return values;
}
