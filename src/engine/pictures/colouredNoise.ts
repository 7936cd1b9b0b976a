import type { RandomSource } from '../random.ts';

/** Standard deviation of the Gaussian kernel, in pixels of the model's input. */
export const correlationLength = 2;

/**
 * Smooth noise: white Gaussian noise convolved with a Gaussian kernel of standard deviation s = 2 pixels in both directions
 * and scaled so that every value has the variance that was asked for. The picture's edges are joined (the convolution is
 * circular), so that this holds at the border too. The correlation of two values d pixels apart is exp(−d²/4s²), the power
 * at frequency f in cycles a pixel proportional to exp(−4π²s²f²); channels are independent. Where white noise stands in for
 * sensor noise and rounding, this stands in for blotches: compression, shading, resampling.
 *
 * Fills arrays of `width × height` pixels, the channels of a pixel together.
 */
export function colouredNoise(random: Pick<RandomSource, 'fillNormal'>, width: number, height: number): Pick<RandomSource, 'fillNormal'> {
  return {
    fillNormal(out, sigma) {
      const channels = out.length / (width * height);
      const between = new Float32Array(out.length);
      random.fillNormal(out, sigma);
      convolve(out, between, width, channels, height, width * channels, channels);
      convolve(between, out, height, width * channels, width, channels, channels);
    },
  };
}

/** Convolves `lines` lines of `length` places, `step` apart from place to place and `lineStep` from line to line, in every channel. */
function convolve(from: Float32Array, to: Float32Array, length: number, step: number, lines: number, lineStep: number, channels: number): void {
  const kernel = circularKernel(length);
  for (let line = 0; line < lines; line++) {
    for (let channel = 0; channel < channels; channel++) {
      const start = line * lineStep + channel;
      for (let place = 0; place < length; place++) {
        let sum = 0;
        for (const [distance, weight] of kernel) {
          let at = place + distance;
          if (at >= length) at -= length;
          sum += weight * from[start + at * step]!;
        }
        to[start + place * step] = sum;
      }
    }
  }
}

/** The kernel on a circle of `length` places, as pairs of distance (from 0 to below `length`) and weight; its squares sum to 1. */
function circularKernel(length: number): [distance: number, weight: number][] {
  const weights = new Map<number, number>();
  const reach = Math.ceil(4 * correlationLength);
  for (let offset = -reach; offset <= reach; offset++) {
    const place = ((offset % length) + length) % length;
    weights.set(place, (weights.get(place) ?? 0) + Math.exp(-(offset ** 2) / (2 * correlationLength ** 2)));
  }
  const norm = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight ** 2, 0));
  return [...weights].map(([place, weight]) => [place, weight / norm]);
}
