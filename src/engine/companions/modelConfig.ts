import * as v from 'valibot';
import type { Interpolation, ResizeMode } from '../results.ts';
import type { Companion, Found } from './companion.ts';
import { cropTo } from './cropTo.ts';
import { parsedAs } from './parsedAs.ts';

const channel = v.array(v.pipe(v.number(), v.finite()));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16_384));

/** What timm says of a set of weights (https://huggingface.co/docs/timm/hf_hub). */
const pretrained = v.object({
  input_size: v.optional(v.tuple([v.number(), side, side])),
  interpolation: v.optional(v.string()),
  crop_mode: v.optional(v.string()),
  crop_pct: v.nullish(v.number()),
  mean: v.optional(channel),
  std: v.optional(channel),
});

const schema = v.object({
  id2label: v.optional(v.record(v.string(), v.string())),
  label_names: v.optional(v.array(v.string())),
  pretrained_cfg: v.optional(pretrained),
});

/** How timm makes a picture fit: cut to the shape, squashed to it, or with a border. */
const resizes: Partial<Record<string, (share: number) => ResizeMode>> = { center: cropTo, squash: () => 'stretch', border: () => 'pad' };
const interpolations: Partial<Record<string, Interpolation>> = { nearest: 'nearest', bilinear: 'bilinear', bicubic: 'bicubic', lanczos: 'lanczos' };

/** `config.json` of Transformers, which names the classes, and of timm, which says how pictures are prepared too. */
export const modelConfig: Companion = {
  file: 'config.json',
  read: (text) => {
    const config = parsedAs(schema, text);
    if (!config) return null;
    const found: Found = {};
    const classNames = config.label_names ?? (config.id2label && namesByNumber(config.id2label));
    if (classNames) found.classNames = classNames;
    const { pretrained_cfg: weights } = config;
    if (weights?.mean && weights.std) {
      const interpolation = interpolations[weights.interpolation ?? ''];
      const resize = resizes[weights.crop_mode ?? 'center']?.(weights.crop_pct ?? 1);
      found.preprocessing = { range: '0-1', mean: weights.mean, std: weights.std, channels: 'rgb', ...(interpolation && { interpolation }), ...(resize && { resize }) };
      if (weights.input_size) found.size = { height: weights.input_size[1], width: weights.input_size[2] };
    }
    return found.classNames || found.preprocessing ? found : null;
  },
};

/** The names of classes 0, 1, 2 and so on; undefined where one is missing or they are no names but `LABEL_0`, as Transformers makes them up. */
function namesByNumber(labels: Record<string, string>): string[] | undefined {
  const names = Array.from({ length: Object.keys(labels).length }, (_, place) => labels[place]);
  const complete = names.every((name) => name !== undefined);
  return complete && names.some((name, place) => name !== `LABEL_${place}`) ? names : undefined;
}
