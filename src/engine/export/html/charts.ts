import type { Share } from '../../results.ts';
import type { ReportWords } from '../words.ts';
import { html, type Html } from './page.ts';

const width = 150;
const height = 26;

/** A share as a bar from 0 to `end`, with its 95 % interval as a line with ends. The numbers stand beside it as text. */
export function shareBar(share: Share | null, end: number, { percent, intervalText }: ReportWords): Html {
  if (!share) return html``;
  const at = (value: number): string => ((value / end) * width).toFixed(1);
  const [low, high, middle] = [at(share.low), at(share.high), height / 2];
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${intervalText(percent(share.value), percent(share.low), percent(share.high))}">
<line class="axis" x1="0.5" x2="0.5" y1="0" y2="${height}"/><rect class="bar" x="0" y="7" width="${at(share.value)}" height="12"/>
<path class="range" fill="none" d="M${low} ${middle}H${high}M${low} ${middle - 4}V${middle + 4}M${high} ${middle - 4}V${middle + 4}"/></svg>`;
}

/** End of an axis on which all of the shares fit: the next of 5, 10, 20, 50 and 100 per cent. */
export function axisEnd(shares: readonly (Share | null)[]): number {
  const largest = Math.max(0, ...shares.map((share) => share?.high ?? 0));
  return [0.05, 0.1, 0.2, 0.5].find((end) => largest <= end) ?? 1;
}
