import { html, type TemplateResult } from 'lit';
import type { DistortionResult } from '../../src/engine/results.ts';
import { distortionName, interval, percent } from '../format.ts';
import { curveX } from './scale.ts';

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
