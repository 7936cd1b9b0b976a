import { formatDistortion } from '../../distortions/index.ts';
import type { Evaluation, Share } from '../../results.ts';
import type { ReportWords } from '../words.ts';
import { axisEnd, shareBar } from './charts.ts';
import { html, type Described, type Html } from './page.ts';

/** What a reader must know before trusting the numbers. */
export function warningsSection(warnings: readonly string[], words: ReportWords): Html {
  return html`${warnings.map((warning) => html`<p class="warning"><strong>${words.mind}</strong> ${words.said(warning)}</p>`)}`;
}

/** `3.0 % (1.2–5.0)`, or a dash. */
export function withInterval(share: Share | null, { percent, decimal, interval }: ReportWords): string {
  return share ? interval(percent(share.value), decimal(100 * share.low, 1), decimal(100 * share.high, 1)) : '–';
}

/** One sentence, and a row a distortion. */
export function evaluationSection(evaluation: Evaluation, words: ReportWords): Html {
  const { distortions, clean, instability } = evaluation;
  const end = axisEnd(distortions.map(({ labelInstability }) => labelInstability));
  const labelled = clean !== null;
  const { decimal } = words;
  return html`<section>
<p class="verdict">${verdict(evaluation, words)}</p>
<h2>${words.instability}</h2>
<p class="muted">${words.instabilityMeans(words.percent(end))}</p>
<div class="scroll"><table>
<thead><tr><th scope="col">${words.distortion}</th><th scope="col">${words.labelsChanged}</th><th scope="col"><span class="muted">0 – ${words.percent(end)}</span></th><th scope="col">${words.medianAndP95}</th><th scope="col">${words.klMean}</th>${labelled ? html`<th scope="col">${words.precision}</th>` : ''}</tr></thead>
<tbody>
${clean ? html`<tr><th scope="row">${words.clean}</th><td>–</td><td class="chart"></td><td>–</td><td>–</td><td>${withInterval(clean.precisionAt1, words)}</td></tr>` : ''}
${distortions.map((result) => html`<tr><th scope="row">${formatDistortion(result)}</th><td>${withInterval(result.labelInstability, words)}</td><td class="chart">${shareBar(result.labelInstability, end, words)}</td><td>${decimal(result.featureDistance.median, 3)} / ${decimal(result.featureDistance.p95, 3)}</td><td>${result.klDivergence ? decimal(result.klDivergence.mean, 4) : '–'}</td>${labelled ? html`<td>${withInterval(result.precisionAt1, words)}</td>` : ''}</tr>
`)}</tbody></table></div>
${instability ? html`<p>${words.overVersions(withInterval(instability, words))}</p>` : ''}
</section>`;
}

function verdict({ distortions, clean }: Evaluation, words: ReportWords): string {
  const { percent } = words;
  const changed = distortions.flatMap(({ labelInstability, ...result }) => (labelInstability ? [{ ...result, labelInstability }] : []));
  const [largest] = [...distortions].sort((a, b) => b.featureDistance.median - a.featureDistance.median);
  if (changed.length === 0 && largest) return words.featuresMove(formatDistortion(largest), words.decimal(largest.featureDistance.median, 3));
  const worst = [...changed].sort((a, b) => b.labelInstability.value - a.labelInstability.value)[0];
  const precision = clean ? ` ${words.precisionIs(percent(clean.precisionAt1.value))}` : '';
  if (!worst) return `${words.nothingDistorted}${precision}`;
  if (worst.labelInstability.count === 0) return `${words.noneChanged(worst.labelInstability.of, percent(worst.labelInstability.high))}${precision}`;
  const [least] = [...changed].sort((a, b) => a.labelInstability.value - b.labelInstability.value);
  const other = least && least !== worst ? ` ${words.changesFewest(formatDistortion(least), percent(least.labelInstability.value))}` : '';
  return `${words.labelsChange(percent(worst.labelInstability.value), formatDistortion(worst))}${other}${precision}`;
}

/** How the numbers were made, so that they can be made again. */
export function methodSection({ method, model, images }: Described, words: ReportWords): Html {
  const { preprocessing: p } = method;
  const { rows: names } = words;
  const prepared = [words.preprocessing(p.resize, model.inputShape.slice(1).join(' × '), p.interpolation, p.range), ...p.mean ? [words.mean(p.mean.join(' '))] : [], ...p.std ? [words.std(p.std.join(' '))] : []];
  const rows: [string, string][] = [
    [names.model, model.path],
    ['SHA-256', model.sha256],
    [names.pictures, words.picturesFrom(images.evaluated, images.total, method.images, images.skipped.length)],
    [names.labels, words.labelsFrom[method.labels ?? 'none']],
    [names.preprocessing, `${[...prepared, p.channels].join(', ')} (${words.preprocessingFrom(p.from)})`],
    [names.features, [model.featureLayer ?? words.noFeatures, ...method.featureNormalised ? [words.normalised] : []].join(', ')],
    [names.seed, String(method.seed)],
    [names.engine, method.engine],
  ];
  return html`<section><h2>${words.method}</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}
