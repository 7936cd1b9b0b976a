import type { Picture } from './picture.ts';
import { sharp } from './sharp.ts';

/** Formats that pictures are written in: PNG and WebP without loss (WebP for screens: differences that can hardly be seen must not come from it), JPEG small. */
export type PictureFormat = 'png' | 'webp' | 'jpeg';

/** The bytes of a picture file. */
export async function encodePicture(picture: Picture, format: PictureFormat): Promise<Uint8Array> {
  const image = rawImage(picture);
  if (format === 'png') return image.png({ compressionLevel: 6 }).toBuffer();
  if (format === 'jpeg') return image.jpeg({ quality: 90 }).toBuffer();
  return image.webp({ lossless: true, effort: 0 }).toBuffer();
}

/** A picture as sharp's input. */
export function rawImage(picture: Picture): ReturnType<typeof sharp> {
  const { width, height, data } = picture;
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
}
