import { kernels, layOut, read, write } from '../kernels/kernels.ts';
import type { ChannelOrder, PixelRange, Preprocessing } from '../results.ts';
import type { RandomSource } from '../random.ts';
import type { Picture } from './picture.ts';

/** Order of a tensor's dimensions: planes of channels (ONNX, PyTorch), or channels together (TensorFlow). */
export type TensorLayout = 'nchw' | 'nhwc';

/** What decides the values of a tensor. */
export type PixelScaling = Pick<Preprocessing, 'range' | 'mean' | 'std' | 'channels'>;

/** Values that a picture takes in a tensor: a third of them where the model sees grey. */
export function tensorLength(picture: Picture, channels: ChannelOrder): number {
  return picture.width * picture.height * (channels === 'gray' ? 1 : 3);
}

/**
 * Writes a picture of the model's input size into a tensor, from `offset` on, `tensorLength` values. Pixels are brought to
 * the range, then `(value − mean) / std`. Mean and std stand in the order red, green, blue whatever the order of the
 * channels in the tensor; a grey model has one of each. Grey is Rec. 601 luma with the rounding of Pillow's mode L.
 */
export function toTensor(picture: Picture, out: Float32Array, offset: number, layout: TensorLayout, scaling: PixelScaling): void {
  const { data } = picture;
  const pixels = picture.width * picture.height;
  const { tables } = prepared(scaling);
  if (scaling.channels === 'gray') {
    const table = tables[0]!;
    for (let i = 0, from = 0; i < pixels; i++, from += 3) out[offset + i] = table[luma(data, from)]!;
    return;
  }
  const length = pixels * 3;
  const [source, numbers, ...lookUps] = layOut(length, length * 4, ...tables.map((table) => table.byteLength)) as [number, number, number, number, number];
  write(source, data);
  tables.forEach((table, channel) => write(lookUps[channel]!, table));
  const { start, step } = places(layout, scaling.channels, pixels);
  kernels.lookUp(source, pixels, ...(lookUps), ...(start.map((place) => numbers + 4 * place) as [number, number, number]), step);
  read(numbers, out.subarray(offset, offset + length));
}

/**
 * Like `toTensor`, with noise: `x + N(0, σ²)` on every raw value x in [0, 1] that the model sees, before range, mean and std
 * and without clamping (Zheng et al., "Improving the Robustness of Deep Neural Networks via Stability Training", CVPR 2016).
 * A grey model's raw values are the grey ones, so there the noise is added after the conversion to grey. The noise of a
 * pixel depends on the source alone, not on layout, range or order of channels.
 */
export function toNoisyTensor(
  picture: Picture, sigma: number, random: Pick<RandomSource, 'fillNormal'>, out: Float32Array, offset: number, layout: TensorLayout, scaling: PixelScaling,
): void {
  const { data } = picture;
  const pixels = picture.width * picture.height;
  const { tables, slopes } = prepared(scaling);
  if (scaling.channels === 'gray') {
    const table = tables[0]!;
    const noise = new Float32Array(pixels);
    random.fillNormal(noise, slopes[0]! * sigma);
    for (let i = 0, from = 0; i < pixels; i++, from += 3) out[offset + i] = table[luma(data, from)]! + noise[i]!;
    return;
  }
  const noise = new Float32Array(pixels * 3);
  random.fillNormal(noise, sigma);
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  const [redSlope, greenSlope, blueSlope] = slopes as [number, number, number];
  const { start, step } = places(layout, scaling.channels, pixels);
  let r = offset + start[0];
  let g = offset + start[1];
  let b = offset + start[2];
  for (let from = 0; from < noise.length; from += 3, r += step, g += step, b += step) {
    out[r] = red[data[from]!]! + noise[from]! * redSlope;
    out[g] = green[data[from + 1]!]! + noise[from + 1]! * greenSlope;
    out[b] = blue[data[from + 2]!]! + noise[from + 2]! * blueSlope;
  }
}

/** Where red, green and blue of the first pixel go, and how far on those of the next pixel. */
function places(layout: TensorLayout, channels: ChannelOrder, pixels: number): { start: [number, number, number]; step: number } {
  const distance = layout === 'nchw' ? pixels : 1;
  const start: [number, number, number] = channels === 'bgr' ? [2 * distance, distance, 0] : [0, distance, 2 * distance];
  return { start, step: layout === 'nchw' ? 1 : 3 };
}

/** Rec. 601 luma in 16-bit fixed point, rounded as Pillow's mode L. */
function luma(data: Uint8Array, at: number): number {
  return (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;
}

/** Tensor value of each of the 256 pixel values, and tensor units a unit of [0, 1], for red, green, blue or for grey. */
interface Prepared {
  tables: Float32Array[];
  slopes: number[];
}

const ranges: Record<PixelRange, { low: number; width: number }> = {
  '0-1': { low: 0, width: 1 },
  '-1-1': { low: -1, width: 2 },
  '0-255': { low: 0, width: 255 },
};

const preparedScalings = new WeakMap<PixelScaling, Prepared>();

/** The tables of a scaling, made once for each object; a scaling must not be changed after its first use. */
function prepared(scaling: PixelScaling): Prepared {
  const known = preparedScalings.get(scaling);
  if (known) return known;
  const { low, width } = ranges[scaling.range];
  const made: Prepared = { tables: [], slopes: [] };
  for (let channel = 0; channel < (scaling.channels === 'gray' ? 1 : 3); channel++) {
    const mean = scaling.mean?.[channel] ?? 0;
    const std = scaling.std?.[channel] ?? 1;
    made.tables.push(Float32Array.from({ length: 256 }, (_, value) => (low + (width * value) / 255 - mean) / std));
    made.slopes.push(width / std);
  }
  preparedScalings.set(scaling, made);
  return made;
}
