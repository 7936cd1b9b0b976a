import { formatDistortion } from '../../distortions/index.ts';
import type { Evaluation, ShareChange, Stabilization } from '../../results.ts';
import type { ReportWords } from '../words.ts';
import { axisEnd, shareBar } from './charts.ts';
import { withInterval } from './evaluation.ts';
import { html, type Html } from './page.ts';

function change(value: ShareChange, { decimal }: ReportWords): string {
  const points = (share: number): string => `${share < 0 ? '−' : '+'}${decimal(100 * Math.abs(share), 1)}`;
  return `${points(value.difference)} (${points(value.low)}…${points(value.high)}), p ${value.p < 0.001 ? `< ${decimal(0.001, 3)}` : `= ${decimal(value.p, 3)}`}`;
}

const changeOrDash = (value: ShareChange | null, words: ReportWords): string => (value ? change(value, words) : '–');

/** Verdict, before – control – stabilized, and how it was trained. */
export function stabilizationSections(result: Stabilization, words: ReportWords): Html[] {
  const { before, control, after, overControl, options, trained, images } = result;
  const shares = [before, control, after].flatMap(({ distortions }) => distortions.map(({ labelInstability }) => labelInstability));
  const end = axisEnd(shares);
  const precision = (evaluation: Evaluation): string => withInterval(evaluation.clean?.precisionAt1 ?? null, words);
  const { trainingRows: names } = words;
  const rows: [string, string][] = [
    [names.output, result.output],
    [names.trained, words.trained(trained.layers.join(', '), words.count(trained.parameters), options.train)],
    [names.loss, words.loss(String(options.alpha), options.divergence, String(options.sigma))],
    [names.optimizer, words.optimizer(options.optimizer, String(options.learningRate), options.batchSize, trained.bestEpoch, trained.epochs)],
    [names.pictures, words.shares(images.training, images.validation, images.test)],
    [names.control, words.controlMeans],
  ];
  return [
    html`<section><p class="verdict"><strong>${result.accepted ? words.accepted : words.rejected}</strong> ${result.advice === undefined ? '' : html`<strong>${words.said(result.advice)}</strong> `}${words.said(result.reason)}</p>
<h2>${words.labelsChanged}</h2>
<p class="muted">${words.labelsChangedMean(after.images.evaluated, `${(100 * end).toFixed(0)} %`)}</p>
<div class="scroll"><table>
<thead><tr><th scope="col">${words.distortion}</th><th scope="col">${words.before}</th><th scope="col">${words.control}</th><th scope="col">${words.stabilized}</th><th scope="col">${words.overControl}</th></tr></thead>
<tbody>${before.distortions.map((item, index) => html`<tr><th scope="row">${formatDistortion(item)}</th>${[before, control, after].map((evaluation) => {
  const share = evaluation.distortions[index]!.labelInstability;
  return html`<td>${withInterval(share, words)}${shareBar(share, end, words)}</td>`;
})}<td>${changeOrDash(overControl.distortions[index]!.labelInstability, words)}</td></tr>
`)}<tr><th scope="row">${words.cleanPrecision}</th><td>${precision(before)}</td><td>${precision(control)}</td><td>${precision(after)}</td><td>${overControl.clean ? change(overControl.clean.precisionAt1, words) : '–'}</td></tr></tbody></table></div>
<p>${words.said(overControl.verdict)}</p></section>`,
    html`<section><h2>${words.training}</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`,
  ];
}
