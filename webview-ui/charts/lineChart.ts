/**
 * Lines over a common axis, told apart without colour: each has a dash pattern of its own and its name at its end. The plot
 * stretches with the page; what is written stands beside it, so that letters keep their form.
 */
import { html, nothing, svg, type TemplateResult } from 'lit';

/** One line; a value that is null leaves a gap. */
export interface ChartLine {
  name: string;
  /** What stands behind the name at the end of the line: its last value. */
  note?: string;
  values: readonly (number | null)[];
}

export interface LineChart {
  /** The whole in a sentence, for a screen reader. */
  label: string;
  lines: readonly ChartLine[];
  /** Ends of the vertical scale, and how its numbers are written. */
  bottom: number;
  top: number;
  write: (value: number) => string;
  /** What stands at the ends of the horizontal axis. */
  ends: readonly [string, string];
  /** Places on the horizontal axis, from 0 to `length` − 1; where lines are shorter, they end before it. */
  length: number;
  /** Height of the plot in pixels. */
  height: number;
  /** Places that are marked by a line from top to bottom with a triangle on it. */
  marks?: readonly number[];
  /** The place that is looked at. */
  cursor?: number | null;
  /** A place with a name: the best epoch. */
  flag?: { place: number; name: string } | null;
  /** Called with the place that was clicked. */
  choose?: (place: number) => void;
}

const width = 1000;
const margin = 6;
/** Lines of labels are so many pixels apart. */
const labelStep = 15;
/** Longer names are cut; the whole stands in the chart's sentence. */
const mostLetters = 20;

/** Kinds of lines in the style sheet: a colour and a dash pattern each. */
const lineKinds = 6;

/** Draws the chart; needs `lineChartStyles`. */
export function lineChart(chart: LineChart): TemplateResult {
  const { height, bottom, top, length, lines, marks = [], cursor = null, flag = null } = chart;
  const x = (place: number): number => length <= 1 ? width / 2 : place / (length - 1) * width;
  const y = (value: number): number => height - margin - (value - bottom) / (top - bottom || 1) * (height - 2 * margin);
  const onClick = (event: PointerEvent): void => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    chart.choose?.(Math.max(0, Math.min(length - 1, Math.round((event.clientX - box.left) / box.width * (length - 1)))));
  };
  return html`
    <div class="line-chart">
      <svg class="scale" width="46" height=${height} aria-hidden="true">${[top, (top + bottom) / 2, bottom].map((value) => svg`<text x="40" y=${(y(value) + 4).toFixed(1)} text-anchor="end">${chart.write(value)}</text>`)}</svg>
      <svg class="plot ${chart.choose ? 'is-chosen-from' : ''}" viewBox="0 0 ${width} ${height}" height=${height} preserveAspectRatio="none" role="img" aria-label=${chart.label} @click=${chart.choose ? onClick : nothing}>
        ${[top, (top + bottom) / 2, bottom].map((value) => svg`<path class="grid-line" vector-effect="non-scaling-stroke" d="M0 ${y(value).toFixed(1)}H${width}"/>`)}
        ${marks.map((place) => svg`<path class="mark-line" vector-effect="non-scaling-stroke" d="M${x(place).toFixed(1)} 0V${height}"/>`)}
        ${flag ? svg`<path class="flag-line" vector-effect="non-scaling-stroke" d="M${x(flag.place).toFixed(1)} 0V${height}"/>` : nothing}
        ${lines.map(({ values }, index) => svg`<path class="line kind-${index % lineKinds}" vector-effect="non-scaling-stroke" d=${pathOf(values, x, y)}/>`)}
        ${cursor === null ? nothing : svg`<path class="cursor" vector-effect="non-scaling-stroke" d="M${x(cursor).toFixed(1)} 0V${height}"/>`}
      </svg>
      ${endLabels(lines, y, height)}
      <svg class="under" height="16" aria-hidden="true">
        ${marks.map((place) => svg`<svg x="${(x(place) / width * 100).toFixed(2)}%" overflow="visible"><path class="mark" d="M-4 9L0 2L4 9Z"/></svg>`)}
        ${flag ? svg`<text class="flag" x="${(x(flag.place) / width * 100).toFixed(2)}%" y="12" text-anchor=${x(flag.place) > 0.85 * width ? 'end' : x(flag.place) < 0.15 * width ? 'start' : 'middle'}>${flag.name}</text>` : nothing}
      </svg>
      <div class="ends-of-axis" aria-hidden="true"><span>${chart.ends[0]}</span><span>${chart.ends[1]}</span></div>
    </div>`;
}

/** Names at the ends of the lines, moved apart where they would lie on one another, each with a thin line to its own. */
function endLabels(lines: readonly ChartLine[], y: (value: number) => number, height: number): TemplateResult {
  const labels = lines.map(({ name, note, values }, index) => ({ text: note === undefined ? name : `${name} ${note}`, index, at: y(values.findLast((value) => value !== null && Number.isFinite(value)) ?? 0) }))
    .filter((_, index) => lines[index]!.values.some((value) => value !== null)).sort((a, b) => a.at - b.at);
  const places = labels.map(({ at }) => at);
  for (let index = 1; index < places.length; index++) places[index] = Math.max(places[index]!, places[index - 1]! + labelStep);
  // What was pushed out at the bottom moves up again, and the ones above with it.
  for (let index = places.length - 1, limit = height - margin; index >= 0; index--, limit -= labelStep) places[index] = Math.min(places[index]!, limit);
  return html`<svg class="labels" height=${height} aria-hidden="true">${labels.map(({ text, index, at }, order) => svg`
    <path class="line kind-${index % lineKinds}" d="M0 ${at.toFixed(1)}L16 ${places[order]!.toFixed(1)}H26"/>
    <text x="30" y=${(places[order]! + 4).toFixed(1)}>${text.length > mostLetters ? `${text.slice(0, mostLetters - 1)}…` : text}</text>`)}</svg>`;
}

function pathOf(values: readonly (number | null)[], x: (place: number) => number, y: (value: number) => number): string {
  let path = '';
  let isDown = false;
  for (const [place, value] of values.entries()) {
    if (value === null || !Number.isFinite(value)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    // A single point is a line of no length, which a round cap makes a dot.
    if (!isDown) path += `L${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = true;
  }
  return path;
}
