import { html, svg, type TemplateResult } from 'lit';
import type { Share } from '../../src/engine/results.ts';
import { interval, percent } from '../format.ts';
import { strings } from '../strings.ts';
import { placeAt, whiskers } from './scale.ts';

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
  <div class="dots" role="img" aria-label=${strings.compareView.plot(name, dots.map((dot) => strings.compareView.plotDot(dot.name, percent(dot.share.value), interval(dot.share))).join('; '))}>
    ${dots.map((dot) => html`
      <svg class="dot ${dot.shape}" height="14" aria-hidden="true">
        <rect class="track" x="0" y="6.5" width="100%" height="1"/>
        <svg x="0" y="0" width="100%" height="14" viewBox="0 0 100 14" preserveAspectRatio="none">${whiskers(dot.share, end, 7, 3)}</svg>
        <svg x="${placeAt(dot.share.value, end)}%" y="1" overflow="visible" width="12" height="12">
          ${dot.shape === 'control' ? svg`<path d="M0 1.2L4.8 6 0 10.8 -4.8 6Z"/>` : svg`<circle cx="0" cy="6" r="4"/>`}
        </svg>
      </svg>`)}
  </div>`;
