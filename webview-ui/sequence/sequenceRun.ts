/**
 * A run of video frames: the probabilities of a clip's classes over time with its flips marked, the two neighbours at the
 * cursor side by side, and the frames around them. Flips are stepped through by keys.
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Clip, Frame, Sequence } from '../../src/engine/results.ts';
import type { ClipCurves } from '../../src/engine/runs/queries.ts';
import { lineChart } from '../charts/lineChart.ts';
import { interval, measure, percent, probability } from '../format.ts';
import { changedIcon, keptIcon, nextIcon, previousIcon } from '../icons.ts';
import { phrase, warnings } from '../parts.ts';
import { howItWasMade } from '../provenance.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { lineChartStyles } from '../styles/lineChart.ts';
import { overviewStyles } from '../styles/overview.ts';
import { sequenceStyles } from '../styles/sequence.ts';
import { FramePictures } from './framePictures.ts';

const text = strings.sequence;
/** Side of a picture in pixels as it is asked for; shown smaller in the strip. */
const SIDE = 320;
/** Frames of the strip on either side of the cursor. */
const AROUND = 4;
/** Frames that the chart shows at once: more of them would be a smear. */
const WINDOW = 240;
/** Height of the chart in pixels. */
const CHART = 180;

/** Where the view stands: a frame of a clip. */
export interface SequenceState {
  run: string | null;
  clip: number;
  /** From 0, in the clip. */
  frame: number;
}

@customElement('model-stability-sequence')
export class SequenceRun extends LitElement {
  static override styles = [baseStyles, overviewStyles, lineChartStyles, sequenceStyles];

  @property({ attribute: false }) host!: CallHost;
  @property() run = '';
  @property({ attribute: false }) result!: Sequence;
  @property({ attribute: false }) view!: SequenceState;
  @state() private curves: ClipCurves | null = null;
  @state() private failed: string | null = null;
  private curvesOf = '';
  private readonly frames = new Map<number, Frame>();
  private readonly asked = new Set<number>();
  private pictures!: FramePictures;

  override connectedCallback(): void {
    super.connectedCallback();
    this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.pictures.clear();
  }

  private start(): void {
    this.frames.clear();
    this.asked.clear();
    this.curvesOf = '';
    this.pictures = new FramePictures((frame) => this.host('framePicture', { run: this.run, frame, size: SIDE }), () => this.requestUpdate());
  }

  /** The clip on screen; the one with most flips where none was chosen yet. */
  private get place(): { clip: Clip; index: number; frame: number } {
    const { clips } = this.result;
    const isKnown = this.view.run === this.run && clips[this.view.clip] !== undefined;
    const most = clips.reduce((best, clip, index) => (clip.flips > clips[best]!.flips ? index : best), 0);
    const index = isKnown ? this.view.clip : most;
    const clip = clips[index]!;
    const firstFlip = this.curvesOf === this.keyOf(index) ? this.curves?.flips[0] : undefined;
    return { clip, index, frame: Math.min(clip.frames - 1, isKnown ? this.view.frame : firstFlip ?? 1) };
  }

  private keyOf(clip: number): string {
    return `${this.run}\n${clip}`;
  }

  private goTo(frame: number, clip = this.place.index): void {
    const last = this.result.clips[clip]!.frames - 1;
    this.dispatchEvent(new CustomEvent<SequenceState>('sequence-state', { detail: { run: this.run, clip, frame: Math.max(0, Math.min(last, frame)) } }));
  }

  /** Goes to the next flip, or the one before; where the clip has no more, to that of another clip. */
  private async step(direction: 1 | -1): Promise<void> {
    const { index, frame } = this.place;
    const own = this.curves?.flips ?? [];
    const next = direction > 0 ? own.find((flip) => flip > frame) : own.findLast((flip) => flip < frame);
    if (next !== undefined) {
      this.goTo(next);
      return;
    }
    const { clips } = this.result;
    for (let other = index + direction; other >= 0 && other < clips.length; other += direction) {
      if (clips[other]!.flips === 0) continue;
      try {
        const { flips } = await this.host('clipCurves', { run: this.run, clip: other });
        this.goTo(direction > 0 ? flips[0]! : flips.at(-1)!, other);
      } catch (error) {
        this.failed = error instanceof Error ? error.message : String(error);
      }
      return;
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isChoice = event.composedPath().some((target) => target instanceof HTMLSelectElement);
    const isSlider = event.composedPath().some((target) => target instanceof HTMLInputElement);
    const { frame } = this.place;
    if (event.key === 'n' && !isChoice) void this.step(1);
    else if (event.key === 'p' && !isChoice) void this.step(-1);
    else if (event.key === 'ArrowRight' && !isChoice && !isSlider) this.goTo(frame + 1);
    else if (event.key === 'ArrowLeft' && !isChoice && !isSlider) this.goTo(frame - 1);
    else return;
    event.preventDefault();
  };

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('run') && changed.get('run') !== undefined) {
      this.pictures.clear();
      this.start();
    }
    this.askForCurves();
    const { clip, frame } = this.place;
    const inSight = this.strip(clip, frame).map((at) => clip.start + at);
    this.pictures.want([clip.start + frame, clip.start + frame - 1, ...inSight].filter((at) => at >= clip.start));
    void this.askForFrames(inSight[0]!, inSight.at(-1)! + 1);
  }

  /** Frames of the strip, from 0 in the clip. */
  private strip(clip: Clip, frame: number): number[] {
    return Array.from({ length: 2 * AROUND + 2 }, (_, at) => frame - AROUND - 1 + at).filter((at) => at >= 0 && at < clip.frames);
  }

  private askForCurves(): void {
    const { index } = this.place;
    const key = this.keyOf(index);
    if (this.curvesOf === key) return;
    this.curvesOf = key;
    this.curves = null;
    this.host('clipCurves', { run: this.run, clip: index }).then((curves) => {
      if (this.curvesOf === key) this.curves = curves;
    }, (error: unknown) => { this.failed = error instanceof Error ? error.message : String(error); });
  }

  private async askForFrames(start: number, end: number): Promise<void> {
    const missing = Array.from({ length: end - start }, (_, at) => start + at).filter((at) => !this.frames.has(at) && !this.asked.has(at));
    if (missing.length === 0) return;
    missing.forEach((at) => this.asked.add(at));
    try {
      const first = missing[0]!;
      const found = await this.host('frames', { run: this.run, start: first, end: missing.at(-1)! + 1 });
      found.forEach((frame, at) => this.frames.set(first + at, frame));
      this.requestUpdate();
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    }
  }

  protected override render(): TemplateResult {
    const { result } = this;
    const { clip, index, frame } = this.place;
    return html`
      <div class="view" @keydown=${this.onKey}>
        ${warnings(result.warnings)}
        <h2 class="verdict">${phrase(text.verdict(percent(result.labelInstability.value), result.labelInstability.count, result.labelInstability.of))}</h2>
        <p class="details">${text.details(interval(result.labelInstability), measure(result.featureDistance.median), measure(result.featureDistance.p95))}</p>
        ${neighbourPrecision(result)}
        ${this.failed === null ? nothing : html`<p class="sequence-failed" role="alert">${this.failed}</p>`}
        <div class="sequence-bar">
          <label class="picker"><span>${text.clip}</span>
            <select name="clip" @change=${(event: Event) => this.goTo(1, Number((event.target as HTMLSelectElement).value))}>
              ${result.clips.map((each, at) => html`<option value=${at} .selected=${at === index}>${text.clipName(each.name, each.frames, each.flips)}</option>`)}
            </select>
          </label>
          <button class="secondary" name="previousFlip" title=${text.previousKey} @click=${() => void this.step(-1)}>${previousIcon()}${text.previousFlip}</button>
          <button class="secondary" name="nextFlip" title=${text.nextKey} @click=${() => void this.step(1)}>${text.nextFlip}${nextIcon()}</button>
          <span class="muted">${text.keys}</span>
        </div>
        ${this.chart(clip, frame)}
        <input class="sequence-slider" type="range" min="0" max=${clip.frames - 1} .value=${String(frame)} aria-label=${text.frame} aria-valuetext=${text.frameOf(frame + 1, clip.frames)} @input=${(event: Event) => this.goTo(Number((event.target as HTMLInputElement).value))}>
        ${this.neighbours(clip, frame)}
        ${this.filmstrip(clip, frame)}
        ${howItWasMade(result)}
      </div>`;
  }

  private chart(clip: Clip, frame: number): TemplateResult {
    const { curves } = this;
    if (!curves) return html`<div class="sequence-loading" aria-busy="true"></div>`;
    const start = Math.max(0, Math.min(frame - WINDOW / 2, clip.frames - WINDOW));
    const end = Math.min(clip.frames, start + WINDOW);
    return lineChart({
      label: text.chart(clip.classes.map(({ name, frames: given }) => text.classFrames(name, given)), curves.flips.length),
      lines: clip.classes.map(({ name }, at) => ({ name, values: curves.probabilities[at]!.slice(start, end) })),
      bottom: 0, top: 1, write: probability, ends: [text.frameNumber(start + 1), text.frameNumber(end)], length: end - start, height: CHART,
      marks: curves.flips.filter((flip) => flip >= start && flip < end).map((flip) => flip - start), cursor: frame - start, choose: (place) => this.goTo(start + place),
    });
  }

  /** The frame at the cursor and the one before it, side by side. */
  private neighbours(clip: Clip, frame: number): TemplateResult {
    const [before, at] = [frame - 1, frame];
    const now = this.frames.get(clip.start + at);
    const earlier = before < 0 ? undefined : this.frames.get(clip.start + before);
    const isFlip = now?.change?.flip === true;
    const sentence = !now ? '' : !earlier ? text.first(now.label, probability(now.top[0]![1]))
      : now.change === null ? text.gap
        : isFlip ? text.flipped(earlier.label, probability(earlier.top[0]![1]), now.label, probability(now.top[0]![1]))
          : text.kept(now.label, probability(earlier.top[0]![1]), probability(now.top[0]![1]));
    return html`
      <section class="sequence-pair ${isFlip ? 'is-flip' : ''}" aria-label=${text.neighbours}>
        <p class="sequence-sentence" aria-live="polite">${isFlip ? changedIcon() : keptIcon()} <b>${text.frameOf(frame + 1, clip.frames)}.</b> ${sentence}
          ${now?.change ? html`<span class="muted">${text.distances(measure(now.change.featureDistance), measure(now.change.jsDivergence))}</span>` : nothing}</p>
        <div class="sequence-two">
          ${before < 0 ? html`<figure class="sequence-none">${text.noEarlier}</figure>` : this.large(clip, before, earlier)}
          ${this.large(clip, at, now)}
        </div>
      </section>`;
  }

  private large(clip: Clip, at: number, frame: Frame | undefined): TemplateResult {
    return html`
      <figure class="sequence-large">
        ${this.picture(clip.start + at, frame)}
        <figcaption>
          <b>${text.frameNumber(at + 1)}</b> <span class="muted">${frame?.image ?? ''}</span>
          <ol>${(frame?.top ?? []).map(([label, value]) => html`<li class=${label === frame?.truth ? 'is-truth' : ''}>
            <span class="sequence-label">${label}${label === frame?.truth ? html` <span class="muted">${text.truth}</span>` : nothing}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3.5" width="100" height="1"/><rect class="amount" y="1" width=${(100 * value).toFixed(2)} height="6"/></svg>
            <span class="numbers">${probability(value)}</span></li>`)}</ol>
        </figcaption>
      </figure>`;
  }

  private picture(frame: number, known: Frame | undefined): TemplateResult {
    const picture = this.pictures.get(frame);
    if (picture?.failed) return html`<span class="sequence-picture is-missing">${picture.failed}</span>`;
    const name = known ? text.pictureName(known.image, known.label, probability(known.top[0]![1])) : text.frameNumber(frame + 1);
    return picture ? html`<img class="sequence-picture" src=${picture.url} alt=${name}>` : html`<span class="sequence-picture skeleton" role="img" aria-label=${name}></span>`;
  }

  /** Frames around the cursor, as small pictures in a row; a sign stands between two where the label flips. */
  private filmstrip(clip: Clip, frame: number): TemplateResult {
    return html`
      <ol class="sequence-strip" aria-label=${text.strip}>
        ${this.strip(clip, frame).map((at) => {
          const known = this.frames.get(clip.start + at);
          const isFlip = known?.change?.flip === true;
          return html`<li class=${at === frame ? 'is-current' : ''}>
            ${isFlip ? html`<span class="sequence-flip" title=${text.flip}>${changedIcon()}<span class="hidden">${text.flip}</span></span>` : nothing}
            <button aria-current=${at === frame ? 'true' : nothing} @click=${() => this.goTo(at)}>${this.picture(clip.start + at, known)}<span>${known?.label ?? ''}</span></button>
          </li>`;
        })}
      </ol>`;
  }
}

/** Precision of frames alone and together with their neighbours, in a sentence; nothing without labels. */
function neighbourPrecision({ neighbourPrecision: measured }: Sequence): TemplateResult | typeof nothing {
  if (measured.length === 0) return nothing;
  const shown = measured.filter(({ k }) => k === 0 || k === 1 || k === 5 || k === 10);
  return html`<p class="details">${text.neighbourPrecision(shown.map(({ k, precision }) => text.precisionAt(k, percent(precision.value), interval(precision))))}</p>`;
}
