import { UserError } from '../job.ts';
import type { Picture } from '../pictures/picture.ts';
import { randomSource } from '../random.ts';
import type { DistortionSpec } from '../results.ts';
import { crop } from './crop.ts';
import type { Distortion } from './distortion.ts';
import { gaussianNoise } from './gaussianNoise.ts';
import { jpeg } from './jpeg.ts';
import { thumbnail } from './thumbnail.ts';

/** Every distortion, sorted by name. */
export const distortions: readonly Distortion[] = [crop, gaussianNoise, jpeg, thumbnail];

/** What is evaluated where nothing else is asked for. */
export const defaultDistortions: readonly DistortionSpec[] = [jpeg, thumbnail, crop, gaussianNoise].map(({ name, strength }) => ({
  name,
  strength: strength.default,
}));

/** The distortion of a name. @throws UserError where there is none */
export function findDistortion(name: string): Distortion {
  const found = distortions.find((distortion) => distortion.name === name);
  if (!found) throw new UserError(`unknown distortion: ${name} (known: ${distortions.map((each) => each.name).join(', ')})`);
  return found;
}

/** Reads `jpeg:50`, or `jpeg` for its default strength. @throws UserError for an unknown name or a strength out of range */
export function parseDistortion(text: string): DistortionSpec {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const distortion = findDistortion(name);
  if (colon < 0) return { name, strength: distortion.strength.default };
  const digits = text.slice(colon + 1).trim();
  const strength = digits === '' ? Number.NaN : Number(digits);
  if (Number.isNaN(strength)) throw new UserError(`the strength of ${name} is not a number: "${digits}"`);
  return checkDistortion({ name, strength });
}

/** Gives the spec back. @throws UserError for an unknown name or a strength that the distortion does not take */
function checkDistortion(spec: DistortionSpec): DistortionSpec {
  const { minimum, maximum, whole } = findDistortion(spec.name).strength;
  const { name, strength } = spec;
  if (!(strength >= minimum && strength <= maximum)) {
    throw new UserError(`the strength of ${name} must be from ${minimum} to ${maximum}, not ${strength}`);
  }
  if (whole && !Number.isInteger(strength)) throw new UserError(`the strength of ${name} must be a whole number, not ${strength}`);
  return spec;
}

/** `jpeg:50`, which `parseDistortion` reads. */
export function formatDistortion(spec: DistortionSpec): string {
  return `${spec.name}:${spec.strength}`;
}

/**
 * Distorts a picture. What is random depends on the run's seed, the picture's path, the distortion and its strength, and on
 * nothing else, so that a run gives the same pixels in whatever order and number of processes it is made.
 */
export async function distort(picture: Picture, spec: DistortionSpec, seed: number, path: string): Promise<Picture> {
  const { name, strength } = checkDistortion(spec);
  return findDistortion(name).apply(picture, strength, randomSource(seed, path, name, strength));
}
