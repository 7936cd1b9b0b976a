/**
 * How far features move: a histogram for each distortion, before and after, with the distances of different pictures behind, and
 * a threshold that tells how many distorted pictures would still be found as duplicates.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Distances, RunDistances } from '../../src/engine/runs/queries.ts';
import { distanceHistogram, seriesMark, type HistogramSeries } from '../charts/distanceHistogram.ts';
import { distortionName, measure, percent } from '../format.ts';
import type { GallerySource } from '../gallery/sources.ts';
import { phrase } from '../parts.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { distancesStyles } from '../styles/distances.ts';
import type { DistancesState } from '../viewState.ts';
import { recallTable } from './recallTable.ts';
import { hardestAndEasiest, otherRun, suitableEdge, thresholdHeadline } from './duplicateVerdict.ts';
import { atEdge, countBelow, gathered, lastEdge, nearestEdge } from './threshold.ts';

const text = strings.distances;
const KINDS = ['before', 'control', 'after'] as const;
/** Bars of a histogram at most. */
const MOST_BARS = 125;
/** A pointer this near to the threshold takes hold of it, in pixels. */
const NEAR = 7;

/** What a view of distances asks to be done. */
export interface DistancesActions {
  keep: (change: Partial<DistancesState>) => void;
  openGallery: (run: string, distortion: { name: string; strength: number } | null, range: { from: number; to: number }) => void;
}

@customElement('model-stability-distances')
export class DistancesView extends LitElement {
  static override styles = [baseStyles, distancesStyles];

  @property({ attribute: false }) ask!: CallHost;
  @property({ attribute: false }) sources: GallerySource[] = [];
  @property({ attribute: false }) view!: DistancesState;
  @property({ attribute: false }) actions!: DistancesActions;
  @state() private distances: Distances | null = null;
  @state() private error: string | null = null;
  private asked = '';
  private drag: { isThreshold: boolean; from: number } | null = null;

  protected override willUpdate(): void {
    const runs = this.sources.map(({ run }) => run);
    if (runs.join('\n') === this.asked) return;
    this.asked = runs.join('\n');
    this.distances = null;
    void this.read(runs);
  }

  private async read(runs: string[]): Promise<void> {
    this.error = null;
    try {
      const distances = await this.ask('distances', { runs });
      if (runs.join('\n') === this.asked) this.distances = distances;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  /** The runs whose distances differ, each with the names of those that share them: training after the features moves none. */
  private get groups(): { run: RunDistances; name: string; kind: HistogramSeries['kind'] }[] {
    const runs = this.distances?.runs ?? [];
    const key = ({ distortions }: RunDistances): string => JSON.stringify(distortions);
    return runs.filter((run, index) => runs.findIndex((other) => key(other) === key(run)) === index).map((run) => {
      const same = runs.flatMap((other, index) => key(other) === key(run) ? [index] : []);
      return { run, name: same.map((index) => this.sources[index]!.name).join(' = '), kind: this.kindOf(same.at(-1)!) };
    });
  }

  /** The histograms of all series together, to find out how much of the axis is needed. */
  private get edges(): { bins: number; last: number } {
    const runs = this.distances?.runs ?? [];
    const all = runs.flatMap(({ distortions, negatives }) => [...distortions.map(({ bins }) => bins), ...(negatives ? [negatives.bins] : [])]);
    return { bins: all[0]?.length ?? 1, last: lastEdge(all) };
  }

  /** The threshold as an edge: the chosen one, else the one that suits the run that is spoken of. */
  private edge({ end, runs }: Distances): number {
    const { bins } = this.edges;
    if (this.view.threshold !== null) return nearestEdge(this.view.threshold, end, bins);
    const run = runs.at(-1);
    return run ? suitableEdge(run) : 1;
  }

  private distanceOf(edge: number): number {
    return edge / this.edges.bins * (this.distances?.end ?? 1);
  }

  private readonly onPointer = (event: PointerEvent): void => {
    const distances = this.distances;
    if (!distances) return;
    const chart = event.currentTarget as HTMLElement;
    const box = chart.getBoundingClientRect();
    const { bins, last } = this.edges;
    const place = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    const distance = place * last / bins * distances.end;
    if (event.type === 'pointerdown') {
      chart.setPointerCapture(event.pointerId);
      const line = this.edge(distances) / last * box.width;
      this.drag = { isThreshold: Math.abs(event.clientX - box.left - line) <= NEAR, from: distance };
    }
    if (event.type === 'pointerup') this.drag = null;
    if (event.type !== 'pointermove' || !this.drag) return;
    if (this.drag.isThreshold) this.actions.keep({ threshold: distance });
    else this.actions.keep({ brush: { from: Math.min(this.drag.from, distance), to: Math.max(this.drag.from, distance) } });
  };

  protected override render(): TemplateResult {
    if (this.error !== null) {
      return html`<div class="message" role="alert"><b>${text.failed}</b><p>${this.error}</p><button class="secondary" @click=${() => void this.read(this.sources.map(({ run }) => run))}>${strings.gallery.retry}</button></div>`;
    }
    const distances = this.distances;
    if (!distances) return html`<p class="message muted" role="status">${text.reading}</p>`;
    const edge = this.edge(distances);
    return html`
      ${this.verdict(distances, edge)}
      <p class="details">${text.means}</p>
      <p class="details">${this.negativesText(distances)}</p>
      ${distances.runs.length > 1 && this.groups.length === 1 ? html`<p class="details">${text.same}</p>` : nothing}
      ${this.controls(edge)}
      ${this.legend(distances)}
      <div class="panels">${distances.runs[0]?.distortions.map((_, index) => this.panel(distances, index, edge))}</div>
      ${this.brushBar(distances)}
      ${recallTable(this.groups)}`;
  }

  /** What the threshold comes to in the last run, and beside it in those before. */
  private verdict({ runs }: Distances, edge: number): TemplateResult {
    const run = runs.at(-1);
    if (!run?.distortions.some(({ pairs }) => pairs > 0)) return html`<h2 class="verdict">${text.nothing}</h2>`;
    const hardest = hardestAndEasiest(run, edge);
    const others = this.groups.slice(0, -1).map((group) => otherRun(group.run, edge, group.name));
    return html`
      <h2 class="verdict">${phrase(thresholdHeadline(run, edge, measure(this.distanceOf(edge))))}</h2>
      ${[...others, ...(hardest === null ? [] : [hardest])].map((sentence) => html`<p class="details">${sentence}</p>`)}`;
  }

  private negativesText({ runs }: Distances): string {
    const negatives = runs[0]?.negatives;
    return negatives ? text.negatives(negatives.pairs, negatives.sameClass) : text.noNegatives;
  }

  private controls(edge: number): TemplateResult {
    const { last } = this.edges;
    const distance = this.distanceOf(edge);
    return html`
      <div class="controls">
        <label class="slider">${text.threshold} <input name="threshold" type="range" min="0" max=${last} step="1" .value=${String(Math.min(edge, last))} aria-valuetext=${measure(distance)}
          @input=${(event: Event) => this.actions.keep({ threshold: this.distanceOf(Number((event.target as HTMLInputElement).value)) })}> <b class="numbers">${measure(distance)}</b></label>
        ${this.view.threshold === null ? html`<span class="muted">${text.isBest}</span>` : html`<button class="link" name="best" @click=${() => this.actions.keep({ threshold: null })}>${text.toBest}</button>`}
        ${(['histogram', 'cumulative'] as const).map((shape) => html`<label class="shape"><input type="radio" name="shape" .checked=${(shape === 'cumulative') === this.view.cumulative} @change=${() => this.actions.keep({ cumulative: shape === 'cumulative' })}>${text.shapes[shape]}</label>`)}
      </div>`;
  }

  private kindOf(index: number): HistogramSeries['kind'] {
    return this.sources.length === 1 ? 'after' : this.sources.length === 2 ? (['before', 'after'] as const)[index]! : KINDS[index] ?? 'after';
  }

  private legend({ runs }: Distances): TemplateResult {
    return html`<p class="legend">
      ${this.groups.map(({ kind, name }) => html`<span>${seriesMark(kind)}${text.series(name)}</span>`)}
      ${runs.some(({ negatives }) => negatives) ? html`<span>${seriesMark('negatives')}${text.different}</span>` : nothing}
      <span><svg class="series" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true"><path class="threshold" d="M14 0V10"/></svg>${text.thresholdMark}</span></p>`;
  }

  private panel({ runs, end }: Distances, index: number, edge: number): TemplateResult {
    const { bins, last } = this.edges;
    const spec = runs[0]!.distortions[index]!;
    const present = this.groups.flatMap((group) => {
      const distortion = group.run.distortions.find(({ name, strength }) => name === spec.name && strength === spec.strength);
      return distortion ? [{ ...group, distortion }] : [];
    });
    const negatives = runs.at(-1)?.negatives ?? runs[0]?.negatives ?? null;
    const series: HistogramSeries[] = [
      ...(negatives ? [{ kind: 'negatives' as const, shares: gathered(negatives.bins, last, MOST_BARS) }] : []),
      ...present.map(({ kind, distortion }) => ({ kind, shares: gathered(distortion.bins, last, MOST_BARS) })),
    ];
    const shown = last / bins * end;
    const marks = { threshold: edge / last, brush: this.view.brush && { from: Math.min(1, this.view.brush.from / shown), to: Math.min(1, this.view.brush.to / shown) } };
    const name = distortionName(spec);
    const sentences = present.map(({ run, name: group, distortion }) => this.found(run, distortion.bins, edge, present.length > 1 ? group : null));
    return html`
      <section class="panel">
        <h3>${name}</h3>
        <div class="chart" @pointerdown=${this.onPointer} @pointermove=${this.onPointer} @pointerup=${this.onPointer}>${distanceHistogram(`${name}. ${sentences.join('; ')}`, series, marks, this.view.cumulative)}</div>
        <div class="scale"><span>0</span><span>${measure(shown)}</span></div>
        <div class="found">${sentences.map((sentence) => html`<p class="numbers">${sentence}</p>`)}</div>
      </section>`;
  }

  private found(run: RunDistances, positives: number[], edge: number, name: string | null): string {
    const { recall, precision } = atEdge(positives, run.negatives?.bins ?? null, edge);
    return text.found(name, percent(recall), precision === null ? null : percent(precision));
  }

  /** The brushed range: its ends to type, how many pairs lie in it, and the way to them. */
  private brushBar(distances: Distances): TemplateResult {
    const { brush } = this.view;
    const { bins } = this.edges;
    const field = (name: 'from' | 'to'): TemplateResult => html`<label>${text.range[name]} <input name=${name} type="number" min="0" max=${distances.end} step="0.01" .value=${brush ? brush[name].toFixed(3) : ''}
      @change=${(event: Event) => this.type(name, Number((event.target as HTMLInputElement).value), distances.end)}></label>`;
    const inside = (run: RunDistances): number => brush ? run.distortions.reduce((sum, distortion) => sum + countBelow(distortion.bins, nearestEdge(brush.to, distances.end, bins)) - countBelow(distortion.bins, nearestEdge(brush.from, distances.end, bins)), 0) : 0;
    return html`
      <div class="controls brushing" role="group" aria-label=${text.brushing}>
        <span>${text.brushing}</span>${field('from')}${field('to')}
        ${brush === null ? html`<span class="muted">${text.brushHint}</span>` : html`
          ${distances.runs.map((run, index) => html`<button class="secondary" @click=${() => this.actions.openGallery(run.run, null, brush)}>${text.openRange(inside(run), distances.runs.length > 1 ? this.sources[index]!.name : null)}</button>`)}
          <button class="link" @click=${() => this.actions.keep({ brush: null })}>${text.clearRange}</button>`}
      </div>`;
  }

  private type(name: 'from' | 'to', value: number, end: number): void {
    if (!Number.isFinite(value)) return;
    const brush = { from: 0, to: end, ...this.view.brush, [name]: Math.max(0, Math.min(end, value)) };
    this.actions.keep({ brush: brush.from <= brush.to ? brush : { from: brush.to, to: brush.from } });
  }
}
