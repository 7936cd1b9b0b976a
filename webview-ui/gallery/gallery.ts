/**
 * The gallery of pairs: a grid of which only the rows in sight exist. Rows come by pages, pictures row by row; both are asked
 * for only while their row is in sight.
 */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { PairRow } from '../../src/protocol.ts';
import { count, distortionName } from '../format.ts';
import { infoIcon } from '../icons.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { galleryStyles } from '../styles/gallery.ts';
import type { GalleryState } from '../viewState.ts';
import { PairPages, type PairsFilter } from './pages.ts';
import { PictureCache } from './pictures.ts';
import { rowCells } from './row.ts';
import type { GallerySource } from './sources.ts';
import { galleryToolbar } from './toolbar.ts';
import './pairDialog.ts';
import type { PairDialog } from './pairDialog.ts';

/** Heights of a row in pixels. The style sheet fits its content into them. */
const WIDE_ROW = 132;
const NARROW_ROW = 284;
const NARROW_BELOW = 640;
const PICTURE_SIDE = 108;
/** Browsers clamp elements near 33.5 million pixels; more rows than fit are left to the filters. */
const MOST_PIXELS = 30_000_000;
const KEPT_PICTURES = 96;
const SKELETON_ROWS = 8;
const HEAD_HEIGHT = 26;
/** Rows below the window whose pictures are asked for after those in it. */
const ROWS_AHEAD = 3;

@customElement('model-stability-gallery')
export class Gallery extends LitElement {
  static override styles = [baseStyles, galleryStyles];

  @property({ attribute: false }) host!: CallHost;
  @property({ attribute: false }) sources: GallerySource[] = [];
  @property({ attribute: false }) view!: GalleryState;
  @state() private narrow = false;
  @state() private active = 0;
  @query('.grid') private grid!: HTMLElement | null;
  @query('model-stability-pair') private dialog!: PairDialog | null;

  private pages: PairPages | null = null;
  private pictures!: PictureCache;
  private virtualizer: Virtualizer<HTMLElement, HTMLElement> | null = null;
  private stopVirtualizer: (() => void) | null = null;
  private readonly resized = new ResizeObserver(([entry]) => { this.narrow = (entry?.contentRect.width ?? NARROW_BELOW) < NARROW_BELOW; });
  private placed = false;
  /** Row to bring back to the top after the rows' height has changed. */
  private returnTo: number | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.pictures = new PictureCache((query) => this.host('pairPictures', query), () => this.requestUpdate(), KEPT_PICTURES);
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopVirtualizer?.();
    this.virtualizer = null;
    this.pictures.clear();
    this.resized.disconnect();
  }

  /** The evaluation on screen: the chosen one where it is among the sources, else the first. */
  private get source(): GallerySource | undefined {
    return this.sources.find(({ run }) => run === this.view.run) ?? this.sources[0];
  }

  private get rowHeight(): number {
    return this.narrow ? NARROW_ROW : WIDE_ROW;
  }

  /** Rows that can be scrolled to; a screen of skeletons while their number is not known. */
  private get rowCount(): number {
    return Math.min(this.pages?.total ?? SKELETON_ROWS, Math.floor(MOST_PIXELS / this.rowHeight));
  }

  private filter(source: GallerySource): PairsFilter {
    const { sort, ascending, distortion, changed } = this.view;
    const known = distortion && source.distortions.some(({ name, strength }) => name === distortion.name && strength === distortion.strength);
    return {
      run: source.run, sort,
      ...(ascending ? { ascending } : {}),
      ...(known ? { distortion: { name: distortion.name, strength: distortion.strength } } : {}),
      ...(changed === null ? {} : { changed }),
    };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const source = this.source;
    const filter = source ? this.filter(source) : null;
    if (JSON.stringify(filter) !== JSON.stringify(this.pages?.filter ?? null)) this.startPages(filter);
    // Before the rows are drawn, so that they are those of the present number and height.
    if (this.virtualizer && this.grid) this.virtualizer.setOptions(this.virtualizerOptions(this.grid));
    if (changed.has('narrow' as never)) {
      if (this.placed) this.returnTo = this.view.firstRow;
      this.virtualizer?.measure();
    }
  }

  private startPages(filter: PairsFilter | null): void {
    if (this.pages !== null) {
      this.active = 0;
      if (this.grid) this.grid.scrollTop = 0;
    }
    this.pages = filter && new PairPages(filter, (query) => this.host('pairs', query), () => { this.requestUpdate(); this.dialog?.refresh(); });
    this.pages?.want(this.view.firstRow, this.view.firstRow + 1);
  }

  protected override updated(): void {
    const grid = this.grid;
    if (!grid) return;
    if (!this.virtualizer) {
      this.virtualizer = new Virtualizer<HTMLElement, HTMLElement>(this.virtualizerOptions(grid));
      this.stopVirtualizer = this.virtualizer._didMount();
      this.requestUpdate();
    }
    this.virtualizer._willUpdate();
    grid.style.setProperty('--rows-height', `${this.virtualizer.getTotalSize()}px`);
    if (!this.placed && (this.pages?.total ?? 0) > 0) {
      this.placed = true;
      this.active = Math.min(this.rowCount - 1, Math.floor(this.view.firstRow));
      if (this.view.firstRow > 0) grid.scrollTop = this.view.firstRow * this.rowHeight;
      this.requestUpdate();
    }
    if (this.returnTo !== null) {
      grid.scrollTop = this.returnTo * this.rowHeight;
      this.returnTo = null;
    }
    for (const row of grid.querySelectorAll<HTMLElement>('.row')) row.style.setProperty('--top', `${Number(row.dataset['index']) * this.rowHeight}px`);
    this.ask();
  }

  private virtualizerOptions(grid: HTMLElement): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: this.rowCount,
      getScrollElement: () => grid,
      estimateSize: () => this.rowHeight,
      overscan: 3,
      scrollPaddingEnd: HEAD_HEIGHT,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: (virtualizer) => {
        if (this.placed && virtualizer.scrollOffset !== null) this.keep({ firstRow: virtualizer.scrollOffset / this.rowHeight });
        this.requestUpdate();
      },
    };
  }

  /** Asks for the rows and pictures in sight, then for what comes next, and for nothing that was left behind. */
  private ask(): void {
    const range = this.virtualizer?.range;
    const source = this.source;
    if (!range || !source || !this.pages) return;
    this.pages.want(range.startIndex, range.endIndex + 1);
    const lines: PairRow[] = [];
    for (let index = range.startIndex; index <= range.endIndex + ROWS_AHEAD; index++) {
      const row = this.pages.row(index);
      if (row) lines.push(row);
    }
    this.pictures.want(lines.map(({ line }) => this.pictureQuery(source, line)));
  }

  private pictureQuery(source: GallerySource, line: number): { run: string; line: number; size: number; amplification: number } {
    return { run: source.run, line, size: Math.round(PICTURE_SIDE * Math.min(2, window.devicePixelRatio)), amplification: this.view.amplification };
  }

  private keep(change: Partial<GalleryState>): void {
    this.dispatchEvent(new CustomEvent<Partial<GalleryState>>('gallery-state', { detail: change }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = Math.max(1, Math.floor((this.grid?.clientHeight ?? this.rowHeight) / this.rowHeight) - 1);
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: rows, PageUp: -rows, Home: -Infinity, End: Infinity };
    if (event.key === 'Enter' || event.key === ' ') {
      this.open(this.active);
    } else if (event.key in moves) {
      this.select(Math.max(0, Math.min(this.rowCount - 1, this.active + moves[event.key]!)));
    } else {
      return;
    }
    event.preventDefault();
  };

  /** Makes a row the active one and brings it into sight, below the header that stays on top. */
  private select(index: number): void {
    this.active = index;
    this.virtualizer?.scrollToIndex(index);
  }

  private readonly onClick = (event: Event): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('.row');
    if (!row) return;
    this.active = Number(row.dataset['index']);
    this.open(this.active);
  };

  private open(index: number): void {
    const source = this.source;
    if (source && this.pages?.row(index)) this.dialog?.show({ source, pages: this.pages, index, count: this.rowCount, amplification: this.view.amplification });
  }

  protected override render(): TemplateResult {
    const source = this.source;
    if (!source) return html`<p class="empty">${strings.empty.noPairs[0]}</p>`;
    return html`
      ${galleryToolbar(this.view, source, this.sources, this.pages, (change) => this.keep(change))}
      ${this.note(source)}
      ${this.content()}
      <model-stability-pair .host=${this.host} @pair-shown=${(event: CustomEvent<number>) => this.select(event.detail)}></model-stability-pair>`;
  }

  private note(source: GallerySource): TemplateResult | typeof nothing {
    const notes = [
      ...(source.kept === 'all' ? [] : [strings.gallery.worstOnly(source.kept)]),
      ...((this.pages?.total ?? 0) > this.rowCount ? [strings.gallery.capped(this.rowCount)] : []),
    ];
    return notes.length === 0 ? nothing : html`<p class="note muted">${infoIcon()} ${notes.join(' · ')}</p>`;
  }

  private content(): TemplateResult {
    const pages = this.pages;
    if (pages?.error) {
      return html`<div class="message" role="alert"><b>${strings.gallery.failed}</b><p>${pages.error.message}</p>
        <button class="secondary" @click=${() => { pages.retry(); this.requestUpdate(); }}>${strings.gallery.retry}</button></div>`;
    }
    if (pages?.total === 0) {
      const [title, advice] = pages.all === 0 ? strings.empty.noPairs : strings.empty.noMatch;
      return html`<div class="message"><b>${title}</b><p class="muted">${advice}</p></div>`;
    }
    const columns = strings.gallery.columns;
    const items = this.virtualizer?.getVirtualItems() ?? [];
    const activeInSight = items.some(({ index }) => index === this.active);
    // Keys wrap around, so that a row that leaves lends its elements to the one that comes.
    const pool = items.length;
    return html`
      <div class="grid ${this.narrow ? 'narrow' : 'wide'}" role="grid" tabindex="0" aria-label=${strings.gallery.grid} aria-describedby="keys"
        aria-rowcount=${pages?.total === null ? -1 : this.rowCount + 1} aria-colcount="5" aria-busy=${pages?.total === null ? 'true' : 'false'}
        aria-activedescendant=${activeInSight ? `row-${this.active}` : nothing} @keydown=${this.onKey} @click=${this.onClick}>
        <div class="head" role="rowgroup"><div role="row" class="head-row" aria-rowindex="1">
          <span role="columnheader">${columns.a}</span><span role="columnheader">${columns.b}</span>
          <span role="columnheader" title=${strings.gallery.whiteMeans(this.view.amplification)}>${columns.difference(this.view.amplification)}</span>
          <span role="columnheader">${columns.distance}</span><span role="columnheader">${columns.answers}</span>
        </div></div>
        <div class="rows" role="rowgroup">
          ${repeat(items, ({ index }) => index % pool, ({ index }) => this.row(index))}
        </div>
      </div>
      <span id="keys" class="hidden">${strings.gallery.keys}</span>`;
  }

  private row(index: number): TemplateResult {
    const pair = this.pages?.row(index);
    const source = this.source;
    const pictures = pair && source ? this.pictures.get(this.pictureQuery(source, pair.line)) : undefined;
    const label = pair ? strings.gallery.rowLabel(index + 1, pair.image, distortionName({ name: pair.distortion, strength: pair.strength })) : strings.gallery.loading(index + 1);
    return html`<div class="row ${index === this.active ? 'active' : ''}" role="row" id="row-${index}" data-index=${index} aria-rowindex=${index + 2} aria-selected=${index === this.active ? 'true' : 'false'} aria-label=${label} title=${pair ? nothing : count(index + 1)}>
      ${rowCells(index, pair, pictures, this.pages?.maxFeatureDistance ?? 0, this.narrow ? 3 : 4)}
    </div>`;
  }
}
