import { formatDistortion } from '../../distortions/index.ts';
import type { Evaluation, Share } from '../../results.ts';
import { axisEnd, shareBar } from './charts.ts';
import { html, percent, type Described, type Html } from './page.ts';

/** What a reader must know before trusting the numbers. */
export function warningsSection(warnings: readonly string[]): Html {
  return html`${warnings.map((warning) => html`<p class="warning"><strong>Mind:</strong> ${warning}</p>`)}`;
}

/** `3.0 % (1.2–5.0)`, or a dash. */
export function withInterval(share: Share | null): string {
  return share ? `${percent(share.value)} (${(100 * share.low).toFixed(1)}–${(100 * share.high).toFixed(1)})` : '–';
}

/** One sentence, and a row a distortion. */
export function evaluationSection(evaluation: Evaluation): Html {
  const { distortions, clean, instability } = evaluation;
  const end = axisEnd(distortions.map(({ labelInstability }) => labelInstability));
  const labelled = clean !== null;
  return html`<section>
<p class="verdict">${verdict(evaluation)}</p>
<h2>Label instability</h2>
<p class="muted">Share of pictures whose label changes when they are distorted, with its 95 % interval; the bars go to ${percent(end)}.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Distortion</th><th scope="col">Labels changed</th><th scope="col"><span class="muted">0 – ${percent(end)}</span></th><th scope="col">Feature distance, median / 95th percentile</th><th scope="col">KL, mean</th>${labelled ? html`<th scope="col">Precision@1</th>` : ''}</tr></thead>
<tbody>
${clean ? html`<tr><th scope="row">clean</th><td>–</td><td class="chart"></td><td>–</td><td>–</td><td>${withInterval(clean.precisionAt1)}</td></tr>` : ''}
${distortions.map((result) => html`<tr><th scope="row">${formatDistortion(result)}</th><td>${withInterval(result.labelInstability)}</td><td class="chart">${shareBar(result.labelInstability, end)}</td><td>${result.featureDistance.median.toFixed(3)} / ${result.featureDistance.p95.toFixed(3)}</td><td>${result.klDivergence?.mean.toFixed(4) ?? '–'}</td>${labelled ? html`<td>${withInterval(result.precisionAt1)}</td>` : ''}</tr>
`)}</tbody></table></div>
${instability ? html`<p>Over all versions, ${withInterval(instability)} of the pictures are answered rightly in one version and wrongly in another.</p>` : ''}
</section>`;
}

function verdict({ distortions, clean }: Evaluation): string {
  const changed = distortions.flatMap(({ labelInstability, ...result }) => (labelInstability ? [{ ...result, labelInstability }] : []));
  const [largest] = [...distortions].sort((a, b) => b.featureDistance.median - a.featureDistance.median);
  if (changed.length === 0 && largest) return `Features move most at ${formatDistortion(largest)}: the median distance is ${largest.featureDistance.median.toFixed(3)}. The model has no classes.`;
  const worst = [...changed].sort((a, b) => b.labelInstability.value - a.labelInstability.value)[0];
  const precision = clean ? ` Clean precision is ${percent(clean.precisionAt1.value)}.` : '';
  if (!worst) return `Nothing was distorted.${precision}`;
  if (worst.labelInstability.count === 0) return `No label changed under any distortion; with ${worst.labelInstability.of} pictures up to ${percent(worst.labelInstability.high)} could.${precision}`;
  const [least] = [...changed].sort((a, b) => a.labelInstability.value - b.labelInstability.value);
  const other = least && least !== worst ? ` ${formatDistortion(least)} changes fewest: ${percent(least.labelInstability.value)}.` : '';
  return `${percent(worst.labelInstability.value)} of labels change at ${formatDistortion(worst)}.${other}${precision}`;
}

/** How the numbers were made, so that they can be made again. */
export function methodSection({ method, model, images }: Described): Html {
  const { preprocessing: p } = method;
  const rows: [string, string][] = [
    ['model', model.path],
    ['SHA-256', model.sha256],
    ['pictures', `${images.evaluated} of ${images.total} in ${method.images}${images.skipped.length > 0 ? `; ${images.skipped.length} could not be read` : ''}`],
    ['true labels', method.labels === null ? 'none' : method.labels === 'folders' ? 'the class folders' : 'a file'],
    ['preprocessing', `${p.resize} to ${model.inputShape.slice(1).join(' × ')}, ${p.interpolation}, range ${p.range}${p.mean ? `, mean ${p.mean.join(' ')}` : ''}${p.std ? `, std ${p.std.join(' ')}` : ''}, ${p.channels} (${p.from === 'guess' ? 'a guess' : `from ${p.from}`})`],
    ['feature layer', `${model.featureLayer ?? 'none'}${method.featureNormalised ? ', vectors scaled to length 1' : ''}`],
    ['seed', String(method.seed)],
    ['engine', method.engine],
  ];
  return html`<section><h2>Method</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}
