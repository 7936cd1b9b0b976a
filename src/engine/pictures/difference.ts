import type { Picture } from './picture.ts';

/** The picture of `min(1, amplification · |A − B|)`. Both pictures must have the same size. */
export function differencePicture(a: Picture, b: Picture, amplification: number): Picture {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(`pictures differ in size: ${a.width} × ${a.height} and ${b.width} × ${b.height}`);
  }
  const data = new Uint8ClampedArray(a.data.length);
  for (let i = 0; i < data.length; i++) data[i] = amplification * Math.abs(a.data[i]! - b.data[i]!);
  return { width: a.width, height: a.height, data: new Uint8Array(data.buffer) };
}
