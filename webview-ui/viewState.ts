/** What the panel keeps over being hidden and shown again: the view, the gallery's sort, filters and place. */
import type { DistortionSpec } from '../src/engine/results.ts';
import type { PairSort, PanelView } from '../src/protocol.ts';

/** What the gallery shows and where it stands. */
export interface GalleryState {
  /** Folder of the evaluation whose pairs are shown; null for the first one there is. */
  run: string | null;
  sort: PairSort;
  ascending: boolean;
  distortion: DistortionSpec | null;
  changed: boolean | null;
  amplification: number;
  /** First row on screen, from 0, with a fraction for a row that is half out of sight. */
  firstRow: number;
}

/** What the overview shows. */
export interface OverviewState {
  measure: 'labelInstability' | 'featureDistance' | 'precisionAt1';
}

/** The whole kept state. `hostView` is the view that the host asked for last, so that only a new wish moves the panel. */
export interface ViewState {
  view: PanelView;
  hostView: PanelView | null;
  /** The run that the gallery's state is about. */
  run: string | null;
  /** Which comparison is shown where there are two. */
  comparing: 'runs' | 'stabilization';
  overview: OverviewState;
  gallery: GalleryState;
}

/** What is needed of `acquireVsCodeApi()` to keep a state. */
export interface StateStore {
  getState(): unknown;
  setState(state: ViewState): unknown;
}

/** What of the gallery's state chooses pairs, with nothing chosen. */
export const unfiltered = { run: null, distortion: null, changed: null, firstRow: 0 } satisfies Partial<GalleryState>;

const initialGallery: GalleryState = { ...unfiltered, sort: 'featureDistance', ascending: false, amplification: 8 };

/** The kept state, completed where an older version of the panel left it. */
export function readViewState(store: StateStore): ViewState {
  const kept = (store.getState() ?? {}) as Partial<ViewState>;
  return { view: kept.view ?? 'overview', hostView: kept.hostView ?? null, run: kept.run ?? null, comparing: kept.comparing ?? 'runs', overview: { measure: 'labelInstability', ...kept.overview }, gallery: { ...initialGallery, ...kept.gallery } };
}
