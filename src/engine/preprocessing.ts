import * as v from 'valibot';
import type { Companions } from './companions/index.ts';
import { heightAxis, largestSide, type InputSize } from './inputSize.ts';
import { UserError } from './job.ts';
import type { PreprocessingOptions } from './options.ts';
import { resizeModePattern } from './pictures/resize.ts';
import type { TensorLayout } from './pictures/tensor.ts';
import type { Preprocessing, ResizeMode, TensorInfo } from './results.ts';

/** What a model's image input looks like. */
export interface InputLayout extends InputSize {
  layout: TensorLayout;
  channels: 1 | 3;
  /** Pictures a batch; −1 where the model leaves it open. */
  batch: number;
}

/**
 * Reads the layout of a picture from a shape of four dimensions: channels second (ONNX, PyTorch) or last (TensorFlow).
 *
 * @throws UserError where the shape is not that of a batch of pictures with one or three channels and a fixed size
 */
export function inputLayout({ name, shape }: Pick<TensorInfo, 'name' | 'shape'>): InputLayout {
  const axis = heightAxis(shape);
  const [height, width] = axis === null ? [0, 0] : shape.slice(axis) as [number, number];
  if (axis === null || [height, width].some((side) => side < 1 || side > largestSide)) {
    throw new UserError(`the model has no image input: ${name} has shape [${shape.join(', ')}]`);
  }
  return { layout: axis === 2 ? 'nchw' : 'nhwc', channels: shape[axis === 2 ? 1 : 3] as 1 | 3, width, height, batch: shape[0]! > 0 ? shape[0]! : -1 };
}

/** Key of a model's metadata under which this program keeps the preprocessing, as JSON. */
export const metadataKey = 'model-stability.preprocessing';

/** What a model says of its input, in its own words. */
export interface PreprocessingSource {
  input: Pick<TensorInfo, 'name' | 'shape'>;
  /** The file's key-value metadata. */
  metadata: Record<string, string>;
  /** What the graph itself begins with: a rescaling of pixel values, their normalisation, or neither. */
  startsWith: 'rescaling' | 'normalization' | null;
  options?: PreprocessingOptions | undefined;
  /** What a file beside the model says. */
  companion?: Companions['preprocessing'] | undefined;
}

type Scaling = Pick<Preprocessing, 'range' | 'mean' | 'std' | 'channels'>;

/**
 * Decides how a picture becomes the model's input: by the user's options, then by the model's metadata (our own key, or the
 * `Image.*` keys of the ONNX metadata for images, https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md), by a file beside
 * the model (`companions`), and else by a guess that is labelled as one:
 *
 * - a graph that begins with a scaling of its own takes pixels as they are, 0–255;
 * - channels first and a side of at least 160, as PyTorch's classifiers: 0–1 with ImageNet's mean and deviation;
 * - channels last and a side of at least 160, as Keras' mobile networks: −1–1;
 * - smaller ones, and one channel (grey): 0–1.
 *
 * Mean and deviation belong to a range: an option for one of the three takes the others from the metadata only where the
 * range is the same, and never from the guess.
 *
 * @throws UserError where an option or the metadata does not fit the input
 */
export function resolvePreprocessing({ input, metadata, startsWith, options = {}, companion }: PreprocessingSource): Preprocessing {
  const layout = inputLayout(input);
  const own = readMetadata(metadata);
  const beside = own.range || !companion ? null : fitting(companion.value, layout.channels);
  const stored = { ...own, ...beside };
  const guess = guessScaling(layout, startsWith);
  const known: Scaling = stored.range ? { mean: null, std: null, channels: guess.channels, ...stored, range: stored.range } : guess;
  const { range, mean, std, channels } = options;
  const scalingChosen = range !== undefined || mean !== undefined || std !== undefined;
  const keep = !scalingChosen || (stored.range !== undefined && (range ?? stored.range) === stored.range);
  const result: Preprocessing = {
    resize: options.resize ?? stored.resize ?? 'stretch',
    interpolation: options.interpolation ?? stored.interpolation ?? 'bilinear',
    range: range ?? (keep ? known.range : '0-1'),
    mean: mean ?? (keep ? known.mean : null),
    std: std ?? (keep ? known.std : null),
    channels: channels ?? stored.channels ?? guess.channels,
    from: scalingChosen || channels !== undefined ? 'option' : stored.range ? 'metadata' : 'guess',
  };
  if (beside && result.from === 'metadata') result.file = companion!.file;
  check(result, layout.channels, input.name);
  return result;
}

/** What a file beside the model says, as far as it can be meant for this one: values of three colours are not for grey pictures. */
function fitting(value: Stored, channels: 1 | 3): Stored {
  const { channels: order, range, mean, std, ...shape } = value;
  const scaled = range !== undefined && [mean, std].every((list) => !list || list.length === channels);
  const fits: Stored = scaled ? { ...shape, range, mean: mean ?? null, std: std ?? null } : shape;
  return order !== undefined && (order === 'gray') === (channels === 1) ? { ...fits, channels: order } : fits;
}

function guessScaling({ layout, width, height, channels }: InputLayout, startsWith: PreprocessingSource['startsWith']): Scaling {
  if (channels === 1) return { range: startsWith ? '0-255' : '0-1', mean: null, std: null, channels: 'gray' };
  if (startsWith) return { range: '0-255', mean: null, std: null, channels: 'rgb' };
  if (Math.min(width, height) < 160) return { range: '0-1', mean: null, std: null, channels: 'rgb' };
  if (layout === 'nhwc') return { range: '-1-1', mean: null, std: null, channels: 'rgb' };
  return { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'rgb' };
}

/** A way of resizing, as it stands in a file. */
export const resizeMode = v.pipe(v.string(), v.regex(resizeModePattern)) as unknown as v.GenericSchema<string, ResizeMode>;

const values = v.nullable(v.array(v.pipe(v.number(), v.finite())));
const storedPreprocessing = v.partial(
  v.object({
    resize: resizeMode,
    interpolation: v.picklist(['bilinear', 'bicubic', 'lanczos', 'nearest']),
    range: v.picklist(['0-1', '-1-1', '0-255']),
    mean: values,
    std: values,
    channels: v.picklist(['rgb', 'bgr', 'gray']),
  }),
);
type Stored = v.InferOutput<typeof storedPreprocessing>;

const bitmapFormats: Record<string, Scaling['channels']> = {
  Gray8: 'gray', Gray16: 'gray', Rgb8: 'rgb', Rgba8: 'rgb', Rgb16: 'rgb', Rgba16: 'rgb', Bgr8: 'bgr', Bgra8: 'bgr', Bgr16: 'bgr', Bgra16: 'bgr',
};
const nominalRanges: Record<string, Scaling['range']> = {
  NominalRange_0_255: '0-255', Normalized_0_1: '0-1', Normalized_1_1: '-1-1',
};

function readMetadata(metadata: Record<string, string>): Stored {
  const own = metadata[metadataKey];
  if (own !== undefined) return parseStored(own);
  const stored: Stored = {};
  const channels = bitmapFormats[metadata['Image.BitmapPixelFormat'] ?? ''];
  const range = nominalRanges[metadata['Image.NominalPixelRange'] ?? ''];
  if (channels) stored.channels = channels;
  if (range) stored.range = range;
  return stored;
}

function parseStored(text: string): Stored {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`the model's metadata ${metadataKey} is not JSON`, { cause });
  }
  const result = v.safeParse(storedPreprocessing, parsed);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new UserError(`the model's metadata ${metadataKey} cannot be used: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
}

/** The metadata value that `resolvePreprocessing` reads under `metadataKey`. */
export function storePreprocessing({ resize, interpolation, range, mean, std, channels }: Preprocessing): string {
  return JSON.stringify({ resize, interpolation, range, mean, std, channels });
}

function check({ mean, std, channels }: Preprocessing, expected: 1 | 3, input: string): void {
  if ((channels === 'gray' ? 1 : 3) !== expected) {
    throw new UserError(`channels ${channels} do not fit the model: ${input} has ${count(expected, 'channel')}`);
  }
  for (const [name, given] of [['mean', mean], ['std', std]] as const) {
    if (given && given.length !== expected) {
      throw new UserError(`${name} has ${count(given.length, 'value')}, but ${input} has ${count(expected, 'channel')}`);
    }
    if (given?.some((value) => !Number.isFinite(value))) throw new UserError(`${name} is not finite: ${given.join(', ')}`);
  }
  if (std?.some((value) => value <= 0)) throw new UserError(`std must be above 0: ${std.join(', ')}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
