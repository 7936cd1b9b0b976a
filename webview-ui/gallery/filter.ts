import type { GalleryState } from '../viewState.ts';
import type { PairsFilter } from './pages.ts';
import type { GallerySource } from './sources.ts';

/** The query that a gallery's state comes to; what does not fit the evaluation on screen is left out. */
export function queryOf(source: GallerySource, view: GalleryState): PairsFilter {
  const { sort, ascending, changed, distance, label, search } = view;
  const distortion = distortionOf(source, view);
  const against = againstOf(source, view);
  return {
    run: source.run, sort,
    ...(ascending ? { ascending } : {}),
    ...(distortion ? { distortion } : {}),
    ...(changed === null ? {} : { changed }),
    ...(distance ? { distance } : {}),
    ...(label && label.name !== '' ? { label } : {}),
    ...(search === '' ? {} : { search }),
    ...(against ? { against } : {}),
  };
}

/** The distortion that is filtered by, where the evaluation has it. */
export function distortionOf(source: GallerySource, { distortion }: GalleryState): GalleryState['distortion'] {
  return distortion && source.distortions.some(({ name, strength }) => name === distortion.name && (distortion.strength === undefined || strength === distortion.strength)) ? distortion : null;
}

/** The run beside which pairs are newly stable or broken, where the evaluation can be put beside it. */
export function againstOf(source: GallerySource, { against }: GalleryState): GalleryState['against'] {
  return against && source.against.some(({ run }) => run === against.run) ? against : null;
}

/** Whether the filter may leave pairs out. */
export const isFiltered = (source: GallerySource, view: GalleryState): boolean =>
  view.changed !== null || view.distance !== null || (view.label !== null && view.label.name !== '') || view.search !== '' || distortionOf(source, view) !== null || againstOf(source, view) !== null;
