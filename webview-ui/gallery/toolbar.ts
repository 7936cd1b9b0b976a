/** Filters, sort, layout, amplification and counts of the gallery. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { PairSort } from '../../src/protocol.ts';
import { distortionKey, distortionName, measure } from '../format.ts';
import { downIcon, rowsIcon, tilesIcon, upIcon, wrongIcon } from '../icons.ts';
import { strings } from '../strings.ts';
import { unfiltered, type GalleryState } from '../viewState.ts';
import { againstOf, distortionOf, isFiltered } from './filter.ts';
import type { PairPages } from './pages.ts';
import type { GallerySource } from './sources.ts';

/** Factors on |A − B| that can be chosen. */
export const AMPLIFICATIONS = [1, 2, 4, 8, 16, 32];
const text = strings.gallery;

type Change = (change: Partial<GalleryState>) => void;

const select = (name: string, label: string, options: [value: string, name: string][], chosen: string, choose: (value: string) => void): TemplateResult => html`
  <label class="choice"><span>${label}</span>
    <select name=${name} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${options.map(([value, shown]) => html`<option value=${value} ?selected=${value === chosen} .selected=${value === chosen}>${shown}</option>`)}
    </select>
  </label>`;

const typed = (event: Event): string => (event.target as HTMLInputElement).value.trim();

/** Each strength of a distortion, and all of them together where there are several. */
function distortionChoices(source: GallerySource): [string, string][] {
  const names = [...new Set(source.distortions.map(({ name }) => name))];
  return names.flatMap((name): [string, string][] => {
    const family = source.distortions.filter((one) => one.name === name);
    return [...(family.length > 1 ? [[name, text.allStrengths(name)] as [string, string]] : []), ...family.map((one): [string, string] => [distortionKey(one), distortionName(one)])];
  });
}

const keyOfDistortion = (distortion: GalleryState['distortion']): string => distortion === null ? '' : distortion.strength === undefined ? distortion.name : `${distortion.name}:${distortion.strength}`;

function chooseDistortion(source: GallerySource, key: string): GalleryState['distortion'] {
  return source.distortions.find((one) => distortionKey(one) === key) ?? (key === '' ? null : { name: key });
}

function againstChoice(view: GalleryState, source: GallerySource, change: Change): TemplateResult | typeof nothing {
  if (source.against.length === 0) return nothing;
  const against = againstOf(source, view);
  const key = (newly: string, run: string): string => `${newly} ${run}`;
  const options = source.against.flatMap(({ run, name }) => (['stable', 'broken'] as const).map((newly): [string, string] => [key(newly, run), text.newly[newly](name)]));
  return select('against', text.against, [['', text.anyPair], ...options], against ? key(against.newly, against.run) : '', (chosen) => {
    const [newly, ...run] = chosen.split(' ');
    change({ against: chosen === '' ? null : { newly: newly as 'stable' | 'broken', run: run.join(' ') }, firstRow: 0 });
  });
}

const filters = (view: GalleryState, source: GallerySource, sources: GallerySource[], change: Change): TemplateResult => html`
  <div class="toolbar" role="group" aria-label=${text.filters}>
    ${sources.length < 2 ? nothing : select('source', text.source, sources.map(({ run, name }) => [run, name]), source.run, (run) => change({ run, firstRow: 0 }))}
    ${againstChoice(view, source, change)}
    ${select('distortion', text.distortion, [['', text.allDistortions], ...distortionChoices(source)], keyOfDistortion(distortionOf(source, view)), (key) => change({ distortion: chooseDistortion(source, key), firstRow: 0 }))}
    ${select('changed', text.label, Object.entries(text.labels), view.changed === null ? 'all' : view.changed ? 'changed' : 'kept', (value) => change({ changed: value === 'all' ? null : value === 'changed', firstRow: 0 }))}
    <span class="joined">
      <label class="choice"><span>${text.className}</span><input name="label" type="search" list="classes" autocomplete="off" spellcheck="false" placeholder=${text.anyClass} .value=${view.label?.name ?? ''}
        @change=${(event: Event) => change({ label: typed(event) === '' ? null : { name: typed(event), as: view.label?.as ?? 'any' }, firstRow: 0 })}></label>
      <datalist id="classes">${guard([source.classNames], () => source.classNames.map((name) => html`<option value=${name}></option>`))}</datalist>
      ${view.label === null ? nothing : select('labelAs', text.classAs, Object.entries(text.classAsNames), view.label.as, (as) => change({ label: { name: view.label?.name ?? '', as: as as 'any' }, firstRow: 0 }))}
    </span>
    <label class="choice"><span>${text.search}</span><input name="search" type="search" autocomplete="off" spellcheck="false" placeholder=${text.searchHint} .value=${view.search}
      @input=${(event: Event) => change({ search: typed(event), firstRow: 0 })}></label>
    ${view.distance === null ? nothing : html`<span class="choice chip"><span>${text.distance}</span>
      <button class="secondary" name="distance" title=${text.removeDistance} @click=${() => change({ distance: null, firstRow: 0 })}>${measure(view.distance.from)} – ${measure(view.distance.to)} ${wrongIcon()}<span class="hidden">${text.removeDistance}</span></button></span>`}
    ${isFiltered(source, view) ? html`<button class="link clear" name="clear" @click=${() => change({ ...unfiltered, run: view.run })}>${text.clear}</button>` : nothing}
  </div>`;

/** The controls above the grid: which pairs, and how they are shown. */
export function galleryToolbar(view: GalleryState, source: GallerySource, sources: GallerySource[], pages: PairPages | null, change: Change): TemplateResult {
  const layouts = [['rows', rowsIcon], ['tiles', tilesIcon]] as const;
  return html`<div class="toolbars">
    ${filters(view, source, sources, change)}
    <div class="toolbar" role="group" aria-label=${text.shownAs}>
      ${select('sort', text.sort, Object.entries(text.sorts), view.sort, (sort) => change({ sort: sort as PairSort, firstRow: 0 }))}
      <button class="secondary order" aria-pressed=${view.ascending ? 'true' : 'false'} @click=${() => change({ ascending: !view.ascending, firstRow: 0 })}>${view.ascending ? upIcon() : downIcon()}${view.ascending ? text.smallest : text.largest}</button>
      <span class="layouts" role="group" aria-label=${text.layout}>${layouts.map(([layout, icon]) => html`
        <button class="icon" name=${layout} title=${text.layouts[layout]} aria-label=${text.layouts[layout]} aria-pressed=${view.layout === layout ? 'true' : 'false'} @click=${() => change({ layout })}>${icon()}</button>`)}</span>
      ${select('amplification', text.amplification, AMPLIFICATIONS.map((factor) => [String(factor), text.amplificationName(factor)]), String(view.amplification), (factor) => change({ amplification: Number(factor) }))}
      <span class="counts" role="status">${pages?.total == null ? nothing : text.counts(pages.total, pages.all)}</span>
    </div></div>`;
}
