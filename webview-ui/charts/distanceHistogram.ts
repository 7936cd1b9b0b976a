/** Histograms, or cumulative curves, of several series on one axis, with a threshold; read without colour by dashes and hatching. */
import { html, nothing, svg, type TemplateResult } from 'lit';

/** A series of shares, one a bar. */
export interface HistogramSeries {
  kind: 'negatives' | 'before' | 'control' | 'after';
  shares: number[];
}

/** Where the threshold and the brushed range stand, in parts of the width. */
export interface HistogramMarks {
  threshold: number;
  brush: { from: number; to: number } | null;
}

const WIDTH = 1000;
const HEIGHT = 100;

const cumulated = (shares: number[]): number[] => {
  let sum = 0;
  return shares.map((share) => (sum += share));
};

/** Steps over the bars; closed at the bottom for an area. */
function steps(values: number[], bars: number, top: number, close: boolean): string {
  const width = WIDTH / bars;
  const y = (value: number): string => (HEIGHT - value / top * (HEIGHT - 6)).toFixed(1);
  const path = values.map((value, bar) => `${(bar * width).toFixed(1)} ${y(value)}H${((bar + 1) * width).toFixed(1)}`).join('L');
  return close ? `M0 ${HEIGHT}L${path}V${HEIGHT}Z` : `M${path}`;
}

/** The drawing; `name` says in words what it shows. */
export function distanceHistogram(name: string, series: HistogramSeries[], marks: HistogramMarks, isCumulative: boolean): TemplateResult {
  const drawn = series.map(({ kind, shares }) => ({ kind, values: isCumulative ? cumulated(shares) : shares }));
  const bars = Math.max(1, ...drawn.map(({ values }) => values.length));
  const top = Math.max(1e-9, ...drawn.flatMap(({ values }) => values));
  const line = (marks.threshold * WIDTH).toFixed(1);
  return html`
    <svg class="histogram" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${name}>
      <defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"/></pattern></defs>
      ${marks.brush ? svg`<rect class="brush" x=${marks.brush.from * WIDTH} width=${Math.max(1, (marks.brush.to - marks.brush.from) * WIDTH)} y="0" height=${HEIGHT}/>` : nothing}
      ${drawn.map(({ kind, values }) => kind === 'negatives' && !isCumulative
        ? svg`<path class="area negatives" fill="url(#hatch)" d=${steps(values, bars, top, true)}/>`
        : svg`<path class="curve ${kind}" vector-effect="non-scaling-stroke" d=${steps(values, bars, top, false)}/>`)}
      <path class="axis" vector-effect="non-scaling-stroke" d="M0 ${HEIGHT}H${WIDTH}"/>
      <path class="threshold" vector-effect="non-scaling-stroke" d="M${line} 0V${HEIGHT}"/>
    </svg>`;
}

/** The mark of a series in a legend. */
export const seriesMark = (kind: HistogramSeries['kind']): TemplateResult => html`
  <svg class="series" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
    ${kind === 'negatives' ? svg`<defs><pattern id="hatch-mark" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V5"/></pattern></defs><rect class="area negatives" fill="url(#hatch-mark)" x="0.5" y="0.5" width="27" height="9"/>` : svg`<path class="curve ${kind}" d="M0 5H28"/>`}
  </svg>`;
