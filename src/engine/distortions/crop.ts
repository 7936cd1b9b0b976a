import type { Distortion } from './distortion.ts';

/**
 * Cuts out a window that is o pixels narrower and lower than the picture, at a random place. Where a side has o pixels or
 * fewer, the window is one pixel along it.
 */
export const crop: Distortion = {
  name: 'crop',
  title: 'Crop',
  description: 'Cuts a few pixels off the borders, at a random place.',
  strength: { default: 10, minimum: 0, maximum: 10_000, whole: true, unit: 'pixels cut off', sweep: [2, 5, 10, 20, 40] },
  apply(picture, strength, random) {
    const width = Math.max(1, picture.width - strength);
    const height = Math.max(1, picture.height - strength);
    const left = random.integer(picture.width - width + 1);
    const top = random.integer(picture.height - height + 1);
    if (width === picture.width && height === picture.height) return picture;
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * picture.width + left) * 3;
      data.set(picture.data.subarray(from, from + width * 3), y * width * 3);
    }
    return { width, height, data };
  },
};
