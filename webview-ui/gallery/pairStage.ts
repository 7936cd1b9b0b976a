/**
 * The pictures of a pair, large: side by side, or one over the other by swipe, onion skin or blink. Zoom and pan are one for
 * all of them, and stay from pair to pair.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { PairRow } from '../../src/protocol.ts';
import { pauseIcon, playIcon } from '../icons.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { galleryStyles } from '../styles/gallery.ts';
import { pairStageStyles } from '../styles/pairStage.ts';
import type { ShownPictures } from './pictures.ts';
import { picture } from './row.ts';

const MODES = ['side', 'swipe', 'onion', 'blink'] as const;
type Mode = (typeof MODES)[number];
const MOST_ZOOM = 32;
/** A half of a second each: slow enough for everybody's eyes. */
const BLINK = 600;
const text = strings.stage;

@customElement('model-stability-pair-stage')
export class PairStage extends LitElement {
  static override styles = [baseStyles, galleryStyles, pairStageStyles];

  @property({ attribute: false }) pair!: PairRow;
  @property({ attribute: false }) pictures: ShownPictures | undefined;
  @property({ type: Number }) amplification = 8;
  @state() private mode: Mode = 'side';
  @state() private zoom = 1;
  /** Where the divider stands, or how much of B shows, in per cent. */
  @state() private mix = 50;
  @state() private showsB = false;
  @state() private blinks = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  /** Shift of the pictures in parts of a frame's side. */
  private shift = { x: 0, y: 0 };
  private timer: ReturnType<typeof setInterval> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Acts on a key of the dialog; false for one that is not the stage's. */
  key(event: KeyboardEvent): boolean {
    const pans: Record<string, [number, number]> = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    const pan = event.shiftKey ? pans[event.key] : undefined;
    const mode = MODES[Number(event.key) - 1];
    if (pan) this.moveBy(pan[0], pan[1]);
    else if (event.key === '+' || event.key === '=') this.zoomBy(1.5);
    else if (event.key === '-') this.zoomBy(1 / 1.5);
    else if (event.key === '0') this.reset();
    else if (mode) this.mode = mode;
    else if (event.key === 'b') this.turn();
    else return false;
    return true;
  }

  /** In blink, the other picture at once; elsewhere, blink. */
  private turn(): void {
    if (this.mode === 'blink') {
      this.blinks = false;
      this.showsB = !this.showsB;
    } else {
      this.mode = 'blink';
    }
  }

  private reset(): void {
    this.zoom = 1;
    this.shift = { x: 0, y: 0 };
    this.place();
  }

  private moveBy(x: number, y: number): void {
    const most = 0.5 * this.zoom;
    const within = (value: number): number => Math.max(-most, Math.min(most, value));
    this.shift = { x: within(this.shift.x + x), y: within(this.shift.y + y) };
    this.place();
  }

  /** Zooms so that what lies at a point stays there; the point is in parts of a frame's side from its middle. */
  private zoomBy(factor: number, point = { x: 0, y: 0 }): void {
    const zoom = Math.max(1, Math.min(MOST_ZOOM, this.zoom * factor));
    const keep = zoom / this.zoom;
    this.shift = { x: point.x - (point.x - this.shift.x) * keep, y: point.y - (point.y - this.shift.y) * keep };
    this.zoom = zoom;
    if (zoom === 1) this.shift = { x: 0, y: 0 };
    this.moveBy(0, 0);
  }

  private place(): void {
    this.style.setProperty('--zoom', String(this.zoom));
    this.style.setProperty('--x', `${this.shift.x * 100}%`);
    this.style.setProperty('--y', `${this.shift.y * 100}%`);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, { x: (event.clientX - box.left) / box.width - 0.5, y: (event.clientY - box.top) / box.height - 0.5 });
  };

  private readonly onDrag = (event: PointerEvent): void => {
    const frame = event.currentTarget as HTMLElement;
    if (event.type === 'pointerdown') frame.setPointerCapture(event.pointerId);
    if (event.type !== 'pointermove' || !frame.hasPointerCapture(event.pointerId)) return;
    const box = frame.getBoundingClientRect();
    if (this.mode === 'swipe' && this.zoom === 1) this.mix = Math.max(0, Math.min(100, 100 * (event.clientX - box.left) / box.width));
    else this.moveBy(event.movementX / box.width, event.movementY / box.height);
  };

  protected override willUpdate(changed: PropertyValues): void {
    this.style.setProperty('--mix', `${this.mix}%`);
    const isBlinking = this.mode === 'blink' && this.blinks;
    if (isBlinking && this.timer === undefined) this.timer = setInterval(() => { this.showsB = !this.showsB; }, BLINK);
    if (!isBlinking) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    if (changed.has('mode' as never)) this.mix = 50;
  }

  protected override render(): TemplateResult {
    return html`
      <div class="bar" role="toolbar" aria-label=${text.toolbar}>
        ${MODES.map((mode, index) => html`<button class="secondary mode" name=${mode} aria-pressed=${mode === this.mode ? 'true' : 'false'} title=${text.key(String(index + 1))} @click=${() => { this.mode = mode; }}>${text.modes[mode]}</button>`)}
        ${this.mode === 'swipe' || this.mode === 'onion' ? html`<label class="slider">${this.mode === 'swipe' ? text.divider : text.opacity}
          <input name="mix" type="range" min="0" max="100" .value=${String(this.mix)} @input=${(event: Event) => { this.mix = Number((event.target as HTMLInputElement).value); }}></label>` : nothing}
        ${this.mode === 'blink' ? html`<button class="secondary" name="blinks" @click=${() => { this.blinks = !this.blinks; }}>${this.blinks ? pauseIcon() : playIcon()}${this.blinks ? text.pause : text.play}</button>
          <button class="secondary" name="turn" title=${text.key('b')} @click=${() => this.turn()}>${text.other}</button>` : nothing}
        <span class="zoom" role="group" aria-label=${text.zoom}>
          <button class="secondary" name="zoomOut" aria-label=${text.zoomOut} title=${text.key('−')} ?disabled=${this.zoom === 1} @click=${() => this.zoomBy(1 / 1.5)}>−</button>
          <button class="secondary numbers" name="reset" aria-label=${text.reset(String(Math.round(this.zoom * 100)))} title=${text.key('0')} @click=${() => this.reset()}>${Math.round(this.zoom * 100)} %</button>
          <button class="secondary" name="zoomIn" aria-label=${text.zoomIn} title=${text.key('+')} @click=${() => this.zoomBy(1.5)}>+</button>
        </span>
      </div>
      <div class="stage ${this.mode}">${this.mode === 'side' ? html`${this.frame('a')}${this.frame('b')}${this.frame('difference')}` : html`${this.both()}${this.frame('difference')}`}</div>`;
  }

  private readonly caption = (side: 'a' | 'b' | 'difference'): string => {
    const columns = strings.gallery.columns;
    if (side === 'a') return columns.a;
    if (side === 'b') return `${columns.b}: ${distortionMeaning({ name: this.pair.distortion, strength: this.pair.strength })}`;
    return `${columns.difference(this.amplification)} · ${strings.gallery.whiteMeans(this.amplification)}`;
  };

  private surface(content: TemplateResult): TemplateResult {
    return html`<div class="surface" @wheel=${this.onWheel} @pointerdown=${this.onDrag} @pointermove=${this.onDrag} @dblclick=${() => this.zoom > 1 ? this.reset() : this.zoomBy(4)}>${content}</div>`;
  }

  private frame(side: 'a' | 'b' | 'difference'): TemplateResult {
    return html`<figure>${this.surface(picture(this.pictures, side, this.pair))}<figcaption>${this.caption(side)}</figcaption></figure>`;
  }

  /** A with B over it. */
  private both(): TemplateResult {
    const { mode } = this;
    const name = mode === 'blink' ? this.caption(this.showsB ? 'b' : 'a') : text.captions[mode as 'swipe' | 'onion'];
    return html`<figure>${this.surface(html`
      ${picture(this.pictures, 'a', this.pair)}
      <div class="over ${mode === 'blink' && !this.showsB ? 'gone' : ''}">${picture(this.pictures, 'b', this.pair)}</div>
      ${mode === 'swipe' ? html`<div class="divider"></div><span class="corner start">A</span><span class="corner end">B</span>` : nothing}
      ${mode === 'blink' ? html`<span class="corner start">${this.showsB ? 'B' : 'A'}</span>` : nothing}`)}<figcaption>${name}</figcaption></figure>`;
  }
}
