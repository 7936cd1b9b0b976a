import type { GalleryState } from '../viewState.ts';

/** How pairs are laid out: lines of equal height with as many pairs each. */
export interface Layout {
  kind: 'wide' | 'narrow' | 'slim' | 'tiles';
  perLine: number;
  /** Height of a line in pixels; the style sheet fits its content into it. */
  height: number;
  /** Answers of a pair for which a row has room. */
  answers: number;
}

const WIDE_ROW = 132;
/** Beside an editor: facts beside the pictures, answers under them. */
const NARROW_ROW = 164;
const NARROW_BELOW = 760;
/** Pictures alone fill the width. */
const SLIM_ROW = 284;
const SLIM_BELOW = 400;
const TILE_HEIGHT = 206;
const TILE_WIDTH = 244;
const NARROW_TILE_WIDTH = 184;
/** Space beside the tiles and between them. */
const MARGIN = 16;
const GAP = 8;

/** The layout that fits into a width, in pixels. */
export function layoutOf(width: number, wanted: GalleryState['layout']): Layout {
  if (wanted === 'tiles') return { kind: 'tiles', perLine: Math.max(1, Math.floor((width - 2 * MARGIN + GAP) / ((width < NARROW_BELOW ? NARROW_TILE_WIDTH : TILE_WIDTH) + GAP))), height: TILE_HEIGHT, answers: 0 };
  if (width < SLIM_BELOW) return { kind: 'slim', perLine: 1, height: SLIM_ROW, answers: 3 };
  return width < NARROW_BELOW ? { kind: 'narrow', perLine: 1, height: NARROW_ROW, answers: 2 } : { kind: 'wide', perLine: 1, height: WIDE_ROW, answers: 4 };
}
