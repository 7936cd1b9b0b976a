import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { randomSource } from '../src/engine/random.ts';
import type { Job } from '../src/engine/job.ts';
import { mobileNetV2 } from './mobileNetV2.ts';

/** `run.mjs` starts benches in the project's folder. */
export const benchFolder = resolve('out', 'bench');

/** A job that nobody watches. */
export const quietJob: Job = { signal: new AbortController().signal, progress: () => undefined, log: () => undefined };

/** Path of a MobileNetV2 file with that many classes, made where it is missing. */
export function benchModel(classes = 1000): string {
  mkdirSync(benchFolder, { recursive: true });
  const path = join(benchFolder, `mobilenetv2-${classes}.onnx`);
  if (!existsSync(path)) writeFileSync(path, mobileNetV2(classes));
  return path;
}

/** Folder with `count` crops of 224×224 of the example photographs in class folders by photograph, as JPEG of quality 92. */
export async function benchPictures(count: number): Promise<{ folder: string; classes: number }> {
  const source = resolve('examples', 'data', 'photographs');
  const files = readdirSync(source).filter((name) => name.endsWith('.jpg')).sort();
  const folder = join(benchFolder, `crops-${count}`);
  if (!existsSync(folder)) {
    for (let index = 0; index < count; index++) {
      const file = files[index % files.length]!;
      const image = sharp(join(source, file));
      const { width, height } = await image.metadata();
      const random = randomSource('bench crop', index);
      const target = join(folder, file.replace('.jpg', ''));
      mkdirSync(target, { recursive: true });
      const side = Math.min(224, width, height);
      await image.extract({ left: random.integer(width - side + 1), top: random.integer(height - side + 1), width: side, height: side }).resize(224, 224).jpeg({ quality: 92 }).toFile(join(target, `${index}.jpg`));
    }
  }
  return { folder, classes: files.length };
}

/** A run folder that does not exist. */
export function freshRun(name: string): string {
  const run = join(benchFolder, 'runs', name);
  rmSync(run, { recursive: true, force: true });
  return run;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
