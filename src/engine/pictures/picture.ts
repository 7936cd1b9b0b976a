/** A picture in memory: 8-bit RGB, interleaved, rows from the top without gaps; `data.length = width · height · 3`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}
