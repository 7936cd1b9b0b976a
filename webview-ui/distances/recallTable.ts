import { html, nothing, type TemplateResult } from 'lit';
import type { Distances, RecallAtPrecision } from '../../src/engine/runs/queries.ts';
import { distortionName, measure, percent } from '../format.ts';
import type { GallerySource } from '../gallery/sources.ts';
import { strings } from '../strings.ts';

const text = strings.distances;

const cell = (recall: RecallAtPrecision | null): TemplateResult => recall === null
  ? html`<td class="muted">${text.notReached}</td>`
  : html`<td class="numbers"><b>${percent(recall.recall)}</b> <span class="muted">${text.below(measure(recall.threshold))}</span></td>`;

/** How many of the distorted pictures are found where 98 or 99.5 of 100 that are found are right. */
export function recallTable({ runs }: Distances, sources: GallerySource[]): TemplateResult | typeof nothing {
  if (runs.every(({ negatives }) => negatives === null)) return nothing;
  return html`
    <section><h2>${text.recall}</h2>
      <div class="scrolls"><table class="plain">
        <thead><tr><th scope="col">${strings.overview.distortion}</th>${runs.length > 1 ? html`<th scope="col">${strings.run}</th>` : nothing}<th scope="col">${text.at98}</th><th scope="col">${text.at995}</th></tr></thead>
        <tbody>${runs[0]!.distortions.flatMap((spec) => runs.flatMap((run, index) => {
          const distortion = run.distortions.find(({ name, strength }) => name === spec.name && strength === spec.strength);
          return distortion ? [html`<tr><th scope="row">${index === 0 ? distortionName(spec) : html`<span class="hidden">${distortionName(spec)}</span>`}</th>${runs.length > 1 ? html`<td>${sources[index]!.name}</td>` : nothing}${cell(distortion.atPrecision98)}${cell(distortion.atPrecision995)}</tr>`] : [];
        }))}</tbody>
      </table></div>
    </section>`;
}
