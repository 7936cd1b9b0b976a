/** The overview of an evaluation: verdict, warnings, a table over the distortions, curves over strength, how it was made. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DistortionResult, DistortionSpec, Evaluation, Share } from '../../src/engine/results.ts';
import { distanceStrip } from '../charts/distanceStrip.ts';
import { intervalBar } from '../charts/intervalBar.ts';
import { shareScale } from '../charts/scale.ts';
import { strengthCurve } from '../charts/strengthCurve.ts';
import { distortionName, interval, measure, percent, points } from '../format.ts';
import { downIcon, upIcon } from '../icons.ts';
import { cell, phrase, shareText, warnings } from '../parts.ts';
import { howItWasMade } from '../provenance.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { evaluationVerdict } from '../verdict.ts';

const text = strings.overview;

function precisionText(clean: Share | undefined, distorted: Share | null): TemplateResult {
  if (!clean || !distorted) return html`<span class="muted">${text.noTruth}</span>`;
  const apart = distorted.high < clean.low ? 'worse' : distorted.low > clean.high ? 'better' : 'same';
  const sign = apart === 'worse' ? downIcon() : apart === 'better' ? upIcon() : nothing;
  return html`<span class="two numbers ${apart}" title=${text.precisionMeans[apart]}>${percent(clean.value)} → ${percent(distorted.value)} ${sign}<br><span class="muted">${points(distorted.value - clean.value)}, ${interval(distorted)}</span></span>`;
}

function row(result: DistortionResult, evaluation: Evaluation, scale: { share: number; distance: number }, openPairs: (distortion: DistortionSpec) => void): TemplateResult {
  const { labelInstability: share, featureDistance: distance } = result;
  return html`
    <div role="row">
      <div role="rowheader" title=${distortionMeaning(result)}>${distortionName(result)}</div>
      ${cell(text.instability, intervalBar(distortionName(result), share, scale.share), 'plain-bar')}
      ${cell('', shareText(share))}
      ${cell(text.distance, html`${distanceStrip(distance, scale.distance)}<span class="muted numbers">${text.distanceText(measure(distance.median), measure(distance.p95))}</span>`, 'wide-cell')}
      ${cell(text.precision, precisionText(evaluation.clean?.precisionAt1, result.precisionAt1), 'wide-cell')}
      ${cell('', share.count === 0 ? html`<span class="muted">${strings.pairs(0)}</span>`
        : html`<button class="link numbers" aria-label=${text.openPairs(share.count, distortionName(result))} @click=${() => openPairs({ name: result.name, strength: result.strength })}>${strings.pairs(share.count)} ›</button>`, 'after-break')}
    </div>`;
}

function curves(evaluation: Evaluation, end: number): TemplateResult | typeof nothing {
  const names = new Set(evaluation.distortions.map(({ name }) => name));
  const several = [...names].map((name) => evaluation.distortions.filter((result) => result.name === name)).filter((results) => results.length > 2);
  return several.length === 0 ? nothing : html`<section><h2>${text.curves}</h2><div class="curves">${several.map((results) => strengthCurve(results, end))}</div></section>`;
}

/** The overview of one evaluation. */
export function overview(evaluation: Evaluation, openPairs: (distortion: DistortionSpec) => void): TemplateResult {
  const verdict = evaluationVerdict(evaluation);
  const distortions = evaluation.distortions.filter(({ labelInstability }) => labelInstability.of > 0);
  const scale = {
    share: shareScale(distortions.map(({ labelInstability }) => labelInstability.high)),
    distance: Math.max(0, ...distortions.map(({ featureDistance }) => featureDistance.p95)),
  };
  const { clean, instability } = evaluation;
  const notes = [...(evaluation.state === 'done' ? [] : [strings.cutShort(evaluation.state)]), ...evaluation.warnings];
  return html`
    <div class="view">
      ${warnings(notes)}
      <h2 class="verdict">${phrase(verdict.headline)}</h2>
      ${verdict.details.map((sentence) => html`<p class="details">${sentence}</p>`)}
      ${distortions.length === 0 ? nothing : html`
        <div class="table measures" role="table" aria-label=${text.table}>
          <div role="rowgroup"><div role="row">
            <span role="columnheader">${text.distortion}</span>
            <span role="columnheader"><span class="axis-end"><span>${text.instability}</span><span aria-hidden="true">${percent(scale.share)}</span></span></span>
            <span role="columnheader"><span class="hidden">${text.instability}</span></span>
            <span role="columnheader">${text.distance}</span>
            <span role="columnheader">${text.precision}</span>
            <span role="columnheader">${text.changed}</span>
          </div></div>
          <div role="rowgroup">${distortions.map((result) => row(result, evaluation, scale, openPairs))}</div>
        </div>
        <p class="under-table">${text.axisNote}</p>
        ${clean === null && instability === null ? nothing : html`
          <dl class="facts-list under-table">
            ${clean === null ? nothing : html`<dt>${text.cleanPrecision}</dt><dd>${text.precisionAt1} ${percent(clean.precisionAt1.value)} (${interval(clean.precisionAt1)}) · ${text.precisionAt5} ${percent(clean.precisionAt5.value)} (${interval(clean.precisionAt5)})</dd>`}
            ${instability === null ? nothing : html`<dt>${text.overall}</dt><dd>${percent(instability.value)} (${interval(instability)}) ${text.overallText}</dd>`}
          </dl>`}
        ${curves(evaluation, scale.share)}`}
      ${howItWasMade(evaluation)}
    </div>`;
}
