/**
 * What preparing a picture costs, step by step, and how the vector kernels do beside plain loops over the same pixels, in turn
 * in one process.
 *     node bench/run.mjs pictures [rounds]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { distort } from '../src/engine/distortions/index.ts';
import { pixelDifference } from '../src/engine/measures/pixelDifference.ts';
import { decodePicture } from '../src/engine/pictures/decode.ts';
import type { Picture } from '../src/engine/pictures/picture.ts';
import { resizePicture } from '../src/engine/pictures/resize.ts';
import { toTensor, type PixelScaling } from '../src/engine/pictures/tensor.ts';
import { randomSource } from '../src/engine/random.ts';
import { benchPictures, median } from './setup.ts';

const size = { width: 224, height: 224 };
const scaling: PixelScaling = { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'rgb' };
const tensor = new Float32Array(3 * 224 * 224);

const plain = {
  difference({ data: a }: Picture, { data: b }: Picture): number {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
    return sum / (255 * a.length);
  },
  tensor({ data }: Picture, out: Float32Array): void {
    const pixels = data.length / 3;
    for (let channel = 0; channel < 3; channel++) {
      for (let i = 0; i < pixels; i++) out[channel * pixels + i] = (data[i * 3 + channel]! / 255 - scaling.mean![channel]!) / scaling.std![channel]!;
    }
  },
  noise({ width, height, data }: Picture, sigma: number): Picture {
    const random = randomSource(1);
    const noisy = new Uint8Array(data.length);
    for (let i = 0; i < data.length; i++) noisy[i] = Math.max(0, Math.min(255, Math.round(data[i]! + random.normal() * sigma * 255)));
    return { width, height, data: noisy };
  },
};

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 20);
  const { folder } = await benchPictures(200);
  const [first, second] = readdirSync(folder).map((name) => join(folder, name)).map((directory) => join(directory, readdirSync(directory)[0]!));
  const [a, b] = [await decodePicture(first!), await decodePicture(second!)];
  const thumbnail = await distort(a, { name: 'thumbnail', strength: 1000 }, 0, '');
  const steps: Record<string, () => unknown> = {
    'decode a JPEG of 224 × 224': () => decodePicture(first!),
    'jpeg:50': () => distort(a, { name: 'jpeg', strength: 50 }, 0, ''),
    'thumbnail:1000': () => distort(a, { name: 'thumbnail', strength: 1000 }, 0, ''),
    'thumbnail to the input': () => resizePicture(thumbnail, size, 'stretch', 'bilinear'),
    'gaussian-noise:0.04': () => distort(a, { name: 'gaussian-noise', strength: 0.04 }, 0, ''),
    'gaussian-noise:0.04, plain': () => plain.noise(a, 0.04),
    'tensor': () => toTensor(a, tensor, 0, 'nchw', scaling),
    'tensor, plain': () => plain.tensor(a, tensor),
    'pixel difference': () => pixelDifference(a, b),
    'pixel difference, plain': () => plain.difference(a, b),
  };
  const times = new Map(Object.keys(steps).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const begun = performance.now();
      for (let i = 0; i < 10; i++) await step();
      times.get(name)!.push((performance.now() - begun) / 10);
    }
  }
  for (const [name, values] of times) {
    const beside = times.get(`${name}, plain`);
    console.log(`${name.padEnd(30)} ${median(values).toFixed(3)} ms${beside ? `   ${(median(beside) / median(values)).toFixed(1)} times as fast as a plain loop` : ''}`);
  }
}

void main();
