import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { openDataset } from './dataset.ts';
import { distort } from './distortions/index.ts';
import { writeError, writeFileAtomic } from './formats/atomicWrite.ts';
import { breathe, UserError, type Job } from './job.ts';
import { decodePicture } from './pictures/decode.ts';
import { encodePicture } from './pictures/encode.ts';
import { ProgressMeter } from './progress.ts';
import type { DistortionSpec, SkippedImage } from './results.ts';

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
  if (inside === '' || !inside.startsWith('..')) throw new UserError(`the output ${output} lies inside the picture folder ${images}`);
  const { items } = await openDataset({ images, seed, limit: options.limit });
  const meter = new ProgressMeter(job, `distorting with ${distortion.name} ${distortion.strength}`, 'pictures', items.length);
  const skipped: SkippedImage[] = [];
  for (const item of items) {
    try {
      const picture = await distort(await decodePicture(item.absolute), distortion, seed, item.path);
      const file = join(output, `${item.path.replace(/\.[^./]+$/, '')}.png`);
      await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {
        throw new WriteFailure(writeError(dirname(file), error));
      });
      const bytes = await encodePicture(picture, 'png');
      await writeFileAtomic(file, bytes).catch((error: unknown) => {
        throw new WriteFailure(error as UserError);
      });
    } catch (error) {
      if (error instanceof WriteFailure) throw error.cause;
      if (!(error instanceof UserError)) throw error;
      skipped.push({ path: item.path, reason: error.message });
      job.log(`skipped ${item.path}: ${error.message}`);
    }
    meter.advance();
    await breathe(job);
  }
  if (skipped.length === items.length) throw new UserError(`none of the ${items.length} pictures can be read: ${skipped[0]?.reason ?? ''}`);
  await stat(output);
  return { output, written: items.length - skipped.length, skipped };
}

/** Tells a file that cannot be written, which ends the job, from a picture that cannot be read, which is skipped. */
class WriteFailure extends Error {
  override readonly cause: UserError;

  constructor(cause: UserError) {
    super(cause.message);
    this.cause = cause;
  }
}
