/**
 * The gallery of pairs: a grid of which only the rows in sight exist. Rows come by pages, pictures row by row; both are asked
 * for only while their row is in sight.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { PairRow } from '../../src/protocol.ts';
import { infoIcon } from '../icons.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { galleryStyles } from '../styles/gallery.ts';
import type { GalleryState } from '../viewState.ts';
import { queryOf } from './filter.ts';
import { layoutOf, type Layout } from './layout.ts';
import { LineScroller } from './lineScroller.ts';
import { headLine, rowLine, tileLine, type ShownPair } from './lines.ts';
import { PairPages, type PairsFilter } from './pages.ts';
import { PictureCache } from './pictures.ts';
import type { GallerySource } from './sources.ts';
import { galleryToolbar } from './toolbar.ts';
import './pairDialog.ts';
import type { PairDialog } from './pairDialog.ts';

const PICTURE_SIDE = 108;
const KEPT_PICTURES = 96;
const SKELETON_ROWS = 24;
const HEAD_HEIGHT = 26;
/** Milliseconds that new pairs have to come before skeletons take the place of the old ones. Most come sooner, and nothing is drawn in between. */
const PATIENCE = 150;
/** Lines below the window whose pictures are asked for after those in it. */
const LINES_AHEAD = 3;

@customElement('model-stability-gallery')
export class Gallery extends LitElement {
  static override styles = [baseStyles, galleryStyles];

  @property({ attribute: false }) host!: CallHost;
  @property({ attribute: false }) sources: GallerySource[] = [];
  @property({ attribute: false }) view!: GalleryState;
  @state() private width = 800;
  @state() private active = 0;
  @query('.grid') private grid!: HTMLElement | null;
  @query('model-stability-pair') private dialog!: PairDialog | null;

  /** The pairs on screen, and those of a new choice, which take their place when they are there. */
  @state() private pages: PairPages | null = null;
  @state() private coming: PairPages | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private pictures!: PictureCache;
  private scroller: LineScroller | null = null;
  private readonly resized = new ResizeObserver(([entry]) => { this.width = entry?.contentRect.width ?? this.width; });
  private placed = false;
  /** The layout that was drawn last; after another one, the same pair is brought back to the top. */
  private drawn: Layout | null = null;
  private returnTo: number | null = null;
  /** First pair on screen, as `view.firstRow`, which is told of it when scrolling pauses. */
  private firstRow = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.pictures = new PictureCache((query) => this.host('pairPictures', query), () => this.requestUpdate(), KEPT_PICTURES);
    this.resized.observe(this);
    this.firstRow = this.view.firstRow;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.patience);
    this.keepPlace();
    this.scroller?.stop();
    this.scroller = null;
    this.pictures.clear();
    this.resized.disconnect();
  }

  /** The evaluation on screen: the chosen one where it is among the sources, else the first. */
  private get source(): GallerySource | undefined {
    return this.sources.find(({ run }) => run === this.view.run) ?? this.sources[0];
  }

  /** The evaluation whose pairs are on screen, while those of another are coming. */
  private get shownSource(): GallerySource | undefined {
    return this.sources.find(({ run }) => run === this.pages?.filter.run) ?? this.source;
  }

  private get layout(): Layout {
    return layoutOf(this.width, this.view.layout);
  }

  /** Pairs that can be scrolled to; where nothing has come for a while, a screen of skeletons. */
  private get rowCount(): number {
    return this.pages?.total ?? (this.coming ? 0 : SKELETON_ROWS);
  }

  protected override willUpdate(): void {
    const source = this.source;
    const filter = source ? queryOf(source, this.view) : null;
    if (JSON.stringify(filter) !== JSON.stringify((this.coming ?? this.pages)?.filter ?? null)) this.startPages(filter);
    const { kind, perLine } = this.layout;
    // Before the rows are drawn, so that they are those of the present number and height.
    this.setLines();
    if (this.drawn?.kind !== kind || this.drawn.perLine !== perLine) {
      if (this.placed && this.drawn) this.returnTo = this.firstRow;
      this.drawn = this.layout;
    }
  }

  private startPages(filter: PairsFilter | null): void {
    const pages = filter && new PairPages(filter, (query) => this.host('pairs', query), () => this.pagesChanged(pages));
    clearTimeout(this.patience);
    this.coming = pages;
    if (pages) this.patience = setTimeout(() => this.arrive(pages), PATIENCE);
    else this.pages = null;
    pages?.want(this.view.firstRow, this.view.firstRow + 1);
  }

  private pagesChanged(pages: PairPages | null): void {
    if (pages === this.coming) this.arrive(pages);
    this.requestUpdate();
    this.dialog?.refresh();
  }

  /** Puts new pairs in the place of the old ones, from their first. */
  private arrive(pages: PairPages | null): void {
    clearTimeout(this.patience);
    const isFirst = this.pages === null;
    this.pages = pages;
    this.coming = null;
    if (isFirst) return;
    this.active = 0;
    this.firstRow = 0;
    this.scroller?.scrollTo(0);
  }

  protected override updated(): void {
    const grid = this.grid;
    if (this.scroller && this.scroller.element !== grid) {
      this.scroller.stop();
      this.scroller = null;
    }
    // A message stands in the place of the grid.
    if (!grid) return;
    if (!this.scroller) {
      this.scroller = new LineScroller(grid, () => this.onScrolled(), () => this.keepPlace());
      this.setLines();
    }
    grid.style.setProperty('--rows-height', `${this.scroller.contentHeight}px`);
    grid.style.setProperty('--columns', String(this.layout.perLine));
    if (!this.placed && (this.pages?.total ?? 0) > 0) {
      this.placed = true;
      this.active = Math.min(this.rowCount - 1, Math.floor(this.view.firstRow));
      if (this.view.firstRow > 0) this.returnTo = this.view.firstRow;
    }
    if (this.returnTo !== null) {
      this.scroller.scrollTo(this.topOf(this.returnTo));
      this.returnTo = null;
      this.requestUpdate();
    }
    for (const line of grid.querySelectorAll<HTMLElement>('.line')) line.style.setProperty('--top', `${this.scroller.placeOf(Number(line.dataset['line']))}px`);
    this.ask();
  }

  private setLines(): void {
    const { kind, height, perLine } = this.layout;
    this.scroller?.setLines({ count: Math.ceil(this.rowCount / perLine), height, covered: kind === 'tiles' ? 0 : HEAD_HEIGHT });
  }

  /** Where a pair's line begins; the fraction of a pair is one of its line. */
  private topOf(row: number): number {
    const { height, perLine } = this.layout;
    return (perLine === 1 ? row : Math.floor(row / perLine)) * height;
  }

  private onScrolled(): void {
    if (this.placed && this.scroller) this.firstRow = this.scroller.offset / this.layout.height * this.layout.perLine;
    this.requestUpdate();
  }

  /** Tells where the gallery stands: the panel is drawn anew and stores its state, which is too much for each frame of scrolling. */
  private keepPlace(): void {
    if (this.placed && !this.coming && this.firstRow !== this.view.firstRow) this.keep({ firstRow: this.firstRow });
  }

  /** Asks for the rows and pictures in sight, then for what comes next, and for nothing that was left behind. */
  private ask(): void {
    const range = this.scroller?.inSight;
    const source = this.shownSource;
    // What is on screen only until the new pairs come would keep them waiting.
    if (!range || !source || !this.pages || this.coming) return;
    const { perLine } = this.layout;
    this.pages.want(range.first * perLine, (range.last + 1) * perLine);
    const lines: PairRow[] = [];
    for (let index = range.first * perLine; index < (range.last + 1 + LINES_AHEAD) * perLine; index++) {
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
    const { height, perLine, kind } = this.layout;
    const page = Math.max(1, Math.floor((this.scroller?.visible ?? height) / height) - 1) * perLine;
    const moves: Record<string, number> = { ArrowDown: perLine, ArrowUp: -perLine, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity, ...(kind === 'tiles' ? { ArrowRight: 1, ArrowLeft: -1 } : {}) };
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
    this.scroller?.reveal(Math.floor(index / this.layout.perLine));
    this.onScrolled();
  }

  private readonly onClick = (event: Event): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (!row) return;
    this.active = Number(row.dataset['index']);
    this.open(this.active);
  };

  private open(index: number): void {
    const source = this.shownSource;
    if (source && this.pages?.row(index)) this.dialog?.show({ source, pages: this.pages, index, count: this.rowCount, amplification: this.view.amplification });
  }

  protected override render(): TemplateResult {
    const source = this.source;
    if (!source) return html`<p class="empty">${strings.empty.noPairs[0]}</p>`;
    return html`
      ${guard([this.view, this.sources, this.pages?.total, this.pages?.all], () => galleryToolbar(this.view, source, this.sources, this.pages, (change) => this.keep(change)))}
      ${source.kept === 'all' ? nothing : html`<p class="note muted">${infoIcon()} ${strings.gallery.worstOnly(source.kept)}</p>`}
      ${this.content()}
      <model-stability-pair .host=${this.host} @pair-shown=${(event: CustomEvent<number>) => this.select(event.detail)} @amplification=${(event: CustomEvent<number>) => this.keep({ amplification: event.detail })}></model-stability-pair>`;
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
    const { kind, perLine } = this.layout;
    const drawn = this.scroller?.drawn ?? [];
    const activeInSight = drawn.includes(Math.floor(this.active / perLine));
    // Keys wrap around, so that a line that leaves lends its elements to the one that comes. Where they wrap must not depend on how
    // many lines are in sight, which changes from frame to frame while scrolling: all lines would change their elements.
    const pool = this.scroller?.mostDrawn ?? 1;
    const head = kind === 'tiles' ? 0 : 1;
    const lines = Math.ceil(this.rowCount / perLine);
    return html`
      <div class="grid ${kind}" role="grid" tabindex="0" aria-label=${strings.gallery.grid} aria-describedby="keys"
        aria-rowcount=${pages?.total == null ? -1 : lines + head} aria-colcount=${kind === 'tiles' ? perLine : 5} aria-busy=${this.coming !== null || pages?.total === null ? 'true' : 'false'}
        aria-activedescendant=${activeInSight ? `row-${this.active}` : nothing} @keydown=${this.onKey} @click=${this.onClick}>
        ${kind === 'tiles' ? nothing : headLine(this.view.amplification)}
        <div class="rows" role="rowgroup">
          ${repeat(drawn, (line) => line % pool, (line) => this.line(line))}
        </div>
      </div>
      <span id="keys" class="hidden">${kind === 'tiles' ? strings.gallery.tileKeys : strings.gallery.keys}</span>`;
  }

  /** A pair and its pictures, as far as they are there. */
  private shown(index: number): ShownPair {
    const pair = this.pages?.row(index);
    const source = this.shownSource;
    return { index, pair, pictures: pair && source ? this.pictures.get(this.pictureQuery(source, pair.line)) : undefined, isActive: index === this.active };
  }

  private line(index: number): unknown {
    const { kind, perLine, answers } = this.layout;
    if (kind !== 'tiles') return rowLine(this.shown(index), this.pages?.maxFeatureDistance ?? 0, answers);
    const first = index * perLine;
    return tileLine(index, Array.from({ length: Math.min(perLine, this.rowCount - first) }, (_, place) => this.shown(first + place)));
  }
}
