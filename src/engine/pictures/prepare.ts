import { distort } from '../distortions/index.ts';
import { pixelDifference } from '../measures/pixelDifference.ts';
import { randomSource } from '../random.ts';
import type { DistortionSpec, Preprocessing } from '../results.ts';
import { decodePicture, PictureError } from './decode.ts';
import type { Picture, Size } from './picture.ts';
import { resizePicture } from './resize.ts';
import { tensorLength, toNoisyTensor, toTensor, type TensorLayout } from './tensor.ts';

/** What the model is to see of a picture: as it is, distorted, or with the noise of a training draw. */
export type Version =
  | { kind: 'clean' }
  | { kind: 'distorted'; distortion: DistortionSpec }
  | { kind: 'noisy'; sigma: number; draw: number };

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
      /** Mean |A − B| against the clean picture at the model's input size, in [0, 1], a version each; 0 for noise. */
      pixelDifferences: number[];
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
  const length = tensorLength(clean, preprocessing.channels);
  const tensor = memory ?? new Float32Array(length * settings.versions.length);
  // Distortions encode and decode outside of this thread: all of them at once.
  const pixelDifferences = await Promise.all(settings.versions.map(async (version, index) => {
    const offset = index * length;
    if (version.kind === 'noisy') {
      const random = randomSource(seed, source.path, 'training noise', version.sigma, version.draw);
      toNoisyTensor(clean, version.sigma, random, tensor, offset, layout, preprocessing);
      return 0;
    }
    const shown = version.kind === 'clean' ? clean : resized(await distort(picture, version.distortion, seed, source.path));
    toTensor(shown, tensor, offset, layout, preprocessing);
    return version.kind === 'clean' ? 0 : pixelDifference(clean, shown);
  }));
  return { ok: true, tensor, pixelDifferences };
}
