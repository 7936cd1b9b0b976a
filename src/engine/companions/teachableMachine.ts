import * as v from 'valibot';
import type { Companion } from './companion.ts';
import { parsedAs } from './parsedAs.ts';

const schema = v.object({
  packageName: v.literal('@teachablemachine/image'),
  labels: v.array(v.string()),
  grayscale: v.optional(v.boolean()),
});

/**
 * `metadata.json` beside the TensorFlow.js models of Teachable Machine, whose library cuts pictures to a square and brings their
 * pixels to −1–1 (https://github.com/googlecreativelab/teachablemachine-community).
 */
export const teachableMachine: Companion = {
  file: 'metadata.json',
  read: (text) => {
    const metadata = parsedAs(schema, text);
    if (!metadata) return null;
    return { classNames: metadata.labels, preprocessing: { resize: 'crop', range: '-1-1', mean: null, std: null, channels: metadata.grayscale === true ? 'gray' : 'rgb' } };
  },
};
