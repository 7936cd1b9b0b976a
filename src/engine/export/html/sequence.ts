import type { Sequence } from '../../results.ts';
import { withInterval } from './evaluation.ts';
import { html, percent, type Html } from './page.ts';

/** How often neighbouring frames are answered differently, clip by clip. */
export function sequenceSections({ labelInstability, featureDistance, jsDivergence, clips, neighbourPrecision }: Sequence): Html[] {
  return [
    html`<section><p class="verdict">${percent(labelInstability.value)} of the neighbouring frames are given different labels.</p>
<h2>Neighbouring frames</h2>
<dl><dt>label differs</dt><dd>${withInterval(labelInstability)} of ${labelInstability.of} neighbours</dd><dt>feature distance</dt><dd>median ${featureDistance.median.toFixed(3)}, 95th percentile ${featureDistance.p95.toFixed(3)}</dd><dt>JS divergence</dt><dd>mean ${jsDivergence.mean.toFixed(4)}, 95th percentile ${jsDivergence.p95.toFixed(4)}</dd></dl></section>`,
    html`<section><h2>Clips</h2><div class="scroll"><table><thead><tr><th scope="col">Clip</th><th scope="col">Frames</th><th scope="col">Flips</th><th scope="col">Classes, most frames first</th></tr></thead>
<tbody>${clips.map(({ name, frames, flips, classes }) => html`<tr><th scope="row">${name === '' ? '(all)' : name}</th><td>${frames}</td><td>${flips}</td><td>${classes.map((each) => `${each.name} ${each.frames}`).join(', ')}</td></tr>
`)}</tbody></table></div></section>`,
    ...(neighbourPrecision.length === 0 ? [] : [html`<section><h2>Precision over neighbours, pm-k</h2><p class="muted">A frame counts only where it and all frames up to k before and after it are answered rightly.</p>
<table><thead><tr><th scope="col">k</th><th scope="col">Precision</th></tr></thead><tbody>${neighbourPrecision.map(({ k, precision }) => html`<tr><th scope="row">${k}</th><td>${withInterval(precision)}</td></tr>`)}</tbody></table></section>`]),
  ];
}
