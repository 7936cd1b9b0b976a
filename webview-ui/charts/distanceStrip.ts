import { html, type TemplateResult } from 'lit';
import type { Summary } from '../../src/engine/results.ts';
import { placeAt } from './scale.ts';

/** Median and 95th percentile of a measure, on a scale from 0 to `end`. */
export const distanceStrip = (summary: Summary, end: number): TemplateResult => html`
  <svg class="strip" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="7.5" width="100" height="1"/>
    <rect class="value" x="0" y="6.5" width=${placeAt(summary.median, end)} height="3"/>
    <path class="whisker" vector-effect="non-scaling-stroke" d="M${placeAt(summary.median, end)} 8H${placeAt(summary.p95, end)}M${placeAt(summary.p95, end)} 4V12"/>
  </svg>`;
