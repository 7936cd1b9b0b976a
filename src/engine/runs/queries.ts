/** What can be asked of run folders, and the answers. Types only, so that the webview can import them. */
import type { DistortionSpec, Pair, PairMeasureName, Run, RunState } from '../results.ts';

/** The measures by which pairs are sorted. */
export type PairColumn = PairMeasureName;

/** A run as a list shows it. */
export interface ListedRun {
  run: string;
  /** The name that a user gave to it. */
  name?: string;
  kind: Run['kind'];
  state: RunState;
  model: string;
  modelSha256: string;
  startedAt: string;
  /** Key figure in words: "7.4 % of labels change at jpeg 50". */
  summary: string;
  /** The distortion that changes most labels, where the run has figures: the share of them in [0, 1]. */
  worst?: DistortionSpec & { labelInstability: number };
  /** Of a stabilization: whether the new model was accepted. */
  accepted?: boolean;
}

/** Which pairs are meant; what is not given is not filtered by. */
export interface PairsFilter {
  /** Without a strength, every strength of the distortion. */
  distortion?: { name: string; strength?: number };
  changed?: boolean;
  /** Feature distances from `from` (inclusive) to `to` (exclusive). */
  distance?: { from: number; to: number };
  /** Pairs of a class: as the true one, as A's label, as B's, or any of them. Part of its name will do; the whole name comes first. */
  label?: { name: string; as: 'any' | 'truth' | 'a' | 'b' };
  /** Pictures whose path contains this, in small or capital letters. */
  search?: string;
  /**
   * Beside the same pairs of another run, which came before: those whose label changed there and no longer does (newly stable),
   * or the other way round (newly broken).
   */
  against?: { run: string; newly: 'stable' | 'broken' };
}

/** Rows `start` (inclusive) to `end` (exclusive) of a run's pairs, filtered and sorted, largest first unless `ascending`. */
export interface PairsViewQuery extends PairsFilter {
  run: string;
  sort: PairColumn;
  ascending?: boolean;
  start: number;
  end: number;
}

/** A pair with its line in `pairs.jsonl`, from 0, which is its identity in the run. */
export interface PairsViewRow extends Pair {
  line: number;
  /** Share of the run's pairs with a smaller feature distance, in [0, 1]. */
  rank: number;
  /** The same pair in the other run of `against`. */
  before?: Pick<Pair, 'labelA' | 'labelB' | 'featureDistance'>;
}

export interface PairsViewPage {
  /** Pairs that pass the filter. */
  total: number;
  /** Pairs in the run. */
  all: number;
  rows: PairsViewRow[];
  /** Largest feature distance of the run, for one scale over all rows. */
  maxFeatureDistance: number;
}

/** Which pair's pictures are wanted, and how. */
export interface PairPicturesRequest {
  run: string;
  line: number;
  /** Longest side in pixels. */
  size: number;
  /** Factor on |A − B|. */
  amplification: number;
}

/** A pair to be written to a PNG file. */
export interface SavePairRequest {
  run: string;
  line: number;
  amplification: number;
  file: string;
}

/** Encoded WebPs of equal size: picture A, picture B, and min(1, amplification · |A − B|). */
export interface PairPictureFiles {
  a: Uint8Array;
  b: Uint8Array;
  difference: Uint8Array;
  width: number;
  height: number;
}

/** A clip of a run of video frames, as numbers that are drawn. */
export interface ClipCurvesQuery {
  run: string;
  /** Index into the run's `clips`. */
  clip: number;
}

export interface ClipCurves {
  /** Probability of each of the clip's classes in each frame: `[class][frame]`. */
  probabilities: number[][];
  /** Frames of the clip, from 0, whose label differs from that of the frame before. */
  flips: number[];
}

/** Frames `start` (inclusive) to `end` (exclusive) of the run, as far as there are any. */
export interface FramesQuery {
  run: string;
  start: number;
  end: number;
}

/** The picture of a frame, at the model's input size, shrunk or enlarged so that its longest side is `size` pixels. */
export interface FramePictureRequest {
  run: string;
  frame: number;
  size: number;
}

/** A frame as WebP. */
export interface FramePictureFile {
  picture: Uint8Array;
  width: number;
  height: number;
}

/** How far features move, for runs side by side on one scale. */
export interface DistancesQuery {
  /** Folders of evaluations. */
  runs: string[];
}

/** Counts of feature distances in bins of equal width from 0 to `end`; the last bin also holds what is `end` itself. */
export interface Distances {
  end: number;
  runs: RunDistances[];
}

export interface RunDistances {
  run: string;
  distortions: DistortionDistances[];
  /** Distances of different pictures; null where the run did not keep any (it is older, or had one picture). */
  negatives: { pairs: number; sameClass: boolean; bins: number[] } | null;
}

export interface DistortionDistances extends DistortionSpec {
  pairs: number;
  bins: number[];
  /** The most duplicates that can be found at these precisions; null without negatives, or where no threshold reaches it. */
  atPrecision98: RecallAtPrecision | null;
  atPrecision995: RecallAtPrecision | null;
}

/** Pairs nearer than `threshold` count as duplicates. */
export interface RecallAtPrecision {
  threshold: number;
  recall: number;
  precision: number;
}
