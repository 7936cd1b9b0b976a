import { join } from 'node:path';
import { distort } from '../distortions/index.ts';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import { inputLayout } from '../preprocessing.ts';
import { decodePicture } from '../pictures/decode.ts';
import { differencePicture } from '../pictures/difference.ts';
import { encodePicture } from '../pictures/encode.ts';
import type { Picture } from '../pictures/picture.ts';
import { resizePicture } from '../pictures/resize.ts';
import type { Evaluation } from '../results.ts';
import { openPairs } from './openedPairs.ts';
import { readLines } from './pairsFile.ts';
import type { PairPictureFiles, PairPicturesRequest, SavePairRequest } from './queries.ts';
import { readRun } from './runFolder.ts';

/**
 * The two pictures of a pair and their difference, made anew from the original picture: what is random in a distortion is
 * seeded, so these are the pixels that the model saw. As WebP, in the model's input size, shrunk or enlarged to `size`.
 * Throws a `UserError` that names the picture where it is gone.
 */
export async function pairPictures({ run: folder, line, size, amplification }: PairPicturesRequest): Promise<PairPictureFiles> {
  const { a, b } = await atInputSize(folder, line);
  const scale = size / Math.max(a.width, a.height);
  const shown = { width: Math.max(1, Math.round(a.width * scale)), height: Math.max(1, Math.round(a.height * scale)) };
  // Enlarged without smoothing: the pixels are the subject.
  const encode = (picture: Picture): Promise<Uint8Array> => encodePicture(resizePicture(picture, shown, 'stretch', scale > 1 ? 'nearest' : 'bilinear'), 'webp');
  const [fileA, fileB, difference] = await Promise.all([encode(a), encode(b), encode(differencePicture(a, b, amplification))]);
  return { a: fileA, b: fileB, difference, ...shown };
}

/** White between the pictures of a saved pair, in pixels. */
const gap = 8;
/** Smaller pictures are enlarged by a whole factor until their longer side reaches this, so that a saved pair can be looked at. */
const savedSide = 256;

/** Writes a pair as one PNG: A, B and their difference side by side, pixels enlarged by a whole factor where they are few. */
export async function savePair({ run, line, amplification, file }: SavePairRequest): Promise<void> {
  const { a, b } = await atInputSize(run, line);
  const factor = Math.max(1, Math.round(savedSide / Math.max(a.width, a.height)));
  const [width, height] = [a.width * factor, a.height * factor];
  const sheet = new Uint8Array((3 * width + 2 * gap) * height * 3).fill(255);
  for (const [place, picture] of [a, b, differencePicture(a, b, amplification)].entries()) {
    const { data } = resizePicture(picture, { width, height }, 'stretch', 'nearest');
    for (let y = 0; y < height; y++) sheet.set(data.subarray(y * width * 3, (y + 1) * width * 3), (y * (3 * width + 2 * gap) + place * (width + gap)) * 3);
  }
  await writeFileAtomic(file, await encodePicture({ width: 3 * width + 2 * gap, height, data: sheet }, 'png'));
}

/** A and B of a pair as the model takes them, before the numbers of its preprocessing. */
async function atInputSize(folder: string, line: number): Promise<{ a: Picture; b: Picture }> {
  const run = await readEvaluation(folder);
  const { index } = await openPairs(folder);
  if (!Number.isInteger(line) || line < 0 || line >= index.count) throw new UserError(`the run in ${folder} has no pair ${line}`);
  const [pair] = await readLines(folder, index, [line]);
  const { preprocessing, seed, images } = run.method;
  const { width, height } = inputLayout({ name: 'input', shape: run.model.inputShape });
  const original = await decodePicture(join(images, pair!.image));
  const distorted = await distort(original, { name: pair!.distortion, strength: pair!.strength }, seed, pair!.image);
  const resized = (picture: Picture): Picture => resizePicture(picture, { width, height }, preprocessing.resize, preprocessing.interpolation);
  return { a: resized(original), b: resized(distorted) };
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
