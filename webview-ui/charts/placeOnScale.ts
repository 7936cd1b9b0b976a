import { html, type TemplateResult } from 'lit';
import { placeAt } from './scale.ts';

/** The place of one value on a scale from 0 to `end`. */
export const placeOnScale = (value: number, end: number): TemplateResult => html`
  <svg class="scale" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="4" width="100" height="2"/>
    <rect class="value" x="0" y="4" width=${placeAt(value, end)} height="2"/>
    <rect class="place" x=${Math.max(0, Number(placeAt(value, end)) - 1).toFixed(2)} y="0" width="2" height="10"/>
  </svg>`;
