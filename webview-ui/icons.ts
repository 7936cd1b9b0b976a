/** Small glyphs, drawn in the text's colour. Each stands beside a word, so that none carries meaning alone. */
import { svg, html, type TemplateResult } from 'lit';

const glyph = (content: TemplateResult, kind: string): TemplateResult =>
  html`<svg class="glyph ${kind}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${content}</svg>`;
const line = (d: string): TemplateResult => svg`<path d=${d} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>`;

export const changedIcon = (): TemplateResult => glyph(line('M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3'), 'changed');
export const keptIcon = (): TemplateResult => glyph(line('M3.5 6h9M3.5 10h9'), 'kept');
export const rightIcon = (): TemplateResult => glyph(line('M3 8.5l3.2 3.2L13 4.5'), 'right');
export const wrongIcon = (): TemplateResult => glyph(line('M4 4l8 8M12 4l-8 8'), 'wrong');
export const warningIcon = (): TemplateResult => glyph(line('M8 2.2L14.4 13.6H1.6ZM8 6.4v3.4M8 11.7v.1'), 'warning');
export const errorIcon = (): TemplateResult => glyph(svg`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>${line('M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4')}`, 'error');
export const infoIcon = (): TemplateResult => glyph(svg`<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/>${line('M8 7.4v3.6M8 5v.1')}`, 'info');
export const downIcon = (): TemplateResult => glyph(line('M8 3v10M4 9l4 4 4-4'), 'down');
export const upIcon = (): TemplateResult => glyph(line('M8 13V3M4 7l4-4 4 4'), 'up');
export const evenIcon = (): TemplateResult => glyph(line('M2.5 9.2c1.8-2.6 3.6-2.6 5.5-1.2s3.7 1.4 5.5-1.2'), 'even');
export const nextIcon = (): TemplateResult => glyph(line('M6 3l5 5-5 5'), 'next');
export const previousIcon = (): TemplateResult => glyph(line('M10 3L5 8l5 5'), 'previous');
export const overviewIcon = (): TemplateResult => glyph(svg`<path d="M2 2h5v5H2ZM9 9h5v5H9Z" fill="currentColor" opacity="0.9"/><path d="M9.5 2.5h4v4h-4ZM2.5 9.5h4v4h-4Z" fill="none" stroke="currentColor"/>`, 'overview');
export const galleryIcon = (): TemplateResult => glyph(svg`<path d="M1.5 3h13v10h-13Z" fill="none" stroke="currentColor" stroke-width="1.2"/>${line('M2.5 11.5l3.4-3.8 2.7 2.8 2.2-2.1 2.7 3')}<circle cx="10.8" cy="5.8" r="1.1" fill="currentColor"/>`, 'gallery');
export const compareIcon = (): TemplateResult => glyph(line('M8 1.8v12.4M2 5h3.4M2 8h3.4M2 11h3.4M10.6 5H14M10.6 8h2.2M10.6 11h1'), 'compare');
export const distancesIcon = (): TemplateResult => glyph(line('M2 13.5V9.5M5 13.5V4M8 13.5V2.5M11 13.5V7.5M14 13.5v-2'), 'distances');
export const sequenceIcon = (): TemplateResult => glyph(svg`<path d="M1.5 3h13v10h-13ZM1.5 6h13M1.5 10h13" fill="none" stroke="currentColor" stroke-width="1.2"/>${line('M4 3v3M8 3v3M12 3v3M4 10v3M8 10v3M12 10v3')}`, 'sequence');
export const trainingIcon = (): TemplateResult => glyph(line('M2 2v12h12M4 5c1 4 3 6 10 6.5'), 'training');
export const sweepIcon = (): TemplateResult => glyph(svg`<path d="M2 2h3.4v3.4H2ZM10.6 10.6H14V14h-3.4ZM6.3 6.3h3.4v3.4H6.3Z" fill="currentColor"/><path d="M6.5 2.5h3v3h-3ZM2.5 6.5h3v3h-3ZM10.5 6.5h3v3h-3Z" fill="none" stroke="currentColor" opacity="0.7"/>`, 'sweep');
export const rowsIcon = (): TemplateResult => glyph(line('M2 4h12M2 8h12M2 12h12'), 'rows');
export const tilesIcon = (): TemplateResult => glyph(line('M2.5 2.5h4v4h-4ZM9.5 2.5h4v4h-4ZM2.5 9.5h4v4h-4ZM9.5 9.5h4v4h-4Z'), 'tiles');
export const pauseIcon = (): TemplateResult => glyph(line('M5.5 3v10M10.5 3v10'), 'pause');
export const playIcon = (): TemplateResult => glyph(line('M5 3l7 5-7 5Z'), 'play');
