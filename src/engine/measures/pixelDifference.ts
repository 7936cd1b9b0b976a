import { kernels, layOut, write } from '../kernels/kernels.ts';
import type { Picture } from '../pictures/picture.ts';

/** Bytes that are compared at a time. */
const partBytes = 1 << 20;

/** Mean of |A − B| over all values, in [0, 1]. Both pictures must have the same size: that of the model's input. */
export function pixelDifference(a: Picture, b: Picture): number {
  requireSameSize(a, b);
  const [left, right] = layOut(partBytes, partBytes) as [number, number];
  let total = 0;
  for (let from = 0; from < a.data.length; from += partBytes) {
    const part = a.data.subarray(from, from + partBytes);
    write(left, part);
    write(right, b.data.subarray(from, from + partBytes));
    total += kernels.absoluteDifference(left, right, part.length);
  }
  return total / (255 * a.data.length);
}

/** Peak signal-to-noise ratio in decibels, of a peak of 255; infinite for equal pictures. */
export function peakSignalToNoise(a: Picture, b: Picture): number {
  requireSameSize(a, b);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  return 10 * Math.log10((255 * 255 * a.data.length) / sum);
}

function requireSameSize(a: Picture, b: Picture): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(`pictures differ in size: ${a.width} × ${a.height} and ${b.width} × ${b.height}`);
  }
}
