import { zipSync } from 'fflate';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, gunzipSync } from 'node:zlib';

/** Keras files made in tests: the layers' description from a fixture, the weights by a formula, written by libraries that the reader does not use. */

export interface Family {
  family: string;
  kerasVersion: string;
  span: [low: number, high: number];
  gain: number;
  config: Record<string, unknown>;
  weights: [path: string, shape: number[], kind: string][];
  /** Shapes of the inputs, the batch first. */
  inputs: number[][];
  outputs: { dims: number[]; data: string }[];
}

/** Numbers in [−1, 1) from a hash of their places (the finalizer of MurmurHash3); make_keras.py has the same. */
function uniform(count: number, seed: number): Float64Array {
  const numbers = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    let x = (Math.imul(place, 0x9e3779b1) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    numbers[place] = ((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return numbers;
}

const product = (dims: readonly number[]): number => dims.reduce((size, dim) => size * dim, 1);

/** Weights by their name in the layer and their path in the file. */
export function weightValues([path, shape, kind]: Family['weights'][number], gain: number): Float32Array {
  const numbers = uniform(product(shape), crc32(path));
  const fan = kind === 'depthwise_kernel' || (shape.length === 4 && shape[3] === 1) ? shape[0]! * shape[1]! : product(shape.slice(0, -1));
  const scale = gain * Math.sqrt(3 / fan);
  const value = (u: number): number => {
    if (kind.includes('kernel')) return u * scale;
    if (kind === 'gamma') return 1 + 0.2 * u;
    if (kind.endsWith('variance')) return 1 + 0.5 * u;
    return kind === 'count' ? 0 : 0.1 * u;
  };
  return Float32Array.from(numbers, value);
}

/** The pictures that the answers of a family belong to. */
export function pictures({ inputs, span: [low, high] }: Family): { dims: number[]; data: Float32Array }[] {
  return inputs.map((dims, place) => ({ dims, data: Float32Array.from(uniform(product(dims), 7 + place), (u) => low + ((high - low) * (u + 1)) / 2) }));
}

/** What Keras answered. */
export function answers({ outputs }: Pick<Family, 'outputs'>): { dims: number[]; data: Float32Array }[] {
  return outputs.map(({ dims, data }) => ({ dims, data: decoded(data) }));
}

/** The JSON of a fixture. */
export function readJson(file: string): unknown {
  const bytes = readFileSync(file);
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}

export function decoded(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}

/** A folder that is gone when the tests are. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keras-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An HDF5 file by the HDF5 library itself; `texts` are attributes of the outermost group. */
export async function hdf5(folder: string, arrays: readonly [path: string, shape: number[], values: Float32Array][], texts: Record<string, string> = {}): Promise<Uint8Array> {
  const { File, ready } = await import('h5wasm/node');
  await ready;
  const path = join(folder, `${randomUUID()}.h5`);
  const file = new File(path, 'w', { libver: ['earliest', 'v114'] });
  const groups = new Set<string>();
  for (const [name, shape, data] of arrays) {
    const parts = dirname(name).split('/').filter((part) => part !== '.');
    for (let depth = 1; depth <= parts.length; depth++) {
      const group = parts.slice(0, depth).join('/');
      if (!groups.has(group)) file.create_group(group);
      groups.add(group);
    }
    file.create_dataset({ name, data, shape });
  }
  for (const [name, text] of Object.entries(texts)) file.create_attribute(name, text);
  file.close();
  const bytes = readFileSync(path);
  rmSync(path);
  return bytes;
}

/** A `.keras` archive of a description and weights. */
export function archive(path: string, config: unknown, weights: Uint8Array, kerasVersion = '3.15.1'): string {
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  writeFileSync(path, zipSync({
    'metadata.json': text({ keras_version: kerasVersion, date_saved: '2026-11-24@00:00:00' }), 'config.json': text(config), 'model.weights.h5': weights,
  }, { level: 0 }));
  return path;
}

/** A family's network as a `.keras` file. */
export async function familyFile(folder: string, family: Family): Promise<string> {
  const weights = await hdf5(folder, family.weights.map((weight) => [weight[0], weight[1], weightValues(weight, family.gain)]));
  return archive(join(folder, `${family.family}.keras`), family.config, weights, family.kerasVersion);
}
