import type { Comparison, DistortionSpec, Evaluation, Stabilization } from '../../src/engine/results.ts';
import type { PanelState } from '../../src/protocol.ts';
import { baseName } from '../format.ts';
import { isWhole } from '../messages.ts';
import { strings } from '../strings.ts';

/** An evaluation whose pairs can be shown. */
export interface GallerySource {
  run: string;
  name: string;
  distortions: DistortionSpec[];
  /** Which pairs the run kept: "all" or a rule. */
  kept: string;
  /** Folder of the pictures; empty where it is not known. */
  images: string;
  classNames: string[];
  /** Evaluations of the same pictures beside which pairs can be newly stable or newly broken. */
  against: { run: string; name: string }[];
}

/** The parts of a stabilization, each an evaluation in a folder of that name. */
export const PARTS = ['before', 'control', 'after'] as const;

const sourceOf = (run: string, name: string, evaluation: Evaluation): GallerySource => ({
  run, name, kept: evaluation.method.pairs, images: evaluation.method.images, classNames: evaluation.method.classNames ?? [], against: [],
  distortions: evaluation.distortions.map(({ name: distortion, strength }) => ({ name: distortion, strength })),
});

/** The evaluations whose pairs can be shown: of the run on screen, or of the two runs compared. */
export function gallerySources({ run, result, comparison }: PanelState): GallerySource[] {
  const sources: GallerySource[] = [];
  if (run !== null && result && isWhole(result)) {
    if (result.kind === 'evaluation') sources.push(sourceOf(run, strings.kinds.evaluation, result));
    else if (result.kind === 'stabilization') sources.push(...partsOf(run, result));
  }
  return comparison ? withCompared(sources, comparison) : sources;
}

function partsOf(run: string, stabilization: Stabilization): GallerySource[] {
  const [before, control, after] = PARTS.map((part) => sourceOf(`${run}/${part}`, strings.gallery.parts[part], stabilization[part])) as [GallerySource, GallerySource, GallerySource];
  return [before, { ...control, against: [before] }, { ...after, against: [before, control] }];
}

/** The two runs compared, each put beside the other. */
function withCompared(sources: GallerySource[], comparison: Comparison): GallerySource[] {
  const distortions = comparison.distortions.map(({ name, strength }) => ({ name, strength }));
  const sideOf = (side: 'a' | 'b'): GallerySource => {
    const { run } = comparison[side];
    const name = `${strings.compareView[side]}: ${baseName(run)}`;
    const known = sources.find((source) => source.run === run);
    return known ? { ...known, name } : { run, name, distortions, kept: 'all', images: '', classNames: [], against: [] };
  };
  const [a, b] = [sideOf('a'), sideOf('b')];
  const sides = [{ ...a, against: [...a.against, b] }, { ...b, against: [...b.against, a] }];
  return [...sources.filter((source) => !sides.some(({ run }) => run === source.run)), ...sides];
}
