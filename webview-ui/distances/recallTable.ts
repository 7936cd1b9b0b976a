import { html, nothing, type TemplateResult } from 'lit';
import type { RecallAtPrecision, RunDistances } from '../../src/engine/runs/queries.ts';
import { distortionName, measure, percent } from '../format.ts';
import { strings } from '../strings.ts';

const text = strings.distances;

const cell = (recall: RecallAtPrecision | null): TemplateResult => recall === null
  ? html`<td class="muted">${text.notReached}</td>`
  : html`<td class="numbers"><b>${percent(recall.recall)}</b> <span class="muted">${text.below(measure(recall.threshold))}</span></td>`;

/** How many of the distorted pictures are found where 98 or 99.5 of 100 that are found are right. */
export function recallTable(runs: { run: RunDistances; name: string }[]): TemplateResult | typeof nothing {
  const [first] = runs;
  if (!first || runs.every(({ run }) => run.negatives === null)) return nothing;
  const isOne = runs.length === 1;
  return html`
    <section><h2>${text.recall}</h2>
      <div class="scrolls"><table class="plain">
        <thead><tr><th scope="col">${strings.overview.distortion}</th>${isOne ? nothing : html`<th scope="col">${strings.run}</th>`}<th scope="col">${text.at98}</th><th scope="col">${text.at995}</th></tr></thead>
        <tbody>${first.run.distortions.flatMap((spec) => runs.flatMap(({ run, name: runName }, index) => {
          const distortion = run.distortions.find(({ name, strength }) => name === spec.name && strength === spec.strength);
          return distortion ? [html`<tr><th scope="row">${index === 0 ? distortionName(spec) : html`<span class="hidden">${distortionName(spec)}</span>`}</th>${isOne ? nothing : html`<td>${runName}</td>`}${cell(distortion.atPrecision98)}${cell(distortion.atPrecision995)}</tr>`] : [];
        }))}</tbody>
      </table></div>
    </section>`;
}
