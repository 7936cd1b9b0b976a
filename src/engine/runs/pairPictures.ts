import { join } from 'node:path';
import { distort } from '../distortions/index.ts';
import { UserError } from '../job.ts';
import { inputLayout } from '../preprocessing.ts';
import { decodePicture } from '../pictures/decode.ts';
import { differencePicture } from '../pictures/difference.ts';
import { encodePicture } from '../pictures/encode.ts';
import type { Picture } from '../pictures/picture.ts';
import { resizePicture } from '../pictures/resize.ts';
import type { Evaluation } from '../results.ts';
import { readIndex, readLines } from './pairsFile.ts';
import type { PairPictureFiles, PairPicturesRequest } from './queries.ts';
import { readRun } from './runFolder.ts';

/**
 * The two pictures of a pair and their difference, made anew from the original picture: what is random in a distortion is
 * seeded, so these are the pixels that the model saw. As WebP, in the model's input size, shrunk or enlarged to `size`.
 * Throws a `UserError` that names the picture where it is gone.
 */
export async function pairPictures({ run: folder, line, size, amplification }: PairPicturesRequest): Promise<PairPictureFiles> {
  const run = await readEvaluation(folder);
  const index = await readIndex(folder);
  if (!Number.isInteger(line) || line < 0 || line >= index.count) throw new UserError(`the run in ${folder} has no pair ${line}`);
  const [pair] = await readLines(folder, index, [line]);
  const { preprocessing, seed, images } = run.method;
  const { width, height } = inputLayout({ name: 'input', shape: run.model.inputShape });
  const original = await decodePicture(join(images, pair!.image));
  const distorted = await distort(original, { name: pair!.distortion, strength: pair!.strength }, seed, pair!.image);
  const atInput = (picture: Picture): Picture => resizePicture(picture, { width, height }, preprocessing.resize, preprocessing.interpolation);
  const [a, b] = [atInput(original), atInput(distorted)];
  const scale = size / Math.max(width, height);
  const shown = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  // Enlarged without smoothing: the pixels are the subject.
  const encode = (picture: Picture): Promise<Uint8Array> => encodePicture(resizePicture(picture, shown, 'stretch', scale > 1 ? 'nearest' : 'bilinear'), 'webp');
  const [fileA, fileB, difference] = await Promise.all([encode(a), encode(b), encode(differencePicture(a, b, amplification))]);
  return { a: fileA, b: fileB, difference, ...shown };
}

let last: { folder: string; run: Promise<Evaluation> } | undefined;

async function readEvaluation(folder: string): Promise<Evaluation> {
  if (last?.folder !== folder) last = { folder, run: readRun(folder).then(onlyEvaluation) };
  try {
    return await last.run;
  } catch (error) {
    last = undefined;
    throw error;
  }
}

function onlyEvaluation(run: Awaited<ReturnType<typeof readRun>>): Evaluation {
  if (run.kind !== 'evaluation') throw new UserError(run.kind === 'sequence' ? 'a run of video frames has no pairs' : 'a stabilization has no pairs of its own: open its before, control or after');
  return run;
}
