import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { openDataset } from './dataset.ts';
import { distort } from './distortions/index.ts';
import { makeFolder, writeFileAtomic } from './formats/atomicWrite.ts';
import { breathe, UserError, type Job } from './job.ts';
import { decodePicture, PictureError } from './pictures/decode.ts';
import { encodePicture } from './pictures/encode.ts';
import type { Picture } from './pictures/picture.ts';
import { ProgressMeter } from './progress.ts';
import type { DistortionSpec, SkippedImage } from './results.ts';
import { say } from './sentences.ts';

export interface DistortFolderOptions {
  images: string;
  distortion: DistortionSpec;
  /** Folder for the distorted pictures; made where it does not exist. */
  output: string;
  seed?: number;
  limit?: number;
}

export interface DistortedFolder {
  output: string;
  written: number;
  skipped: SkippedImage[];
}

/** Writes the distorted version of every picture of a folder as PNG, under the same names: the pixels that an evaluation sees. */
export async function distortFolder(options: DistortFolderOptions, job: Job): Promise<DistortedFolder> {
  const { images, distortion, output, seed = 0 } = options;
  const inside = relative(images, output);
  if (inside === '' || !(inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))) throw new UserError(`the output ${output} lies inside the picture folder ${images}`);
  const { items } = await openDataset({ images, seed, limit: options.limit });
  const meter = new ProgressMeter(job, say('distorting', { name: `${distortion.name} ${distortion.strength}` }), 'pictures', items.length);
  const skipped: SkippedImage[] = [];
  const stems = new Map<string, number>();
  for (const { path } of items) stems.set(stemOf(path), (stems.get(stemOf(path)) ?? 0) + 1);
  for (const item of items) {
    // Two pictures that differ in their endings alone keep them, or one would overwrite the other.
    const file = join(output, `${stems.get(stemOf(item.path)) === 1 ? stemOf(item.path) : item.path}.png`);
    let picture: Picture | undefined;
    try {
      picture = await decodePicture(item.absolute);
    } catch (error) {
      if (!(error instanceof PictureError)) throw error;
      skipped.push({ path: item.path, reason: error.reason });
      job.log(`skipped ${item.path}: ${error.reason}`);
    }
    if (picture) await writePicture(file, await distort(picture, distortion, seed, item.path));
    meter.advance();
    await breathe(job);
  }
  if (skipped.length === items.length) throw new UserError(`none of the ${items.length} pictures can be read: ${skipped[0]!.path}: ${skipped[0]!.reason}`);
  return { output, written: items.length - skipped.length, skipped };
}

async function writePicture(file: string, picture: Picture): Promise<void> {
  await makeFolder(dirname(file));
  await writeFileAtomic(file, await encodePicture(picture, 'png'));
}

/** A picture's path without its ending. */
function stemOf(path: string): string {
  return path.replace(/\.[^./]+$/, '');
}
