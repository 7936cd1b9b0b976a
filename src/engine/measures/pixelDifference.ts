import type { Picture } from '../pictures/picture.ts';

/** Mean of |A − B| over all values, in [0, 1]. Both pictures must have the same size: that of the model's input. */
export function pixelDifference(a: Picture, b: Picture): number {
  requireSameSize(a, b);
  const { data: left } = a;
  const { data: right } = b;
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += Math.abs(left[i]! - right[i]!);
  return sum / (255 * left.length);
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
