/** What the panel keeps over being hidden and shown again: the view, the gallery's sort, filters and place. */
import type { SequenceState } from './sequence/sequenceRun.ts';
import type { SweepState } from './views/sweep.ts';
import type { PairSort, PanelView } from '../src/protocol.ts';

/** What the gallery shows and where it stands. */
export interface GalleryState extends GalleryFilter {
  /** Folder of the evaluation whose pairs are shown; null for the first one there is. */
  run: string | null;
  sort: PairSort;
  ascending: boolean;
  amplification: number;
  layout: 'rows' | 'tiles';
  /** First pair on screen, from 0, with a fraction for a row that is half out of sight. */
  firstRow: number;
}

/** What of the gallery's state chooses pairs; null and empty do not. */
export interface GalleryFilter {
  distortion: { name: string; strength?: number } | null;
  changed: boolean | null;
  distance: { from: number; to: number } | null;
  label: { name: string; as: 'any' | 'truth' | 'a' | 'b' } | null;
  search: string;
  /** Against the same pairs of another run. */
  against: { run: string; newly: 'stable' | 'broken' } | null;
}

/** What the view of feature distances shows. */
export interface DistancesState {
  /** Null for the one that suits the run. */
  threshold: number | null;
  cumulative: boolean;
  brush: { from: number; to: number } | null;
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
  distances: DistancesState;
  sequence: SequenceState;
  sweep: SweepState;
}

/** What is needed of `acquireVsCodeApi()` to keep a state. */
export interface StateStore {
  getState(): unknown;
  setState(state: ViewState): unknown;
}

/** No filter, of the first evaluation there is, from its first pair. */
export const unfiltered = { run: null, distortion: null, changed: null, distance: null, label: null, search: '', against: null, firstRow: 0 } satisfies Partial<GalleryState>;

const initialGallery: GalleryState = { ...unfiltered, sort: 'featureDistance', ascending: false, amplification: 8, layout: 'rows' };

/** The kept state, completed where an older version of the panel left it. */
export function readViewState(store: StateStore): ViewState {
  const kept = (store.getState() ?? {}) as Partial<ViewState>;
  return { view: kept.view ?? 'overview', hostView: kept.hostView ?? null, run: kept.run ?? null, comparing: kept.comparing ?? 'runs', overview: { measure: 'labelInstability', ...kept.overview }, gallery: { ...initialGallery, ...kept.gallery }, distances: { threshold: null, cumulative: false, brush: null, ...kept.distances }, sequence: { run: null, clip: 0, frame: 0, ...kept.sequence }, sweep: { run: null, point: null, measure: 'labelInstability', ...kept.sweep } };
}
