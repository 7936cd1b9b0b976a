import type { Picture } from '../pictures/picture.ts';

/** Mean of |A − B| over all values, in [0, 1]. Both pictures must have the same size: that of the model's input. */
export function pixelDifference(a: Picture, b: Picture): number {
  requireSameSize(a, b);
  const { data: left } = a;
  const { data: right } = b;
  let total = 0;
  // Rows in 32-bit integers and three sums at once: half of the time of the plain loop, and there is one pair a distortion.
  const row = a.width * 3;
  for (let start = 0; start < left.length; start += row) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let i = start; i < start + row; i += 3) {
      red = (red + magnitude(left[i]! - right[i]!)) | 0;
      green = (green + magnitude(left[i + 1]! - right[i + 1]!)) | 0;
      blue = (blue + magnitude(left[i + 2]! - right[i + 2]!)) | 0;
    }
    total += red + green + blue;
  }
  return total / (255 * left.length);
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

/** |x| of a 32-bit integer, without a branch. */
function magnitude(x: number): number {
  const sign = x >> 31;
  return (x ^ sign) - sign;
}
