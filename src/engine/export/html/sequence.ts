import type { Sequence } from '../../results.ts';
import type { ReportWords } from '../words.ts';
import { withInterval } from './evaluation.ts';
import { html, type Html } from './page.ts';

/** How often neighbouring frames are answered differently, clip by clip. */
export function sequenceSections({ labelInstability, featureDistance, jsDivergence, clips, neighbourPrecision }: Sequence, words: ReportWords): Html[] {
  const { decimal } = words;
  return [
    html`<section><p class="verdict">${words.framesDiffer(words.percent(labelInstability.value))}</p>
<h2>${words.neighbours}</h2>
<dl><dt>${words.labelDiffers}</dt><dd>${words.ofNeighbours(withInterval(labelInstability, words), labelInstability.of)}</dd><dt>${words.featureDistance}</dt><dd>${words.medianP95(decimal(featureDistance.median, 3), decimal(featureDistance.p95, 3))}</dd><dt>${words.jsDivergence}</dt><dd>${words.meanP95(decimal(jsDivergence.mean, 4), decimal(jsDivergence.p95, 4))}</dd></dl></section>`,
    html`<section><h2>${words.clips}</h2><div class="scroll"><table><thead><tr><th scope="col">${words.clip}</th><th scope="col">${words.frames}</th><th scope="col">${words.flips}</th><th scope="col">${words.classes}</th></tr></thead>
<tbody>${clips.map(({ name, frames, flips, classes }) => html`<tr><th scope="row">${name === '' ? words.allFrames : name}</th><td>${frames}</td><td>${flips}</td><td>${classes.map((each) => `${each.name} ${each.frames}`).join(', ')}</td></tr>
`)}</tbody></table></div></section>`,
    ...(neighbourPrecision.length === 0 ? [] : [html`<section><h2>${words.neighbourPrecision}</h2><p class="muted">${words.neighbourPrecisionMeans}</p>
<table><thead><tr><th scope="col">k</th><th scope="col">${words.precisionOver}</th></tr></thead><tbody>${neighbourPrecision.map(({ k, precision }) => html`<tr><th scope="row">${k}</th><td>${withInterval(precision, words)}</td></tr>`)}</tbody></table></section>`]),
  ];
}
