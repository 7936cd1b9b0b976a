/** Before, control and stabilized side by side, or two runs: verdict, dot plot with intervals, differences with their p. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Comparison, DistortionChange, Share, ShareChange, Stabilization } from '../../src/engine/results.ts';
import { modelName } from '../../src/modelName.ts';
import { dotMark, dotPlot, type Dot } from '../charts/dotPlot.ts';
import { shareScale } from '../charts/scale.ts';
import { baseName, distortionKey, distortionName, interval, measure, percent, points, pointsInterval, pValue } from '../format.ts';
import { downIcon, evenIcon, rightIcon, upIcon, wrongIcon } from '../icons.ts';
import { cell, phrase, shareText, warnings } from '../parts.ts';
import { howItWasMade } from '../provenance.ts';
import { said } from '../said.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { trainingDetails } from './trainingDetails.ts';
import type { GalleryState } from '../viewState.ts';
import { comparisonVerdict, direction, stabilizationVerdict } from '../verdict.ts';

const text = strings.compareView;

/** A run whose pairs can be opened in the gallery. */
export interface ComparePart {
  name: string;
  run: string;
}

/** Opens the gallery on the pairs that pass a filter. */
type OpenPairs = (filter: Partial<GalleryState>) => void;

/** A paired difference: sign, size, interval, p, and in words what it means. Negative is better. */
function changeText(change: ShareChange | undefined): TemplateResult {
  if (!change) return html`<span class="muted">–</span>`;
  const way = direction(change);
  const sign = way === 'better' ? downIcon() : way === 'worse' ? upIcon() : evenIcon();
  return html`<span class="two numbers ${way}">${sign} ${points(change.difference)}<br>${text[way]}<br><span class="muted">${pointsInterval(change.low, change.high)}<br>${pValue(change.p)}</span></span>`;
}

/** How many pairs are newly stable and newly broken since another run, each with the way to them. */
function pairsText(change: DistortionChange, run: string, since: string, open: OpenPairs): TemplateResult {
  const { pairs, name, strength } = change;
  const link = (newly: 'stable' | 'broken', n: number, words: string): TemplateResult | string => n === 0 ? words
    : html`<button class="link" aria-label=${text.openPairs(words, distortionName(change))} @click=${() => open({ run, against: { run: since, newly }, distortion: { name, strength } })}>${words} ›</button>`;
  return html`<span class="two">${link('stable', pairs.newlyStable, text.newlyStable(pairs.newlyStable))}<br>${link('broken', pairs.newlyBroken, text.newlyBroken(pairs.newlyBroken))}</span>`;
}

/** Medians of the feature distance; where they moved. */
const distancesText = (values: number[]): TemplateResult => new Set(values).size === 1
  ? html`<span class="two">${measure(values[0]!)}<br><span class="muted">${text.unchanged}</span></span>`
  : html`<span class="two numbers">${values.map((value, index) => html`${index === 0 ? nothing : html` →<br>`}${measure(value)}`)}</span>`;

const legend = (dots: { shape: Dot['shape']; name: string }[]): TemplateResult => html`<div class="legend">${dots.map(({ shape, name }) => html`<span>${dotMark(shape)}${name}</span>`)}</div>`;

const columns = (names: string[], end: number): TemplateResult => html`
  <div role="rowgroup"><div role="row">
    <span role="columnheader">${strings.overview.distortion}</span>
    <span role="columnheader"><span class="axis-end"><span>${strings.overview.instability}</span><span aria-hidden="true">${percent(end)}</span></span></span>
    ${names.map((name) => html`<span role="columnheader">${name}</span>`)}
  </div></div>`;

const openButtons = (parts: ComparePart[], open: OpenPairs): TemplateResult => html`
  <div class="open-parts">${parts.map(({ name, run }) => html`<button class="secondary" @click=${() => open({ run })}>${text.open(name)}</button>`)}</div>`;

/** A point of a dot plot; none for a model without classes. */
const dot = <Shape extends string>(name: string, shape: Shape, share: Share | undefined): { name: string; shape: Shape; share: Share }[] => (share ? [{ name, shape, share }] : []);

const optionalShare = (share: Share | undefined): ReturnType<typeof shareText> | string => (share ? shareText(share) : '–');

/** The three evaluations of a stabilization. */
export function compareStabilization(result: Stabilization, parts: ComparePart[], open: OpenPairs, reveal: (path: string) => void): TemplateResult {
  const verdict = stabilizationVerdict(result);
  const [before, , after] = parts as [ComparePart, ComparePart, ComparePart];
  const controls = new Map(result.overControl.distortions.map((change) => [distortionKey(change), change]));
  const shares = result.comparison.distortions.map((change) => ({ change, control: controls.get(distortionKey(change)) }));
  const end = shareScale(shares.flatMap(({ change, control }) => [change.labelInstability?.a.high ?? 0, change.labelInstability?.b.high ?? 0, control?.labelInstability?.a.high ?? 0]));
  return html`
    <div class="view">
      ${warnings(result.warnings)}
      <p class="decision ${result.accepted ? 'accepted' : 'rejected'}">${result.accepted ? rightIcon() : wrongIcon()} <b>${result.accepted ? text.accepted : text.rejected}.</b> ${result.advice === undefined ? nothing : html`<b>${said(result.advice)}</b> `}${said(result.reason)}</p>
      <h2 class="verdict">${phrase(verdict.headline)}</h2>
      ${verdict.details.map((sentence) => html`<p class="details">${sentence}</p>`)}
      <p class="details">${text.controlMeans}</p>
      ${legend([{ shape: 'before', name: text.before }, { shape: 'control', name: text.control }, { shape: 'after', name: text.after }])}
      <div class="table changes" role="table" aria-label=${text.table}>
        ${columns([text.before, text.control, text.after, text.overControl, text.overBefore, text.distance, text.pairs], end)}
        <div role="rowgroup">${shares.map(({ change, control }) => html`
          <div role="row">
            <div role="rowheader" title=${distortionMeaning(change)}>${distortionName(change)}</div>
            ${cell('', dotPlot(distortionName(change), [
              ...dot(text.before, 'before', change.labelInstability?.a),
              ...dot(text.control, 'control', control?.labelInstability?.a),
              ...dot(text.after, 'after', change.labelInstability?.b),
            ], end), 'whole')}
            ${cell(text.before, optionalShare(change.labelInstability?.a))}
            ${cell(text.control, optionalShare(control?.labelInstability?.a))}
            ${cell(text.after, optionalShare(change.labelInstability?.b))}
            ${cell(text.overControl, changeText(control?.labelInstability ?? undefined))}
            ${cell(text.overBefore, changeText(change.labelInstability ?? undefined))}
            ${cell(text.distance, distancesText([change.featureDistance.a, ...(control ? [control.featureDistance.a] : []), change.featureDistance.b]))}
            ${cell(text.pairs, pairsText(change, after.run, before.run, open))}
          </div>`)}</div>
      </div>
      ${cleanPrecision([
        [text.before, result.comparison.clean?.precisionAt1.a], [text.control, result.overControl.clean?.precisionAt1.a], [text.after, result.comparison.clean?.precisionAt1.b],
      ], result.comparison.clean?.precisionAt1)}
      ${openButtons(parts, open)}
      ${trainingDetails(result, reveal)}
      ${howItWasMade(result.after)}
    </div>`;
}

function cleanPrecision(columns: [string, Share | undefined][], change: ShareChange | undefined): TemplateResult | typeof nothing {
  if (columns.every(([, share]) => !share)) return nothing;
  const way = change && (change.low > 0 ? 'better' : change.high < 0 ? 'worse' : 'same');
  return html`
    <section><h2>${text.cleanPrecision}</h2>
      <div class="scrolls"><table class="plain" aria-label=${text.cleanTable}>
        <tr>${columns.map(([name]) => html`<th scope="col">${name}</th>`)}${change ? html`<th scope="col">${text.change}</th>` : nothing}</tr>
        <tr>${columns.map(([, share]) => html`<td>${share ? html`<span class="numbers">${percent(share.value)} <span class="muted">${interval(share)}</span></span>` : '–'}</td>`)}
          ${change ? html`<td><span class="numbers ${way ?? ''}">${way === 'better' ? upIcon() : way === 'worse' ? downIcon() : evenIcon()} ${points(change.difference)} <span class="muted">${pointsInterval(change.low, change.high)}, ${pValue(change.p)}</span></span></td>` : nothing}</tr>
      </table></div>
    </section>`;
}

/** Two runs chosen by the user. */
export function compareRuns(comparison: Comparison, parts: ComparePart[], open: OpenPairs): TemplateResult {
  const verdict = comparisonVerdict(comparison);
  const end = shareScale(comparison.distortions.flatMap(({ labelInstability }) => (labelInstability ? [labelInstability.a.high, labelInstability.b.high] : [])));
  const names = { a: `${text.a}: ${modelName(comparison.a.model)}`, b: `${text.b}: ${modelName(comparison.b.model)}` };
  return html`
    <div class="view">
      ${comparison.differences.length === 0 ? nothing : html`<div class="differences" role="note"><h3>${text.differences}</h3><p>${text.differencesMean}</p>${warnings(comparison.differences)}</div>`}
      <h2 class="verdict">${phrase(verdict.headline)}</h2>
      ${verdict.details.map((sentence) => html`<p class="details">${sentence}</p>`)}
      ${legend([{ shape: 'before', name: `${names.a} (${baseName(comparison.a.run)})` }, { shape: 'after', name: `${names.b} (${baseName(comparison.b.run)})` }])}
      <div class="table changes two-runs" role="table" aria-label=${text.table}>
        ${columns([text.a, text.b, text.change, text.distance, text.pairsTwo], end)}
        <div role="rowgroup">${comparison.distortions.map((change) => html`
          <div role="row">
            <div role="rowheader" title=${distortionMeaning(change)}>${distortionName(change)}</div>
            ${cell('', dotPlot(distortionName(change), [...dot(text.a, 'before', change.labelInstability?.a), ...dot(text.b, 'after', change.labelInstability?.b)], end), 'whole')}
            ${cell(text.a, optionalShare(change.labelInstability?.a))}
            ${cell(text.b, optionalShare(change.labelInstability?.b))}
            ${cell(text.change, changeText(change.labelInstability ?? undefined))}
            ${cell(text.distance, distancesText([change.featureDistance.a, change.featureDistance.b]))}
            ${cell(text.pairsTwo, pairsText(change, comparison.b.run, comparison.a.run, open))}
          </div>`)}</div>
      </div>
      ${cleanPrecision([[text.a, comparison.clean?.precisionAt1.a], [text.b, comparison.clean?.precisionAt1.b]], comparison.clean?.precisionAt1)}
      ${openButtons(parts, open)}
    </div>`;
}
