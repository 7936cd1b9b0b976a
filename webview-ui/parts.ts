/** Small pieces that several views are made of. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Share } from '../src/engine/results.ts';
import { interval, percent } from './format.ts';
import { warningIcon } from './icons.ts';
import type { Phrase } from './phrase.ts';
import { said } from './said.ts';

/** A phrase with its weighty parts in bold. */
export const phrase = (parts: Phrase): (string | TemplateResult)[] => parts.map((part) => typeof part === 'string' ? part : html`<b>${part.strong}</b>`);

/** Sentences of warning, each with its sign. */
export const warnings = (sentences: string[]): TemplateResult | typeof nothing => sentences.length === 0 ? nothing
  : html`<ul class="notes">${sentences.map((sentence) => html`<li>${warningIcon()}<span>${said(sentence)}</span></li>`)}</ul>`;

/** A cell of a table that is a block where it is narrow; then it carries its column's name itself. */
export const cell = (label: string, content: unknown, kind = ''): TemplateResult => html`<div role="cell" class=${kind}><span class="narrow-label" aria-hidden="true">${label}</span>${content}</div>`;

/** A share over its interval. */
export const shareText = (share: Share): TemplateResult => html`<span class="two numbers">${percent(share.value)}<br><span class="muted">${interval(share)}</span></span>`;
