import { kernels, layOut, read, write } from '../kernels/kernels.ts';
import type { Interpolation } from '../results.ts';
import type { Picture } from './picture.ts';

/** A part of a picture, in pixels from its upper left corner; fractions of pixels count with their share. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How the pixels around a place are weighted. */
type Kernel = { radius: number; weight: (distance: number) => number };

/** Bicubic is the Catmull–Rom spline (a = −1/2), Lanczos has three lobes. */
const interpolations: Record<Exclude<Interpolation, 'nearest'>, Kernel> = {
  bilinear: { radius: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { radius: 2, weight: catmullRom },
  lanczos: { radius: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function catmullRom(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Weights are whole numbers of 2⁻²², so that a sum of 255 times them stays in 32 bits and is the same on every machine. */
const precision = 22;

/**
 * Scales a part of a picture to `width` × `height`. Where it shrinks, the kernel is widened over all source pixels that fall
 * together, so that nothing aliases; `nearest` takes the pixel under each output pixel's centre. With the other kernels the
 * result is that of Pillow's `Image.resize` bit for bit (8-bit rows, then columns, with weights of 22 bits), the pixels that
 * most models have seen in training.
 */
export function resample(picture: Picture, width: number, height: number, interpolation: Interpolation, box: Box): Picture {
  if (interpolation === 'nearest') return nearest(picture, width, height, box);
  const kernel = interpolations[interpolation];
  const rows = taps(picture.height, box.top, box.bottom, height, kernel);
  const first = rows.start[0]!;
  const last = rows.start[height - 1]! + rows.count[height - 1]!;
  const sameColumns = width === picture.width && box.left === 0 && box.right === width;
  const sameRows = height === picture.height && box.top === 0 && box.bottom === height;
  let data = picture.data;
  let offset = 0;
  if (!sameColumns) {
    const columns = taps(picture.width, box.left, box.right, width, kernel);
    data = scaleRows(picture, first, last, width, columns);
    offset = first;
  }
  if (!sameRows) data = scaleColumns(data, offset, width, height, rows);
  return { width, height, data };
}

/** For each output place: the first source place, how many there are, and their weights (`stride` apart). */
interface Taps {
  start: Int32Array;
  count: Int32Array;
  weights: Int32Array;
  stride: number;
}

function taps(sourceSize: number, from: number, to: number, size: number, kernel: Kernel): Taps {
  const step = (to - from) / size;
  const widening = Math.max(1, step);
  const radius = kernel.radius * widening;
  const stride = Math.ceil(radius) * 2 + 1;
  const start = new Int32Array(size);
  const count = new Int32Array(size);
  const weights = new Int32Array(size * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < size; i++) {
    const centre = from + (i + 0.5) * step;
    const first = Math.max(0, Math.trunc(centre - radius + 0.5));
    const number = Math.min(sourceSize, Math.trunc(centre + radius + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < number; k++) sum += exact[k] = kernel.weight((first + k - centre + 0.5) / widening);
    for (let k = 0; k < number; k++) {
      const weight = (exact[k]! / sum) * 2 ** precision;
      weights[i * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    start[i] = first;
    count[i] = number;
  }
  return { start, count, weights, stride };
}

/** Bytes of a picture that are scaled at a time, so that a large one needs no second copy of itself. */
const stripBytes = 1 << 20;

/** Scales the rows `first` to `last` of a picture to `width` pixels each. */
function scaleRows(picture: Picture, first: number, last: number, width: number, { start, count, weights, stride }: Taps): Uint8Array {
  const rowBytes = picture.width * 3;
  const strip = Math.min(last - first, Math.max(1, Math.floor(stripBytes / rowBytes)));
  const out = new Uint8Array((last - first) * width * 3);
  const [source, scaled, starts, counts, factors] = layOut(strip * rowBytes, strip * width * 3, start.byteLength, count.byteLength, weights.byteLength) as [number, number, number, number, number];
  write(starts, start);
  write(counts, count);
  write(factors, weights);
  for (let y = first; y < last; y += strip) {
    const rows = Math.min(strip, last - y);
    write(source, picture.data.subarray(y * rowBytes, (y + rows) * rowBytes));
    kernels.scaleRows(source, rows, picture.width, scaled, width, starts, counts, factors, stride);
    read(scaled, out.subarray((y - first) * width * 3, (y - first + rows) * width * 3));
  }
  return out;
}

/** Scales columns; `source` begins with the row `offset` of the picture and its rows have `width` pixels. */
function scaleColumns(source: Uint8Array, offset: number, width: number, height: number, { start, count, weights, stride }: Taps): Uint8Array {
  const out = new Uint8Array(height * width * 3);
  const [from, scaled, starts, counts, factors] = layOut(source.length, out.length, start.byteLength, count.byteLength, weights.byteLength) as [number, number, number, number, number];
  write(from, source);
  write(starts, start);
  write(counts, count);
  write(factors, weights);
  kernels.scaleColumns(from, offset, width * 3, scaled, height, starts, counts, factors, stride);
  read(scaled, out);
  return out;
}

function nearest(picture: Picture, width: number, height: number, box: Box): Picture {
  const columns = places(picture.width, box.left, box.right, width);
  const rows = places(picture.height, box.top, box.bottom, height);
  const source = picture.data;
  const data = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (rows[y]! * picture.width + columns[x]!) * 3;
      data[at++] = source[from]!;
      data[at++] = source[from + 1]!;
      data[at++] = source[from + 2]!;
    }
  }
  return { width, height, data };
}

/** The source place in whose pixel each output pixel's centre falls. */
function places(sourceSize: number, from: number, to: number, size: number): Int32Array {
  const step = (to - from) / size;
  return Int32Array.from({ length: size }, (_, i) => Math.min(sourceSize - 1, Math.floor(from + (i + 0.5) * step)));
}
