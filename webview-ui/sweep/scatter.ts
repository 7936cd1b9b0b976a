/** Points of a search by label instability and precision; those that no other beats in both are joined by a line. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { SearchPoint } from '../../src/engine/results.ts';
import { percent } from '../format.ts';
import { strings } from '../strings.ts';

const text = strings.sweep;

export interface Scatter {
  points: readonly SearchPoint[];
  /** Indices of the Pareto front. */
  front: readonly number[];
  chosen: number;
  selected: number;
  /** Name of a point in a sentence. */
  nameOf: (index: number) => string;
  select: (index: number) => void;
}

const HEIGHT = 300;
const [top, bottom] = [28, 12];
/** Points less precise than all but this share of them stand at the lower edge: one that collapsed would press the others together. */
const outliers = 0.1;

/** A scale from a round value below the least to one above the largest, in steps of `step`. */
function ends(values: readonly number[], step: number): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const low = Math.max(0, Math.floor(least / step - 0.3) * step);
  const high = Math.min(1, Math.ceil(most / step + 0.3) * step);
  return high > low ? [low, high] : [Math.max(0, low - step), Math.min(1, low + step)];
}

const stepOf = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values) > 0.2 ? 0.1 : Math.max(...values) - Math.min(...values) > 0.04 ? 0.02 : 0.005);

/** The plot: clean precision upwards, label instability to the right, so that the best corner is the upper left. Needs `sweepStyles`. */
export function scatter({ points, front, chosen, selected, nameOf, select }: Scatter): TemplateResult {
  const known = points.flatMap((point, index) => (point.precisionAt1 === null ? [] : [{ index, x: point.labelInstability, y: point.precisionAt1 }]));
  const [left, right] = ends(known.map(({ x }) => x), stepOf(known.map(({ x }) => x)));
  const sorted = known.map(({ y }) => y).sort((a, b) => a - b);
  const least = sorted[Math.floor(outliers * sorted.length)] ?? 0;
  const inScale = known.filter(({ y, index }) => y >= least || front.includes(index)).map(({ y }) => y);
  const [low, high] = ends(inScale, stepOf(inScale));
  const isBelow = (y: number): boolean => y < low;
  const weight = (index: number): number => (index === selected ? 2 : front.includes(index) ? 1 : 0);
  const placeX = (x: number): string => `${((x - left) / (right - left) * 100).toFixed(2)}%`;
  const placeY = (y: number): number => top + (high - Math.max(low, y)) / (high - low) * (HEIGHT - top - bottom);
  const joined = known.filter(({ index }) => front.includes(index)).sort((a, b) => a.x - b.x);
  const order = known.map(({ index }) => index);
  const onKey = (event: KeyboardEvent): void => {
    const at = order.indexOf(selected);
    const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
    if (next === undefined || order[next] === undefined) return;
    event.preventDefault();
    select(order[next]);
    const list = (event.currentTarget as Element);
    requestAnimationFrame(() => list.querySelector<SVGElement>('[tabindex="0"]')?.focus());
  };
  return html`
    <div class="sweep-plot">
      <svg class="sweep-scale" width="54" height=${HEIGHT} aria-hidden="true">${[high, (high + low) / 2, low].map((value) => svg`<text x="48" y=${placeY(value) + 4} text-anchor="end">${percent(value)}</text>`)}</svg>
      <svg class="sweep-points" height=${HEIGHT} role="listbox" aria-label=${text.points} @keydown=${onKey}>
        <g aria-hidden="true">
          ${[high, (high + low) / 2, low].map((value) => svg`<line class="grid-line" x1="0" x2="100%" y1=${placeY(value)} y2=${placeY(value)}/>`)}
          ${joined.slice(1).map((point, at) => svg`<line class="front" x1=${placeX(joined[at]!.x)} y1=${placeY(joined[at]!.y)} x2=${placeX(point.x)} y2=${placeY(point.y)}/>`)}
        </g>
        ${known.toSorted((a, b) => weight(a.index) - weight(b.index)).map(({ index, x, y }) => svg`
          <svg x=${placeX(x)} y=${placeY(y)} overflow="visible" role="option" class="sweep-point ${front.includes(index) ? 'on-front' : ''} ${points[index]!.alpha === 0 ? 'is-control' : ''}" aria-selected=${index === selected ? 'true' : 'false'} tabindex=${index === selected ? 0 : -1} aria-label=${nameOf(index)} @click=${() => select(index)}>
            <title>${nameOf(index)}</title>
            <circle class="target" r="12"/>
            ${index === selected ? svg`<circle class="ring" r="10"/>` : nothing}
            ${isBelow(y) ? svg`<path class="sweep-mark" d="M-5 -4H5L0 5Z"/>` : points[index]!.alpha === 0 ? svg`<path class="sweep-mark" d="M0 -6L6 0 0 6 -6 0Z"/>` : svg`<circle class="sweep-mark" r="5"/>`}
            ${index === chosen ? svg`<text y="-14" text-anchor="middle">${text.chosen}</text>` : nothing}
          </svg>`)}
      </svg>
      <div class="ends-of-axis" aria-hidden="true"><span>${percent(left)}</span><span>${text.axis}</span><span>${percent(right)}</span></div>
    </div>
    <p class="sweep-legend">
      <span><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><circle class="sweep-mark on-front" r="5"/></svg>${text.onFront}</span>
      <span><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><circle class="sweep-mark" r="5"/></svg>${text.beaten}</span>
      ${known.some(({ y }) => isBelow(y)) ? html`<span><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><path class="sweep-mark" d="M-5 -4H5L0 5Z"/></svg>${text.below}</span>` : nothing}
      ${points.some(({ alpha }) => alpha === 0) ? html`<span><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true"><path class="sweep-mark" d="M0 -6L6 0 0 6 -6 0Z"/></svg>${text.control}</span>` : nothing}
    </p>`;
}
