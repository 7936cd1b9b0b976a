import * as v from 'valibot';
import type { InputSize } from '../inputSize.ts';
import type { Interpolation, ResizeMode } from '../results.ts';
import type { Companion } from './companion.ts';
import { cropTo } from './cropTo.ts';
import { parsedAs } from './parsedAs.ts';

const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16_384));
const size = v.union([side, v.object({ height: side, width: side }), v.object({ shortest_edge: side })]);
const channel = v.array(v.pipe(v.number(), v.finite()));

/** As Transformers writes it (https://huggingface.co/docs/transformers/main_classes/image_processor). */
const schema = v.object({
  do_resize: v.optional(v.boolean()),
  size: v.nullish(size),
  resample: v.nullish(v.number()),
  do_center_crop: v.nullish(v.boolean()),
  crop_size: v.nullish(size),
  crop_pct: v.nullish(v.number()),
  do_rescale: v.nullish(v.boolean()),
  rescale_factor: v.nullish(v.number()),
  rescale_offset: v.nullish(v.boolean()),
  do_normalize: v.optional(v.boolean()),
  image_mean: v.nullish(channel),
  image_std: v.nullish(channel),
  do_flip_channel_order: v.nullish(v.boolean()),
});
type ImageProcessor = v.InferOutput<typeof schema>;

/** By Pillow's numbers. */
const interpolations: Partial<Record<number, Interpolation>> = { 0: 'nearest', 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };

/** `preprocessor_config.json` of Transformers, which Optimum copies beside the ONNX files that it exports. */
export const imageProcessor: Companion = {
  file: 'preprocessor_config.json',
  read: (text) => {
    const config = parsedAs(schema, text);
    if (!config || (config.image_mean == null && config.do_rescale == null && config.size == null)) return null;
    const range = rangeOf(config);
    const normalizes = config.do_normalize !== false && config.image_mean != null && config.image_std != null;
    const interpolation = interpolations[config.resample ?? -1];
    const input = sizeOf(config);
    return {
      preprocessing: {
        ...(range && { range, mean: normalizes ? config.image_mean! : null, std: normalizes ? config.image_std! : null }),
        ...(interpolation && { interpolation }),
        resize: resizeOf(config),
        channels: config.do_flip_channel_order === true ? 'bgr' : 'rgb',
      },
      ...(input && { size: input }),
    };
  },
};

/** What pixels become before they are normalised; undefined where that is none of the usual ranges. */
function rangeOf({ do_rescale, rescale_factor, rescale_offset }: ImageProcessor): '0-255' | '0-1' | '-1-1' | undefined {
  if (do_rescale === false) return '0-255';
  const white = Math.round(255 * (rescale_factor ?? 1 / 255));
  if (white === 1 && rescale_offset !== true) return '0-1';
  return white === 2 && rescale_offset === true ? '-1-1' : undefined;
}

/** Whether the shorter side decides and the longer one is cut, and how much of the rest is cut after that. */
function resizeOf({ do_center_crop, crop_size, size: resized, crop_pct }: ImageProcessor): ResizeMode {
  const before = shorterSide(resized);
  const after = do_center_crop === true ? shorterSide(crop_size) : null;
  if (before !== null && after !== null) return cropTo(after / before);
  // ConvNeXt's are cut where they are smaller than 384 pixels.
  if (crop_pct != null) return before !== null && before >= 384 ? 'stretch' : cropTo(crop_pct);
  return do_center_crop === true || (typeof resized === 'object' && resized !== null && 'shortest_edge' in resized) ? 'crop' : 'stretch';
}

function shorterSide(given: ImageProcessor['size']): number | null {
  if (given == null) return null;
  if (typeof given === 'number') return given;
  return 'shortest_edge' in given ? given.shortest_edge : Math.min(given.height, given.width);
}

function sizeOf({ do_center_crop, crop_size, size: resized }: ImageProcessor): InputSize | undefined {
  const given = (do_center_crop === true ? crop_size : null) ?? resized;
  if (given == null) return undefined;
  if (typeof given === 'number') return { width: given, height: given };
  return 'shortest_edge' in given ? { width: given.shortest_edge, height: given.shortest_edge } : given;
}
