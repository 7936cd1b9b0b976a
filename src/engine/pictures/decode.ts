import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../job.ts';
import type { Picture } from './picture.ts';
import { sharp } from './sharp.ts';

/** Pictures with more pixels than this are refused before memory is taken for them (300 MB of pixels). */
const maximumPixels = 100_000_000;

/** The longest side of a JPEG, and enough for any photograph; a longer one would make scaling take memory out of proportion. */
const longestSide = 65_535;

/** Files up to this many bytes are read whole, a fifth faster than by the decoder piece by piece. */
const readWhole = 64e6;

/** A picture that cannot be read. `reason` is the message without the file, for lists that name the file themselves. */
export class PictureError extends UserError {
  override name = 'PictureError';
  readonly reason: string;
  constructor(file: string | null, reason: string, cause: unknown) {
    super(file === null ? reason : `${file}: ${reason}`, { cause });
    this.reason = reason;
  }
}

/**
 * Reads a picture from a file or from an encoded file's bytes: JPEG, PNG, WebP, AVIF, TIFF and GIF (its first frame), turned
 * upright by its EXIF orientation. Grey becomes RGB, CMYK becomes sRGB, 16 bits become 8 by dropping the lower ones.
 *
 * Transparency is dropped, not blended, and colour profiles of RGB pictures are not applied: this is what Pillow's
 * `convert('RGB')` and TensorFlow's decoders do, so a model sees the pixels that it was trained on.
 *
 * @throws PictureError with a reason of a few words
 */
export async function decodePicture(source: string | Uint8Array): Promise<Picture> {
  try {
    const { data, info } = await sharp(typeof source === 'string' ? await whole(source) : source, {
      // Like other decoders: what is damaged fails, what merely has odd bytes behind its end does not.
      failOn: 'error',
      ignoreIcc: true,
      limitInputPixels: maximumPixels,
      pages: 1,
    })
      .autoOrient()
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (Math.max(width, height) > longestSide) throw new Error(`a side of more than ${longestSide} pixels`);
    return { width, height, data: channels === 3 ? data : spreadGray(data, channels, width * height) };
  } catch (error) {
    throw new PictureError(typeof source === 'string' ? source : null, reasonOf(error), error);
  }
}

/** The bytes of a file, or its path where it is large. */
async function whole(path: string): Promise<string | Uint8Array> {
  return (await stat(path)).size > readWhole ? path : readFile(path);
}

/** RGB from the first of `channels` grey channels. */
function spreadGray(data: Uint8Array, channels: number, pixels: number): Uint8Array {
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) rgb.fill(data[i * channels]!, i * 3, i * 3 + 3);
  return rgb;
}

/** What libvips says, in the words of this program. */
const reasons: [pattern: RegExp, reason: string][] = [
  [/side of more/, `has a side of more than ${longestSide} pixels`],
  [/missing|ENOENT|ENOTDIR/i, 'there is no such file'],
  [/permission denied|EACCES/i, 'the file may not be read'],
  [/pixel limit|too large|exceeds.*limit/i, `has more than ${maximumPixels / 1e6} million pixels`],
  [/premature end|truncated|unexpected end|end of (stream|file|image)|not enough data|out of data|read error/i, 'the picture is cut short'],
  [/unsupported image format|empty/i, 'not a picture that can be read'],
];

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, reason] of reasons) if (pattern.test(message)) return reason;
  return `the picture is damaged (${message.trim().split('\n')[0]!})`;
}
