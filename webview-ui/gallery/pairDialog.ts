/** A pair opened large: A, B and their difference side by side, all numbers, all answers, keys for its neighbours. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { PairPicturesQuery, PairRow } from '../../src/protocol.ts';
import { placeOnScale } from '../charts/placeOnScale.ts';
import { baseName, distortionName, measure, rank } from '../format.ts';
import { nextIcon, previousIcon, wrongIcon } from '../icons.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { galleryStyles } from '../styles/gallery.ts';
import { pairDialogStyles } from '../styles/pairDialog.ts';
import { answers } from './answers.ts';
import type { PairPages } from './pages.ts';
import { PictureCache } from './pictures.ts';
import './pairStage.ts';
import type { PairStage } from './pairStage.ts';
import { answerBars, labelLine, pairName } from './row.ts';
import type { GallerySource } from './sources.ts';
import { AMPLIFICATIONS } from './toolbar.ts';

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
  @query('model-stability-pair-stage') private stage!: PairStage | null;
  @state() private done: string | null = null;
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
    this.done = null;
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
    if (!this.pair || event.ctrlKey || event.metaKey || event.altKey || event.composedPath()[0] instanceof HTMLInputElement) return;
    const move = event.shiftKey ? undefined : { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 1, PageUp: -1 }[event.key];
    if (move !== undefined) this.goTo(this.pair.index + move);
    else if (!this.stage?.key(event)) return;
    event.preventDefault();
  };

  private amplify(amplification: number): void {
    if (!this.pair) return;
    this.pair = { ...this.pair, amplification };
    this.dispatchEvent(new CustomEvent<number>('amplification', { detail: amplification }));
    this.ask();
    this.requestUpdate();
  }

  /** Calls the host, and says in the dialog what came of it: what is behind the dialog cannot be seen. */
  private async act(what: Promise<unknown>, done: (answer: unknown) => string | null): Promise<void> {
    try {
      this.done = done(await what);
    } catch (error) {
      this.done = error instanceof Error ? error.message : String(error);
    }
  }

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
    const columns = strings.gallery.columns;
    const step = Math.max(0, AMPLIFICATIONS.indexOf(open.amplification));
    return html`
      <p class="labels">${labelLine(row)}<span class="hidden">${pairName(row)}</span></p>
      <model-stability-pair-stage .pair=${row} .pictures=${pictures} .amplification=${open.amplification}></model-stability-pair-stage>
      <div class="actions">
        <label class="slider">${strings.gallery.amplification}
          <input name="amplification" type="range" min="0" max=${AMPLIFICATIONS.length - 1} step="1" .value=${String(step)} aria-valuetext=${strings.gallery.amplificationName(open.amplification)}
            @input=${(event: Event) => this.amplify(AMPLIFICATIONS[Number((event.target as HTMLInputElement).value)]!)}> <b>${strings.gallery.amplificationName(open.amplification)}</b></label>
        ${this.fileButtons(open, row)}
        <span role="status">${this.done ?? ''}</span>
      </div>
      <div class="facts">
        ${this.measures(open, row)}
        <section aria-label=${text.answers}>
          <p class="muted">${columns.answers}</p>
          ${answers(row).map(answerBars)}
        </section>
      </div>
      <p class="muted keys">${text.keys}</p>`;
  }

  private fileButtons({ source, amplification }: OpenPair, row: PairRow): TemplateResult {
    const path = `${source.images}/${row.image}`;
    const name = `${baseName(row.image).replace(/\.[^.]*$/, '')}-${row.distortion}-${row.strength}.png`;
    return html`
      ${source.images === '' ? nothing : html`
        <button class="secondary" name="reveal" @click=${() => void this.act(this.host('revealFile', { path }), () => null)}>${text.reveal}</button>
        <button class="secondary" name="copy" @click=${() => void this.act(this.host('copyText', { text: path }), () => text.copied)}>${text.copy}</button>`}
      <button class="secondary" name="save" @click=${() => void this.act(this.host('savePair', { run: source.run, line: row.line, amplification, name }), (saved) => saved === true ? text.saved : null)}>${text.save}</button>`;
  }

  private measures(open: OpenPair, row: PairRow): TemplateResult {
    const names = strings.gallery.measures;
    return html`
      <section aria-label=${text.measures}>
        <div class="scale-line">${placeOnScale(row.featureDistance, open.pages.maxFeatureDistance)}<span class="muted">0</span><span class="muted">${measure(open.pages.maxFeatureDistance)}</span></div>
        <dl>
          <dt>${names.featureDistance}</dt><dd><b>${measure(row.featureDistance)}</b>, ${strings.gallery.larger(rank(row.rank))}</dd>
          <dt>${names.klDivergence}</dt><dd>${measure(row.klDivergence)}</dd>
          <dt>${names.jsDivergence}</dt><dd>${measure(row.jsDivergence)}</dd>
          <dt>${names.pixelDifference}</dt><dd>${measure(row.pixelDifference)}</dd>
          <dt>${text.distortion}</dt><dd>${distortionName({ name: row.distortion, strength: row.strength })}</dd>
          <dt>${text.truth}</dt><dd>${row.truth ?? text.unknown}</dd>
          ${row.before ? html`<dt>${text.before}</dt><dd>${strings.gallery.beforeLabels(row.before.labelA, row.before.labelB)}, ${names.featureDistance} ${measure(row.before.featureDistance)}</dd>` : nothing}
          <dt>${text.image}</dt><dd>${row.image}</dd>
        </dl>
      </section>`;
  }
}
