import type { Distortion } from './distortion.ts';

/** Adds N(0, σ²) to every value in [0, 1]; the picture stays one of 8 bits, so values are rounded and clipped. */
export const gaussianNoise: Distortion = {
  name: 'gaussian-noise',
  title: 'Gaussian noise',
  description: 'Adds a little random noise to every pixel.',
  strength: { default: 0.04, minimum: 0, maximum: 1, whole: false, unit: 'σ in [0, 1]', sweep: [0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.2] },
  apply(picture, strength, random) {
    const { width, height, data } = picture;
    const sigma = strength * 255;
    // A clamped array rounds and clips by itself.
    const noisy = new Uint8ClampedArray(data.length);
    for (let i = 0; i < noisy.length; i++) noisy[i] = data[i]! + random.normal() * sigma;
    return { width, height, data: new Uint8Array(noisy.buffer) };
  },
};
