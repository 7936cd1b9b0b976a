/** A pair opened large: A, B and their difference side by side, all numbers, all answers, keys for its neighbours. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { PairPicturesQuery, PairRow } from '../../src/protocol.ts';
import { placeOnScale } from '../charts/placeOnScale.ts';
import { distortionName, measure, rank } from '../format.ts';
import { nextIcon, previousIcon, wrongIcon } from '../icons.ts';
import type { CallHost } from '../rpc.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { galleryStyles } from '../styles/gallery.ts';
import { pairDialogStyles } from '../styles/pairDialog.ts';
import { answers } from './answers.ts';
import type { PairPages } from './pages.ts';
import { PictureCache } from './pictures.ts';
import { answerBars, labelLine, picture } from './row.ts';
import type { GallerySource } from './sources.ts';

const LARGE_SIDE = 512;
const KEPT_PICTURES = 8;
const text = strings.pair;

/** What is open, and where it stands in the gallery. */
export interface OpenPair {
  source: GallerySource;
  pages: PairPages;
  index: number;
  count: number;
  amplification: number;
}

@customElement('model-stability-pair')
export class PairDialog extends LitElement {
  static override styles = [baseStyles, galleryStyles, pairDialogStyles];

  @property({ attribute: false }) host!: CallHost;
  @query('dialog') private dialog!: HTMLDialogElement | null;
  private pair: OpenPair | null = null;
  private pictures: PictureCache | null = null;

  /** Opens a pair; its pages are asked for neighbours as the user goes on. */
  show(pair: OpenPair): void {
    this.pictures ??= new PictureCache((query) => this.host('pairPictures', query), () => this.requestUpdate(), KEPT_PICTURES);
    this.pair = pair;
    this.goTo(pair.index);
    if (!this.dialog?.open) this.dialog?.showModal();
  }

  private goTo(index: number): void {
    const pair = this.pair;
    if (!pair || index < 0 || index >= pair.count) return;
    pair.index = index;
    this.ask();
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent<number>('pair-shown', { detail: index }));
  }

  private ask(): void {
    if (!this.pair) return;
    const { pages, index, source, amplification } = this.pair;
    const row = pages.row(index);
    if (row) this.pictures?.want([this.pictureQuery(source, row, amplification)]);
  }

  private pictureQuery(source: GallerySource, row: PairRow, amplification: number): PairPicturesQuery {
    return { run: source.run, line: row.line, size: LARGE_SIDE, amplification };
  }

  /** The gallery's pages have changed: the open pair may have arrived. */
  refresh(): void {
    if (this.pair === null) return;
    this.ask();
    this.requestUpdate();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const move = moves[event.key];
    if (move === undefined || !this.pair) return;
    event.preventDefault();
    this.goTo(this.pair.index + move);
  };

  private readonly onClose = (): void => {
    this.pair = null;
    this.pictures?.clear();
    this.pictures = null;
    this.requestUpdate();
  };

  protected override render(): TemplateResult {
    const open = this.pair;
    const row = open?.pages.row(open.index);
    return html`
      <dialog aria-labelledby="title" @keydown=${this.onKey} @close=${this.onClose}>
        ${open === null ? nothing : html`
          <header>
            <h2 id="title">${text.title(open.index + 1, open.count)}</h2>
            <button class="icon" aria-label=${text.previous} title=${text.previous} ?disabled=${open.index === 0} @click=${() => this.goTo(open.index - 1)}>${previousIcon()}</button>
            <button class="icon" aria-label=${text.next} title=${text.next} ?disabled=${open.index === open.count - 1} @click=${() => this.goTo(open.index + 1)}>${nextIcon()}</button>
            <button class="icon close" autofocus aria-label=${strings.close} title=${strings.close} @click=${() => this.dialog?.close()}>${wrongIcon()}</button>
          </header>
          ${row ? this.content(open, row) : html`<p class="muted">${strings.gallery.loading(open.index + 1)}</p>`}`}
      </dialog>`;
  }

  private content(open: OpenPair, row: PairRow): TemplateResult {
    const pictures = this.pictures?.get(this.pictureQuery(open.source, row, open.amplification));
    const spec = { name: row.distortion, strength: row.strength };
    const columns = strings.gallery.columns;
    const names = strings.gallery.measures;
    return html`
      <p class="labels">${labelLine(row)}</p>
      <div class="large">
        <figure>${picture(pictures, 'a', row)}<figcaption>${columns.a}</figcaption></figure>
        <figure>${picture(pictures, 'b', row)}<figcaption>${columns.b}: ${distortionMeaning(spec)}</figcaption></figure>
        <figure>${picture(pictures, 'difference', row)}<figcaption>${columns.difference(open.amplification)} · ${strings.gallery.whiteMeans(open.amplification)}</figcaption></figure>
      </div>
      <div class="facts">
        <section aria-label=${text.measures}>
          <div class="scale-line">${placeOnScale(row.featureDistance, open.pages.maxFeatureDistance)}<span class="muted">0</span><span class="muted">${measure(open.pages.maxFeatureDistance)}</span></div>
          <dl>
            <dt>${names.featureDistance}</dt><dd><b>${measure(row.featureDistance)}</b>, ${strings.gallery.larger(rank(row.rank))}</dd>
            <dt>${names.klDivergence}</dt><dd>${measure(row.klDivergence)}</dd>
            <dt>${names.jsDivergence}</dt><dd>${measure(row.jsDivergence)}</dd>
            <dt>${names.pixelDifference}</dt><dd>${measure(row.pixelDifference)}</dd>
            <dt>${text.distortion}</dt><dd>${distortionName(spec)}</dd>
            <dt>${text.truth}</dt><dd>${row.truth ?? text.unknown}</dd>
            <dt>${text.image}</dt><dd><button class="link" @click=${() => void this.host('revealFile', { path: `${open.source.images}/${row.image}` })}>${row.image}</button></dd>
          </dl>
        </section>
        <section aria-label=${text.answers}>
          <p class="muted">${columns.answers}</p>
          ${answers(row).map(answerBars)}
        </section>
      </div>`;
  }
}
