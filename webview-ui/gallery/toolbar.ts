/** Sort, filters, amplification and counts of the gallery. */
import { html, nothing, type TemplateResult } from 'lit';
import type { PairSort } from '../../src/protocol.ts';
import { distortionKey, distortionName } from '../format.ts';
import { downIcon, upIcon } from '../icons.ts';
import { strings } from '../strings.ts';
import type { GalleryState } from '../viewState.ts';
import type { PairPages } from './pages.ts';
import type { GallerySource } from './sources.ts';

/** Factors on |A − B| that can be chosen. */
const AMPLIFICATIONS = [1, 2, 4, 8, 16, 32];
const text = strings.gallery;

const select = (name: string, label: string, options: [value: string, name: string][], chosen: string, choose: (value: string) => void): TemplateResult => html`
  <label class="choice"><span>${label}</span>
    <select name=${name} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${options.map(([value, shown]) => html`<option value=${value} ?selected=${value === chosen} .selected=${value === chosen}>${shown}</option>`)}
    </select>
  </label>`;

/** The row of controls above the grid. */
export function galleryToolbar(view: GalleryState, source: GallerySource, sources: GallerySource[], pages: PairPages | null, change: (change: Partial<GalleryState>) => void): TemplateResult {
  const distortion = view.distortion && source.distortions.find(({ name, strength }) => name === view.distortion?.name && strength === view.distortion.strength);
  return html`
    <div class="toolbar" role="group" aria-label=${strings.views.gallery}>
      ${sources.length < 2 ? nothing : select('source', text.source, sources.map(({ run, name }) => [run, name]), source.run, (run) => change({ run, firstRow: 0 }))}
      ${select('distortion', text.distortion, [['', text.allDistortions], ...source.distortions.map((one): [string, string] => [distortionKey(one), distortionName(one)])], distortion ? distortionKey(distortion) : '',
        (key) => change({ distortion: source.distortions.find((one) => distortionKey(one) === key) ?? null, firstRow: 0 }))}
      ${select('changed', text.label, Object.entries(text.labels), view.changed === null ? 'all' : view.changed ? 'changed' : 'kept',
        (value) => change({ changed: value === 'all' ? null : value === 'changed', firstRow: 0 }))}
      ${select('sort', text.sort, Object.entries(text.sorts), view.sort, (sort) => change({ sort: sort as PairSort, firstRow: 0 }))}
      <button class="secondary order" aria-pressed=${view.ascending ? 'true' : 'false'} @click=${() => change({ ascending: !view.ascending, firstRow: 0 })}>${view.ascending ? upIcon() : downIcon()}${view.ascending ? text.smallest : text.largest}</button>
      ${select('amplification', text.amplification, AMPLIFICATIONS.map((factor) => [String(factor), text.amplificationName(factor)]), String(view.amplification), (factor) => change({ amplification: Number(factor) }))}
      <span class="counts" role="status">${pages?.total == null ? nothing : text.counts(pages.total, pages.all)}</span>
    </div>`;
}
