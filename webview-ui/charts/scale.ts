/** Scales that charts share, in drawings 100 units wide. Positions are SVG attributes, never inline styles, so that the page's content policy holds. */
import { svg, type TemplateResult } from 'lit';
import type { Share } from '../../src/engine/results.ts';

/** The smallest of 0.05, 0.1, 0.2, 0.4, 0.6, 0.8 and 1 that holds all values: the end of a common scale of shares. */
export const shareScale = (values: number[]): number => [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((end) => values.every((value) => value <= end)) ?? 1;

/** The place of a value on a scale from 0 to `end`, in a drawing 100 units wide. */
export const placeAt = (value: number, end: number): string => (end > 0 ? Math.min(100, value / end * 100) : 0).toFixed(2);

/** Whiskers of an interval around row `y`, in a drawing 100 units wide. */
export const whiskers = (share: Share, end: number, y: number, cap: number): TemplateResult => {
  const low = placeAt(share.low, end);
  const high = placeAt(share.high, end);
  return svg`<path class="whisker" vector-effect="non-scaling-stroke" d="M${low} ${y}H${high}M${low} ${y - cap}V${y + cap}M${high} ${y - cap}V${y + cap}"/>`;
};

/** Where the point `index` of a curve of `length` points stands, in a drawing 100 units wide. */
export const curveX = (index: number, length: number): number => length === 1 ? 50 : 4 + index / (length - 1) * 92;
