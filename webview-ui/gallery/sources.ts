import type { DistortionSpec, Evaluation } from '../../src/engine/results.ts';
import type { PanelState } from '../../src/protocol.ts';
import { isWhole } from '../messages.ts';
import { strings } from '../strings.ts';

/** An evaluation whose pairs can be shown. */
export interface GallerySource {
  run: string;
  name: string;
  distortions: DistortionSpec[];
  /** Which pairs the run kept: "all" or a rule. */
  kept: string;
  images: string;
}

/** The parts of a stabilization, each an evaluation in a folder of that name. */
export const PARTS = ['before', 'control', 'after'] as const;

const sourceOf = (run: string, name: string, evaluation: Evaluation): GallerySource => ({
  run, name, distortions: evaluation.distortions.map(({ name: distortion, strength }) => ({ name: distortion, strength })), kept: evaluation.method.pairs, images: evaluation.method.images,
});

/** The evaluations whose pairs can be shown: of the run on screen, or of the two runs compared. */
export function gallerySources({ run, result, comparison }: PanelState): GallerySource[] {
  const sources: GallerySource[] = [];
  if (run !== null && result && isWhole(result)) {
    if (result.kind === 'evaluation') sources.push(sourceOf(run, strings.kinds.evaluation, result));
    else if (result.kind === 'stabilization') for (const part of PARTS) sources.push(sourceOf(`${run}/${part}`, strings.gallery.parts[part], result[part]));
  }
  for (const side of comparison ? (['a', 'b'] as const) : []) {
    if (!comparison || sources.some((source) => source.run === comparison[side].run)) continue;
    const distortions = comparison.distortions.map(({ name, strength }) => ({ name, strength }));
    sources.push({ run: comparison[side].run, name: `${strings.compareView[side]}: ${comparison[side].run}`, distortions, kept: 'all', images: '' });
  }
  return sources;
}
