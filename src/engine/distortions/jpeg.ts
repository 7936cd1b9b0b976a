import { decodePicture } from '../pictures/decode.ts';
import { rawImage } from '../pictures/encode.ts';
import type { Distortion } from './distortion.ts';

/**
 * Re-encodes the picture as JPEG and decodes it. The encoder is the usual one: baseline, the standard's quantisation tables
 * scaled by the quality, colour at half the resolution (4:2:0), without the size optimisations of mozjpeg.
 */
export const jpeg: Distortion = {
  name: 'jpeg',
  title: 'JPEG',
  description: 'Saves the picture as JPEG at a lower quality.',
  strength: { default: 50, minimum: 1, maximum: 100, whole: true, unit: 'quality', sweep: [90, 75, 50, 30, 20, 10, 5] },
  async apply(picture, strength) {
    const encoded = await rawImage(picture)
      // Optimised coding tables change the file's size but no pixel, and cost a second pass.
      .jpeg({ quality: strength, chromaSubsampling: '4:2:0', progressive: false, mozjpeg: false, optimiseCoding: false })
      .toBuffer();
    return decodePicture(encoded);
  },
};
