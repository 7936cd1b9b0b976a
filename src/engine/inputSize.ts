import { UserError } from './job.ts';
import type { InputSizeSource, TensorInfo } from './results.ts';

/** Width and height of a model's pictures in pixels. */
export interface InputSize {
  width: number;
  height: number;
}

/** A size for a model whose file leaves it open: the user's or, where it says so, one that a file beside the model names. */
export interface AskedSize extends InputSize {
  from?: 'metadata';
}

/** What a size that a model's file leaves open was taken as. */
export interface OpenSize extends InputSize {
  /** Name of the picture input. */
  input: string;
  /** Its shape as the file declares it, −1 where it is open. */
  declared: number[];
  from: Exclude<InputSizeSource, 'file'>;
}

/** What is known of a size besides the file's shapes. */
export interface SizeChoice {
  asked?: AskedSize | undefined;
  /** The file's key-value metadata. */
  metadata: Readonly<Record<string, string>>;
  /** Sides that the file gives as an example, in the order of the input's shape; those of one pixel say nothing. */
  example?: readonly number[];
}

/** Side in pixels of the pictures for a model that takes any size and does not say which: that of most classifiers. */
const usualSide = 224;

/** No picture classifier has a larger input; a file that says so would take all the memory. */
export const largestSide = 16_384;

/** Key of a model's metadata under which this program keeps the size that a model of open size was trained for: `224x160`. */
export const inputSizeKey = 'model-stability.inputSize';

/** Where the height stands in a shape of pictures, the width behind it: 2 with channels second, 1 with channels last; null for other shapes. */
export function heightAxis(shape: readonly number[]): 1 | 2 | null {
  if (shape.length !== 4) return null;
  if (isChannels(shape[1])) return 2;
  return isChannels(shape[3]) ? 1 : null;
}

function isChannels(size: number | undefined): boolean {
  return size === 1 || size === 3;
}

/**
 * Fills the sides that a picture input leaves open: with the size that is asked for, else with what the metadata or the
 * file's example say, else with a usual one. Other shapes, and sides that are fixed, stay.
 *
 * @throws UserError that names the file where its metadata hold no size
 */
export function fixSize(path: string, { name, shape }: Pick<TensorInfo, 'name' | 'shape'>, { asked, metadata, example }: SizeChoice): { shape: number[]; openSize: OpenSize | null } {
  const axis = heightAxis(shape);
  if (axis === null || (shape[axis]! > 0 && shape[axis + 1]! > 0)) return { shape: [...shape], openSize: null };
  const known = asked ?? storedSize(path, metadata);
  const sides = known ? [known.height, known.width] : [axis, axis + 1].map((place) => exampleSide(example?.[place]) ?? usualSide);
  const exemplary = !known && [axis, axis + 1].every((place) => shape[place]! > 0 || exampleSide(example?.[place]) !== undefined);
  const fixed = shape.map((dim, place) => (dim > 0 ? dim : (sides[place - axis] ?? dim)));
  const from = asked ? (asked.from ?? 'option') : known || exemplary ? 'metadata' : 'guess';
  return { shape: fixed, openSize: { input: name, declared: [...shape], from, width: fixed[axis + 1]!, height: fixed[axis]! } };
}

/** A side that converters did not put there for want of a better one. */
function exampleSide(side: number | undefined): number | undefined {
  return side !== undefined && side > 1 && side <= largestSide ? side : undefined;
}

function storedSize(path: string, metadata: Readonly<Record<string, string>>): InputSize | undefined {
  const text = metadata[inputSizeKey];
  if (text === undefined) return undefined;
  const [width, height] = (/^(\d{1,5})x(\d{1,5})$/.exec(text)?.slice(1) ?? []).map(Number);
  if (!width || !height || Math.max(width, height) > largestSide) throw new UserError(`${path}: the metadata ${inputSizeKey} hold no width and height in pixels`);
  return { width, height };
}

/** What may help where a model cannot be used at its size: to give the right one, where it is a guess; null elsewhere. */
export function sizeAdvice(openSize: OpenSize | null): string | null {
  return openSize?.from === 'guess' ? `the size of the pictures is a guess, ${openSize.width}×${openSize.height}: --input-size gives another` : null;
}

/** Does something with a graph of open size; what is wrong with it is said with what may help. */
export function advisingSize<Result>(openSize: OpenSize | null, use: () => Result): Result {
  const advice = sizeAdvice(openSize);
  try {
    return use();
  } catch (error) {
    if (error instanceof UserError && advice !== null) throw new UserError(`${error.message} (${advice})`, { cause: error });
    throw error;
  }
}

/** The metadata that keep the size of a model whose file leaves it open; none where it does not. */
export function sizeMetadata(openSize: OpenSize | null): Record<string, string> {
  return openSize ? { [inputSizeKey]: `${openSize.width}x${openSize.height}` } : {};
}
