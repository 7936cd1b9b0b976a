import { kernels, layOut, read, write } from '../kernels/kernels.ts';
import type { Distortion } from './distortion.ts';

/** Adds N(0, σ²) to every value in [0, 1]; the picture stays one of 8 bits, so values are rounded and clipped. */
export const gaussianNoise: Distortion = {
  name: 'gaussian-noise',
  title: 'Gaussian noise',
  description: 'Adds a little random noise to every pixel.',
  strength: { default: 0.04, minimum: 0, maximum: 1, whole: false, unit: 'σ in [0, 1]', sweep: [0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.2] },
  apply(picture, strength, random) {
    const { width, height, data } = picture;
    const noisy = new Uint8Array(data.length);
    // Noise is drawn in pieces, so that a large picture needs no noise of four times its own size in memory.
    const noise = new Float32Array(Math.min(4096, data.length));
    for (let from = 0; from < data.length; from += noise.length) {
      const end = Math.min(noise.length, data.length - from);
      random.fillNormal(noise, strength * 255);
      const [source, added, sum] = layOut(end, end * 4, end) as [number, number, number];
      write(source, data.subarray(from, from + end));
      write(added, noise.subarray(0, end));
      kernels.addNoise(source, added, sum, end);
      read(sum, noisy.subarray(from, from + end));
    }
    return { width, height, data: noisy };
  },
};
