import type { GalleryState } from '../viewState.ts';

/** How pairs are laid out: lines of equal height with as many pairs each. */
export interface Layout {
  kind: 'wide' | 'narrow' | 'tiles';
  perLine: number;
  /** Height of a line in pixels; the style sheet fits its content into it. */
  height: number;
}

const WIDE_ROW = 132;
const NARROW_ROW = 284;
const NARROW_BELOW = 640;
const TILE_HEIGHT = 206;
const TILE_WIDTH = 244;
/** Space beside the tiles and between them. */
const MARGIN = 16;
const GAP = 8;

/** The layout that fits into a width, in pixels. */
export function layoutOf(width: number, wanted: GalleryState['layout']): Layout {
  if (wanted === 'tiles') return { kind: 'tiles', perLine: Math.max(1, Math.floor((width - 2 * MARGIN + GAP) / (TILE_WIDTH + GAP))), height: TILE_HEIGHT };
  return width < NARROW_BELOW ? { kind: 'narrow', perLine: 1, height: NARROW_ROW } : { kind: 'wide', perLine: 1, height: WIDE_ROW };
}
