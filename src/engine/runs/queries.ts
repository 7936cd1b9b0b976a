/** What can be asked of run folders, and the answers. Types only, so that the webview can import them. */
import type { DistortionSpec, Pair, PairMeasureName, Run, RunState } from '../results.ts';

/** The measures by which pairs are sorted. */
export type PairColumn = PairMeasureName;

/** A run as a list shows it. */
export interface ListedRun {
  run: string;
  kind: Run['kind'];
  state: RunState;
  model: string;
  modelSha256: string;
  startedAt: string;
  /** Key figure in words: "7.4 % of labels change at jpeg 50". */
  summary: string;
}

/** Rows `start` (inclusive) to `end` (exclusive) of a run's pairs, filtered and sorted, largest first unless `ascending`. */
export interface PairsViewQuery {
  run: string;
  distortion?: DistortionSpec;
  changed?: boolean;
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

/** Encoded WebPs of equal size: picture A, picture B, and min(1, amplification · |A − B|). */
export interface PairPictureFiles {
  a: Uint8Array;
  b: Uint8Array;
  difference: Uint8Array;
  width: number;
  height: number;
}
