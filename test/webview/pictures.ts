/** Generated pictures of pairs: a smooth scene, its noisy copy and their difference, as the worker sends them. */
import sharp from 'sharp';
import type { PairPictures, PairPicturesQuery } from '../../src/protocol.ts';
import { random } from './runs.ts';

const SIDE = 96;
const SCENES = 24;
const kept = new Map<string, Promise<PairPictures>>();

function scene(number: number): Uint8Array {
  const [r, g, b, turn] = [1, 2, 3, 4].map((salt) => random(number * 11 + salt)) as [number, number, number, number];
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, index) => {
    const x = Math.floor(index / 3) % SIDE / SIDE;
    const y = Math.floor(index / 3 / SIDE) / SIDE;
    const hill = y > 0.45 + 0.2 * Math.sin(x * 7 * turn + number) ? 0.35 : 0.9;
    return 255 * hill * (0.35 + 0.65 * [r, g, b][index % 3]!) * (0.7 + 0.3 * Math.cos((x - turn) * 5));
  });
}

/** The pictures of a pair; the same scene returns for every `SCENES` lines. */
export function pairPictures({ line, size, amplification }: PairPicturesQuery): Promise<PairPictures> {
  const key = `${line % SCENES} ${size} ${amplification}`;
  const known = kept.get(key) ?? make(line % SCENES, Math.min(size, SIDE * 4), amplification);
  kept.set(key, known);
  return known;
}

async function make(number: number, size: number, amplification: number): Promise<PairPictures> {
  const a = scene(number);
  const b = a.map((value, index) => Math.max(0, Math.min(255, value + 20 * (random(number * 99991 + index) - 0.5))));
  const difference = a.map((value, index) => Math.min(255, amplification * Math.abs(value - b[index]!)));
  const side = Math.min(size, SIDE);
  const encode = (pixels: Uint8Array): Promise<Buffer> => sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } }).resize(side, side).webp({ quality: 90 }).toBuffer();
  const [first, second, third] = await Promise.all([encode(a), encode(b), encode(difference)]);
  return { a: first, b: second, difference: third, width: side, height: side };
}
