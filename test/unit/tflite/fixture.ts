import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onnxRuntime } from '../../../src/engine/engines/onnxRuntime.ts';
import type { ModelGraph } from '../../../src/engine/graph/modelGraph.ts';
import { numberToFloat16, sizeOf, toBytes } from '../../../src/engine/graph/tensor.ts';

/** What TensorFlow Lite's interpreter answers, as make_tflite.py wrote it down. */
export interface Fixture {
  what: string;
  mode: 'float' | 'float16' | 'dynamic' | 'int8' | 'uint8';
  inputShape: number[];
  /** Whether the inputs are the example digits. */
  digits: boolean;
  /** Offset, bytes, type, scale and seed of each emptied buffer. */
  fill: [number, number, 'float32' | 'float16' | 'int8', number, number][];
  /** `data` is base64 of little-endian float32; `step` is 0 for floats. */
  outputs: { shape: number[]; data: string; step: number }[];
}

const folder = resolve(import.meta.dirname, '../../fixtures/tflite');

/** Names of all fixtures. */
export const names = readdirSync(folder).filter((file) => file.endsWith('.json.gz')).map((file) => file.slice(0, -8)).sort();

export function readFixture(name: string): Fixture {
  return JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString()) as Fixture;
}

/** Numbers in [−1, 1), the same as `noise` of make_tflite.py. */
export function noise(count: number, seed: number): Float32Array {
  const offset = Math.imul(seed, 0x85ebca6b);
  return Float32Array.from({ length: count }, (_, index) => {
    let bits = (Math.imul(index, 0x9e3779b1) + offset) >>> 0;
    bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
    bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
    bits ^= bits >>> 16;
    return (bits >>> 8) / 2 ** 23 - 1;
  });
}

/** The model's file, its emptied buffers filled. */
export function modelBytes(name: string, { fill }: Fixture): Uint8Array {
  const plain = join(folder, `${name}.tflite`);
  const bytes = new Uint8Array(existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`)));
  for (const [offset, size, type, scale, seed] of fill) {
    const values = noise(type === 'float32' ? size / 4 : type === 'float16' ? size / 2 : size, seed).map((value) => value * scale);
    const stored = type === 'float32' ? values : type === 'float16' ? Uint16Array.from(values, numberToFloat16) : Int8Array.from(values, roundHalfEven);
    bytes.set(toBytes(stored), offset);
  }
  return bytes;
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The pictures that the answers are for. */
export function pictures(shape: readonly number[], seed = 100): Float32Array {
  const [count, ...rest] = shape;
  const size = sizeOf(rest);
  const result = new Float32Array(count! * size);
  for (let index = 0; index < count!; index++) {
    result.set(noise(size, seed + index).map((value) => Math.fround(value * (0.25 + 0.5 * (index % 2))) + 0.125 * ((index % 3) - 1)), index * size);
  }
  return result;
}

/** So many of the example digits of the test set, class after class, from 0 to 1: a row of the sheet a class. */
async function digits(count: number): Promise<Float32Array> {
  const sheet = resolve(import.meta.dirname, '../../../examples/data/digits-test.png');
  const { data, info } = await sharp(sheet).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  const columns = info.width / 28;
  return Float32Array.from({ length: count * 784 }, (_, index) => {
    const [picture, place] = [Math.floor(index / 784) * ((10 * columns) / count), index % 784];
    const [row, column] = [Math.floor(picture / columns) * 28 + Math.floor(place / 28), (picture % columns) * 28 + (place % 28)];
    return data[(row * info.width + column) * info.channels]! / 255;
  });
}

/** What a fixture's answers are for. */
export async function inputOf(fixture: Fixture): Promise<Float32Array> {
  return fixture.digits ? digits(fixture.inputShape[0]!) : pictures(fixture.inputShape);
}

export function decode(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}

/** A folder that is gone when the tests are. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tflite-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes bytes as a model file and returns its path. */
export function placed(directory: string, name: string, bytes: Uint8Array): string {
  const path = join(directory, `${name}.tflite`);
  writeFileSync(path, bytes);
  return path;
}

export interface Result {
  dims: readonly number[];
  data: Float32Array;
}

/** All outputs of the program's own engine for the graph that the reader made. */
export async function run(graph: ModelGraph, dims: readonly number[], data: Float32Array): Promise<Result[]> {
  const session = await onnxRuntime.load(graph.model, { threads: 1 });
  try {
    const results = await session.run({ [graph.inputs[0]!.name]: { type: 'float32', dims: [...dims], data } });
    return graph.outputs.map((output) => ({ dims: results[output.name]!.dims, data: results[output.name]!.data as Float32Array }));
  } finally {
    await session.release();
  }
}

/** The greatest difference of two arrays and its mean: in steps of integers, or where `step` is 0 relative to numbers above 1. */
export function differences(actual: Float32Array, expected: Float32Array, step: number): { worst: number; mean: number } {
  let worst = 0;
  let sum = 0;
  for (const [place, value] of expected.entries()) {
    const difference = Math.abs(actual[place]! - value) / (step > 0 ? step : Math.max(1, Math.abs(value)));
    worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
    sum += difference;
  }
  return { worst, mean: sum / expected.length };
}
