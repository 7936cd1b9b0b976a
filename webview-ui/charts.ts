/** Small SVG charts. Positions are SVG attributes, never inline styles, so that the page's content policy holds. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { DistortionResult, EpochLosses, Share, Summary } from '../src/engine/results.ts';
import { distortionName, interval, measure, percent } from './format.ts';
import { strings } from './strings.ts';

/** The smallest of 0.05, 0.1, 0.2, 0.4, 0.6, 0.8 and 1 that holds all values: the end of a common scale of shares. */
export const shareScale = (values: number[]): number => [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((end) => values.every((value) => value <= end)) ?? 1;

const at = (value: number, end: number): string => (end > 0 ? Math.min(100, value / end * 100) : 0).toFixed(2);

/** Whiskers of an interval around row `y`, in a drawing 100 units wide. */
const whiskers = (share: Share, end: number, y: number, cap: number): TemplateResult => {
  const low = at(share.low, end);
  const high = at(share.high, end);
  return svg`<path class="whisker" vector-effect="non-scaling-stroke" d="M${low} ${y}H${high}M${low} ${y - cap}V${y + cap}M${high} ${y - cap}V${y + cap}"/>`;
};

/** A share as a bar with its 95 % interval as whiskers, on a scale from 0 to `end`. */
export const intervalBar = (name: string, share: Share, end: number): TemplateResult => html`
  <svg class="bar" viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label=${strings.overview.barText(name, percent(share.value), interval(share))}>
    <rect class="track" x="0" y="7.5" width="100" height="1"/>
    <rect class="value" x="0" y="4" width=${at(share.value, end)} height="8"/>
    ${whiskers(share, end, 8, 3)}
  </svg>`;

/** Median and 95th percentile of a measure, on a scale from 0 to `end`. */
export const distanceStrip = (summary: Summary, end: number): TemplateResult => html`
  <svg class="strip" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="7.5" width="100" height="1"/>
    <rect class="value" x="0" y="6.5" width=${at(summary.median, end)} height="3"/>
    <path class="whisker" vector-effect="non-scaling-stroke" d="M${at(summary.median, end)} 8H${at(summary.p95, end)}M${at(summary.p95, end)} 4V12"/>
  </svg>`;

/** The place of one value on a scale from 0 to `end`. */
export const placeOnScale = (value: number, end: number): TemplateResult => html`
  <svg class="scale" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="4" width="100" height="2"/>
    <rect class="value" x="0" y="4" width=${at(value, end)} height="2"/>
    <rect class="place" x=${Math.max(0, Number(at(value, end)) - 1).toFixed(2)} y="0" width="2" height="10"/>
  </svg>`;

/** One series of a dot plot: its shape tells it apart without colour. */
export interface Dot {
  name: string;
  shape: 'before' | 'control' | 'after';
  share: Share;
}

/** The mark of a series, also used in the legend. A hollow circle, a diamond, a filled circle. */
export const dotMark = (shape: Dot['shape']): TemplateResult => html`
  <svg class="mark ${shape}" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
    ${shape === 'control' ? svg`<path d="M6 1.2L10.8 6 6 10.8 1.2 6Z"/>` : svg`<circle cx="6" cy="6" r="4"/>`}
  </svg>`;

/** Shares with their intervals under one another, on one scale from 0 to `end`. */
export const dotPlot = (name: string, dots: Dot[], end: number): TemplateResult => html`
  <div class="dots" role="img" aria-label=${strings.compareView.plot(name, dots.map((dot) => `${dot.name} ${percent(dot.share.value)}, 95 % interval ${interval(dot.share)}`).join('; '))}>
    ${dots.map((dot) => html`
      <svg class="dot ${dot.shape}" height="14" aria-hidden="true">
        <rect class="track" x="0" y="6.5" width="100%" height="1"/>
        <svg x="0" y="0" width="100%" height="14" viewBox="0 0 100 14" preserveAspectRatio="none">${whiskers(dot.share, end, 7, 3)}</svg>
        <svg x="${at(dot.share.value, end)}%" y="1" overflow="visible" width="12" height="12">
          ${dot.shape === 'control' ? svg`<path d="M0 1.2L4.8 6 0 10.8 -4.8 6Z"/>` : svg`<circle cx="0" cy="6" r="4"/>`}
        </svg>
      </svg>`)}
  </div>`;

const curveX = (index: number, length: number): number => length === 1 ? 50 : 4 + index / (length - 1) * 92;

/** Label instability over the strengths of one distortion, weakest change on the left, with its interval as a band. */
export function strengthCurve(results: DistortionResult[], end: number): TemplateResult {
  const ordered = [...results].sort((a, b) => a.pixelDifference.mean - b.pixelDifference.mean);
  const y = (value: number): number => 76 - value / end * 70;
  const points = ordered.map((result, index) => ({ result, x: curveX(index, ordered.length), share: result.labelInstability }));
  const band = [...points.map(({ x, share }) => `${x} ${y(share.high)}`), ...points.toReversed().map(({ x, share }) => `${x} ${y(share.low)}`)].join('L');
  const name = ordered[0]?.name ?? '';
  return html`
    <figure class="curve">
      <figcaption>${name}</figcaption>
      <svg viewBox="0 0 100 80" preserveAspectRatio="none" role="img" aria-label=${points.map(({ result, share }) => `${distortionName(result)} ${percent(share.value)} (${interval(share)})`).join('; ')}>
        <path class="axis" vector-effect="non-scaling-stroke" d="M0 76H100"/>
        <path class="band" d="M${band}Z"/>
        <path class="line" vector-effect="non-scaling-stroke" d="M${points.map(({ x, share }) => `${x} ${y(share.value)}`).join('L')}"/>
      </svg>
      <ol>${points.map(({ result, share }) => html`<li><span>${result.strength}</span><b>${percent(share.value)}</b></li>`)}</ol>
    </figure>`;
}

type LossName = Exclude<keyof EpochLosses, 'epoch'>;

/** Losses over the epochs, two small charts side by side: the loss and its stability term, training and validation. */
export function lossChart(history: EpochLosses[], bestEpoch: number): TemplateResult {
  const chart = (names: LossName[]): TemplateResult | typeof nothing => {
    const values = history.flatMap((epoch) => names.map((name) => epoch[name])).filter((value): value is number => value !== null && Number.isFinite(value));
    if (values.length === 0) return nothing;
    const top = Math.max(...values);
    const bottom = Math.min(0, ...values);
    const y = (value: number): number => 76 - (value - bottom) / (top - bottom || 1) * 70;
    const best = history.findIndex(({ epoch }) => epoch === bestEpoch);
    const path = (name: LossName): string => history.map((epoch, index) => ({ value: epoch[name], x: curveX(index, history.length) }))
      .filter((point): point is { value: number; x: number } => point.value !== null && Number.isFinite(point.value)).map(({ value, x }) => `${x} ${y(value).toFixed(2)}`).join('L');
    return html`
      <figure class="loss">
        <svg viewBox="0 0 100 80" preserveAspectRatio="none" role="img" aria-label=${`${names.map((name) => strings.compareView.lossNames[name]).join(', ')}. ${strings.compareView.lossText(history.length, bestEpoch)}`}>
          <path class="axis" vector-effect="non-scaling-stroke" d="M0 76H100"/>
          ${best < 0 ? nothing : svg`<path class="best" vector-effect="non-scaling-stroke" d="M${curveX(best, history.length)} 2V76"/>`}
          ${names.map((name) => path(name) ? svg`<path class=${name.startsWith('validation') ? 'validation' : 'training'} vector-effect="non-scaling-stroke" d="M${path(name)}"/>` : nothing)}
        </svg>
        <figcaption>${names.map((name) => html`<span class="key"><svg viewBox="0 0 20 8" width="20" height="8" aria-hidden="true"><path class=${name.startsWith('validation') ? 'validation' : 'training'} d="M0 4H20"/></svg>${strings.compareView.lossNames[name]} ${lastValue(history, name)}</span>`)}</figcaption>
      </figure>`;
  };
  return html`<div class="losses">${chart(['loss', 'validationLoss'])}${chart(['stabilityLoss', 'validationStabilityLoss'])}</div>`;
}

function lastValue(history: EpochLosses[], name: LossName): string {
  const first = history[0]?.[name];
  const last = history.at(-1)?.[name];
  return first === null || first === undefined || last === null || last === undefined ? '' : `${measure(first)} → ${measure(last)}`;
}
