/** The overview of an evaluation: verdict, warnings, a table over the distortions, curves over strength, how it was made. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DistortionResult, Evaluation, Share } from '../../src/engine/results.ts';
import { distanceStrip } from '../charts/distanceStrip.ts';
import { intervalBar } from '../charts/intervalBar.ts';
import { shareScale } from '../charts/scale.ts';
import { distortionName, interval, measure, percent, points } from '../format.ts';
import { downIcon, upIcon } from '../icons.ts';
import { labelInstability } from '../measured.ts';
import { cell, phrase, shareText, warnings } from '../parts.ts';
import { howItWasMade } from '../provenance.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { evaluationVerdict } from '../verdict.ts';
import type { OverviewState } from '../viewState.ts';
import { measureMap } from './measureMap.ts';

const text = strings.overview;

function precisionText(clean: Share | undefined, distorted: Share | null): TemplateResult {
  if (!clean || !distorted) return html`<span class="muted">${text.noTruth}</span>`;
  const apart = distorted.high < clean.low ? 'worse' : distorted.low > clean.high ? 'better' : 'same';
  const sign = apart === 'worse' ? downIcon() : apart === 'better' ? upIcon() : nothing;
  return html`<span class="two numbers ${apart}" title=${text.precisionMeans[apart]}>${percent(clean.value)} → ${percent(distorted.value)} ${sign}<br><span class="muted">${points(distorted.value - clean.value)}, ${interval(distorted)}</span></span>`;
}

function row(result: DistortionResult, evaluation: Evaluation, scale: { share: number; distance: number }, open: OverviewActions['open']): TemplateResult {
  const { featureDistance: distance } = result;
  const share = labelInstability(result);
  const name = distortionName(result);
  return html`
    <div role="row">
      <div role="rowheader" title=${distortionMeaning(result)}>${name}</div>
      ${cell(text.instability, share ? intervalBar(name, share, scale.share) : html`<span class="muted">${text.noLabels}</span>`, 'plain-bar')}
      ${cell('', share ? shareText(share) : '')}
      ${cell(text.distance, html`${distanceStrip(distance, scale.distance)}<span class="muted wrap">${text.distanceText(measure(distance.median), measure(distance.p95))}</span>`, 'wide-cell')}
      ${cell(text.precision, precisionText(evaluation.clean?.precisionAt1, result.precisionAt1), 'wide-cell')}
      ${cell('', share === null || share.count === 0 ? html`<span class="muted">${strings.pairs(0)}</span>`
        : html`<button class="link numbers" aria-label=${text.openPairs(share.count, name)} @click=${() => open(result, 'labelInstability')}>${strings.pairs(share.count)} ›</button>`, 'after-break')}
    </div>`;
}

/** What the overview's heat map shows, and what its cells open. */
export interface OverviewActions {
  measure: OverviewState['measure'];
  choose: (measure: OverviewState['measure']) => void;
  open: (result: DistortionResult, measure: OverviewState['measure']) => void;
}

/** The overview of one evaluation; the remark says which one it is, where the run has several. */
export function overview(evaluation: Evaluation, remark: TemplateResult | typeof nothing, { measure: shown, choose, open }: OverviewActions): TemplateResult {
  const verdict = evaluationVerdict(evaluation);
  const notes = [...(evaluation.state === 'done' ? [] : [strings.cutShort(evaluation.state)]), ...evaluation.warnings];
  return html`
    <div class="view">
      ${warnings(notes)}
      <h2 class="verdict">${phrase(verdict.headline)}</h2>
      ${remark}
      ${verdict.details.map((sentence) => html`<p class="details">${sentence}</p>`)}
      ${evaluation.distortions.length === 0 ? nothing : html`
        <section>${measureMap(evaluation, shown, choose, open)}</section>
        ${allMeasures(evaluation, open)}`}
      ${howItWasMade(evaluation)}
    </div>`;
}

function allMeasures(evaluation: Evaluation, open: OverviewActions['open']): TemplateResult {
  const { clean, instability, distortions } = evaluation;
  const scale = {
    share: shareScale(distortions.map((result) => labelInstability(result)?.high ?? 0)),
    distance: Math.max(0, ...distortions.map(({ featureDistance }) => featureDistance.p95)),
  };
  return html`
    <section><h2>${text.allMeasures}</h2>
      <div class="table measures" role="table" aria-label=${text.table}>
        <div role="rowgroup"><div role="row">
          <span role="columnheader">${text.distortion}</span>
          <span role="columnheader"><span class="axis-end"><span>${text.instability}</span><span aria-hidden="true">${percent(scale.share)}</span></span></span>
          <span role="columnheader"><span class="hidden">${text.instability}</span></span>
          <span role="columnheader">${text.distance}</span>
          <span role="columnheader">${text.precision}</span>
          <span role="columnheader">${text.changed}</span>
        </div></div>
        <div role="rowgroup">${distortions.map((result) => row(result, evaluation, scale, open))}</div>
      </div>
      <p class="under-table">${text.axisNote}</p>
      ${clean === null && instability === null ? nothing : html`
        <dl class="facts-list under-table">
          ${clean === null ? nothing : html`<dt>${text.cleanPrecision}</dt><dd>${text.precisionAt1} ${percent(clean.precisionAt1.value)} (${interval(clean.precisionAt1)}) · ${text.precisionAt5} ${percent(clean.precisionAt5.value)} (${interval(clean.precisionAt5)})</dd>`}
          ${instability === null ? nothing : html`<dt>${text.overall}</dt><dd>${percent(instability.value)} (${interval(instability)}) ${text.overallText}</dd>`}
        </dl>`}
    </section>`;
}
