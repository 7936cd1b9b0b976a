import { formatDistortion } from '../../distortions/index.ts';
import type { Evaluation, ShareChange, Stabilization } from '../../results.ts';
import { axisEnd, shareBar } from './charts.ts';
import { withInterval } from './evaluation.ts';
import { html, type Html } from './page.ts';

const points = (value: number): string => `${value < 0 ? '−' : '+'}${(100 * Math.abs(value)).toFixed(1)}`;

function change(value: ShareChange): string {
  return `${points(value.difference)} (${points(value.low)}…${points(value.high)}), p ${value.p < 0.001 ? '< 0.001' : `= ${value.p.toFixed(3)}`}`;
}

const changeOrDash = (value: ShareChange | null): string => (value ? change(value) : '–');

/** Verdict, before – control – stabilized, and how it was trained. */
export function stabilizationSections(result: Stabilization): Html[] {
  const { before, control, after, overControl, options, trained, images } = result;
  const shares = [before, control, after].flatMap(({ distortions }) => distortions.map(({ labelInstability }) => labelInstability));
  const end = axisEnd(shares);
  const precision = (evaluation: Evaluation): string => withInterval(evaluation.clean?.precisionAt1 ?? null);
  const rows: [string, string][] = [
    ['new file', result.output],
    ['trained', `${trained.layers.join(', ')} (${trained.parameters.toLocaleString('en')} parameters), ${options.train}`],
    ['loss', `L0 + α · L_stability, α = ${options.alpha}, ${options.divergence}, noise σ = ${options.sigma}`],
    ['optimiser', `${options.optimizer}, learning rate ${options.learningRate}, batches of ${options.batchSize}, best epoch ${trained.bestEpoch} of ${trained.epochs}`],
    ['pictures', `${images.training} for training, ${images.validation} for choosing, ${images.test} for this report`],
    ['control', 'the same training with α = 0'],
  ];
  return [
    html`<section><p class="verdict"><strong>${result.accepted ? 'Accepted' : 'Not accepted'}.</strong> ${result.advice === undefined ? '' : html`<strong>${result.advice}</strong> `}${result.reason}</p>
<h2>Labels changed</h2>
<p class="muted">On ${after.images.evaluated} test pictures that training and search never saw, in per cent with 95 % intervals; the gain that counts is the one over the control. Under each number a bar from 0 to ${(100 * end).toFixed(0)} %.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">Distortion</th><th scope="col">Before</th><th scope="col">Control, α = 0</th><th scope="col">Stabilized</th><th scope="col">Over the control, points</th></tr></thead>
<tbody>${before.distortions.map((item, index) => html`<tr><th scope="row">${formatDistortion(item)}</th>${[before, control, after].map((evaluation) => {
  const share = evaluation.distortions[index]!.labelInstability;
  return html`<td>${withInterval(share)}${shareBar(share, end)}</td>`;
})}<td>${changeOrDash(overControl.distortions[index]!.labelInstability)}</td></tr>
`)}<tr><th scope="row">clean precision@1</th><td>${precision(before)}</td><td>${precision(control)}</td><td>${precision(after)}</td><td>${overControl.clean ? change(overControl.clean.precisionAt1) : '–'}</td></tr></tbody></table></div>
<p>${overControl.verdict}</p></section>`,
    html`<section><h2>Training</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`,
  ];
}
