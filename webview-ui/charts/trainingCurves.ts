/** The four curves of a training: what it minimises, and what comes of it on the validation pictures. */
import { html, nothing, type TemplateResult } from 'lit';
import type { EpochResult } from '../../src/engine/results.ts';
import { measure, percent } from '../format.ts';
import { strings } from '../strings.ts';
import { lineChart, type ChartLine } from './lineChart.ts';
import { shareScale } from './scale.ts';

const text = strings.training;
const HEIGHT = 120;

type Curve = Exclude<keyof EpochResult, 'epoch'>;

/** A chart of one or two curves over the epochs, on a scale of its own. */
interface CurveChart {
  title: string;
  curves: readonly Curve[];
  /** Whether the values are shares. */
  isShare: boolean;
}

const charts: readonly CurveChart[] = [
  { title: text.loss, curves: ['loss', 'validationLoss'], isShare: false },
  { title: text.stabilityLoss, curves: ['stabilityLoss', 'validationStabilityLoss'], isShare: false },
  { title: text.precision, curves: ['validationPrecision'], isShare: true },
  { title: text.instability, curves: ['validationLabelInstability'], isShare: true },
];

/** Curves over `epochs` epochs, of which those in `history` are done. Needs `lineChartStyles` and `trainingStyles`. */
export const trainingCurves = (history: readonly EpochResult[], epochs: number, bestEpoch: number): TemplateResult => html`
  <div class="training-charts">${charts.map((chart) => curveChart(chart, history, Math.max(epochs, history.at(-1)?.epoch ?? 1), bestEpoch))}</div>`;

function curveChart({ title, curves, isShare }: CurveChart, history: readonly EpochResult[], epochs: number, bestEpoch: number): TemplateResult | typeof nothing {
  const lines = curves.map((curve): ChartLine => {
    const values = Array<number | null>(Math.max(0, ...history.map(({ epoch }) => epoch))).fill(null);
    for (const result of history) values[result.epoch - 1] = finite(result[curve]);
    const last = values.findLast((value) => value !== null) ?? null;
    return { name: text.curves[curve], values, ...(last === null ? {} : { note: isShare ? percent(last) : measure(last) }) };
  }).filter(({ values }) => values.some((value) => value !== null));
  if (history.length > 0 && lines.length === 0) return nothing;
  const values = lines.flatMap((line) => line.values).filter((value) => value !== null);
  const [bottom, top] = isShare ? shareEnds(values) : [Math.min(0, ...values), Math.max(...values, 0) || 1];
  return html`
    <figure class="training-chart">
      <figcaption>${title}</figcaption>
      ${lineChart({
        label: `${title}: ${lines.length === 0 ? text.nothingYet : lines.map(({ name, note }) => `${name} ${note ?? ''}`).join(', ')}`,
        lines, bottom, top, write: isShare ? percent : measure, length: epochs, height: HEIGHT, ends: [text.epoch(1), text.epoch(epochs)],
        flag: bestEpoch > 0 ? { place: bestEpoch - 1, name: text.best(bestEpoch) } : null,
      })}
    </figure>`;
}

/** A value that can be drawn; JSON has null in the place of what is infinite. */
const finite = (value: number | null | undefined): number | null => value !== null && value !== undefined && Number.isFinite(value) ? value : null;

/** Ends of a scale of shares: from 0 for small ones, up to 1 for large ones, in tenths. */
function shareEnds(values: readonly number[]): [bottom: number, top: number] {
  if (values.length === 0) return [0, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (most <= 0.6) return [0, shareScale([most])];
  return [Math.max(0, Math.floor(least * 10 - 0.2) / 10), 1];
}
