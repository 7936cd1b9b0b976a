import { distort } from '../distortions/index.ts';
import { measurePictures, type PictureMeasures } from '../measures/index.ts';
import { randomSource, type RandomSource } from '../random.ts';
import type { DistortionSpec, NoiseName, Preprocessing } from '../results.ts';
import { colouredNoise } from './colouredNoise.ts';
import { decodePicture, PictureError } from './decode.ts';
import type { Picture, Size } from './picture.ts';
import { resizePicture } from './resize.ts';
import { tensorLength, toNoisyTensor, toTensor, type TensorLayout } from './tensor.ts';

/** What the model is to see of a picture: as it is, distorted, with the noise of a training draw, or made ready in another way. */
export type Version =
  | { kind: 'clean' }
  | { kind: 'prepared'; preprocessing: Preprocessing }
  /** With `draw`, one of the distorted copies to train with; no evaluation sees the same. */
  | { kind: 'distorted'; distortion: DistortionSpec; draw?: number }
  | NoisyVersion;

/** Noise of a training draw, independent from pixel to pixel or smooth. */
export interface NoisyVersion {
  kind: 'noisy';
  noise: NoiseName;
  sigma: number;
  draw: number;
}

/** What all pictures of a job have in common. */
export interface PrepareSettings {
  seed: number;
  size: Size;
  layout: TensorLayout;
  preprocessing: Preprocessing;
  versions: readonly Version[];
}

/** Where a picture is: its identity (relative, it seeds what is random) and its file. */
export interface PictureSource {
  path: string;
  absolute: string;
}

/** A picture ready for the model, or why it is not. */
export type Prepared =
  | {
      ok: true;
      /** One model input after the other, in the order of the versions. */
      tensor: Float32Array;
      /** Against the clean picture, at the model's input size, a version each; 0 for noise. */
      pictureMeasures: PictureMeasures[];
    }
  | { ok: false; reason: string };

/**
 * Decodes a picture once and makes every version of it. A picture that cannot be read is an answer, not an error. `memory` is
 * written to, where it is given: a tensor of an earlier picture with the same settings that nobody needs any more.
 */
export async function preparePicture(source: PictureSource, settings: PrepareSettings, memory?: Float32Array): Promise<Prepared> {
  let picture: Picture;
  try {
    picture = await decodePicture(source.absolute);
  } catch (error) {
    if (error instanceof PictureError) return { ok: false, reason: error.reason };
    throw error;
  }
  const { size, layout, preprocessing, seed } = settings;
  const resized = (each: Picture): Picture => resizePicture(each, size, preprocessing.resize, preprocessing.interpolation);
  const clean = resized(picture);
  const resizes = new Map([[resizeKey(preprocessing), clean]]);
  const length = tensorLength(clean, preprocessing.channels);
  const tensor = memory ?? new Float32Array(length * settings.versions.length);
  // Distortions encode and decode outside of this thread: all of them at once.
  const pictureMeasures = await Promise.all(settings.versions.map(async (version, index) => {
    const offset = index * length;
    if (version.kind === 'prepared') {
      toTensor(resizedOnce(picture, size, version.preprocessing, resizes), tensor, offset, layout, version.preprocessing);
      return measurePictures(clean, clean);
    }
    if (version.kind === 'noisy') {
      toNoisyTensor(clean, version.sigma, trainingNoise(seed, source.path, version, size), tensor, offset, layout, preprocessing);
      return measurePictures(clean, clean);
    }
    const shown = version.kind === 'clean' ? clean : resized(await distort(picture, version.distortion, seed, version.draw === undefined ? source.path : `${source.path}, training draw ${version.draw}`));
    toTensor(shown, tensor, offset, layout, preprocessing);
    return measurePictures(clean, shown);
  }));
  return { ok: true, tensor, pictureMeasures };
}

/** What the noise of a training draw is made from: it depends on nothing but the seed, the picture's path and the draw. */
export function trainingNoise(seed: number, path: string, { noise, sigma, draw }: NoisyVersion, { width, height }: Size): Pick<RandomSource, 'fillNormal'> {
  const random = randomSource(seed, path, 'training noise', sigma, draw);
  return noise === 'coloured' ? colouredNoise(random, width, height) : random;
}

function resizeKey({ resize, interpolation }: Preprocessing): string {
  return `${resize} ${interpolation}`;
}

/** Many preparations differ in their scaling alone: a picture is resized once in each way. */
function resizedOnce(picture: Picture, size: Size, preprocessing: Preprocessing, known: Map<string, Picture>): Picture {
  const key = resizeKey(preprocessing);
  const made = known.get(key) ?? resizePicture(picture, size, preprocessing.resize, preprocessing.interpolation);
  known.set(key, made);
  return made;
}
