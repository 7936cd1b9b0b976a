import { resizePicture } from '../pictures/resize.ts';
import type { Size } from '../pictures/picture.ts';
import type { Distortion } from './distortion.ts';

/**
 * Shrinks the picture to an area of A pixels, keeping its proportions, with the bicubic kernel that Pillow's `thumbnail`
 * uses. A picture that is no larger stays as it is.
 */
export const thumbnail: Distortion = {
  name: 'thumbnail',
  title: 'Thumbnail',
  description: 'Shrinks the picture to a thumbnail of so many pixels.',
  strength: {
    default: 1000, minimum: 1, maximum: 100_000_000, whole: true, unit: 'pixels', sweep: [10000, 5000, 2500, 1000, 500, 250],
  },
  apply: (picture, strength) => resizePicture(picture, thumbnailSize(picture, strength), 'stretch', 'bicubic'),
};

/** The whole size that is nearest to `area` with the proportions of `size`, at least 1×1 and never larger than `size`. */
export function thumbnailSize(size: Size, area: number): Size {
  const { width, height } = size;
  if (width * height <= area) return { width, height };
  const scale = Math.sqrt(area / (width * height));
  // Of a strip, the short side cannot go below one pixel, so the long side alone gives the area.
  if (width * scale < 1) return { width: 1, height: Math.min(height, area) };
  if (height * scale < 1) return { width: Math.min(width, area), height: 1 };
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
