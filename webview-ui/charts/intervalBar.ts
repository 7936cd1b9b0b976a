import { html, type TemplateResult } from 'lit';
import type { Share } from '../../src/engine/results.ts';
import { interval, percent } from '../format.ts';
import { strings } from '../strings.ts';
import { placeAt, whiskers } from './scale.ts';

/** A share as a bar with its 95 % interval as whiskers, on a scale from 0 to `end`. */
export const intervalBar = (name: string, share: Share, end: number): TemplateResult => html`
  <svg class="bar" viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label=${strings.overview.barText(name, percent(share.value), interval(share))}>
    <rect class="track" x="0" y="7.5" width="100" height="1"/>
    <rect class="value" x="0" y="4" width=${placeAt(share.value, end)} height="8"/>
    ${whiskers(share, end, 8, 3)}
  </svg>`;
