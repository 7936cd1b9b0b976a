/** One row of the gallery, drawn from a pair and the pictures that are there; a skeleton until they are. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { PairRow } from '../../src/protocol.ts';
import { placeOnScale } from '../charts/placeOnScale.ts';
import { distortionName, measure, probability, rank } from '../format.ts';
import { changedIcon, keptIcon, rightIcon, wrongIcon } from '../icons.ts';
import { distortionMeaning, strings } from '../strings.ts';
import { answers, type Answer } from './answers.ts';
import type { ShownPictures } from './pictures.ts';

const text = strings.gallery;

/** Pictures up to this side are enlarged as squares of one colour: so few pixels are worth counting. */
const SMALL = 48;

type Side = 'a' | 'b' | 'difference';

/** A picture in its frame. `keyed` makes a new element for a new address, so that a reused row never shows the old picture. */
export const picture = (pictures: ShownPictures | undefined, side: Side, pair: PairRow | undefined): TemplateResult => html`
  <span class="picture ${side}">${pictures === undefined ? nothing
    : pictures.failed !== null ? html`<span class="no-picture" title=${pictures.failed}>${text.pictureFailed}</span>`
      : keyed(pictures[side], html`<img class=${pictures.width <= SMALL ? 'small' : ''} src=${pictures[side]} width=${pictures.width} height=${pictures.height} alt=${pair ? `${pair.image}, ${text.pictureOf[side]}` : ''} decoding="async" draggable="false">`)}</span>`;

/** Whether the label changed, by glyph, word and weight, with the labels and whether they are right. */
export function labelLine(pair: PairRow): TemplateResult {
  const verdict = (label: string): TemplateResult | typeof nothing => pair.truth === null ? nothing
    : label === pair.truth ? html`<span class="mark-right" title=${text.right}>${rightIcon()}<span class="hidden">${text.right}</span></span>`
      : html`<span class="mark-wrong" title=${text.wrong}>${wrongIcon()}<span class="hidden">${text.wrong}</span></span>`;
  if (pair.labelA === '') return html`<span class="muted">${text.noClasses}</span>`;
  return pair.labelA === pair.labelB
    ? html`<span class="badge kept">${keptIcon()}${text.kept}</span> <span class="label" title=${pair.labelA}>${pair.labelA}</span>${verdict(pair.labelA)}`
    : html`<span class="badge changed">${changedIcon()}${text.changed}</span> <b class="label" title=${pair.labelA}>${pair.labelA}</b>${verdict(pair.labelA)}<span class="arrow" aria-hidden="true">→</span><b class="label new" title=${pair.labelB}>${pair.labelB}</b>${verdict(pair.labelB)}`;
}

/** The probability that a picture's own label was given. */
const certainty = (label: string, top: PairRow['topA']): string => probability(top.find(([name]) => name === label)?.[1] ?? 0);

/** A pair in words, for who does not see it: picture, distortion, labels with their probabilities, distance. */
export const pairName = (pair: PairRow): string => text.pairName(
  pair.image, distortionName({ name: pair.distortion, strength: pair.strength }),
  pair.labelA === '' ? text.noClasses : pair.labelA === pair.labelB ? text.labelKept(pair.labelA, certainty(pair.labelA, pair.topA), certainty(pair.labelB, pair.topB))
    : text.labelChanged(pair.labelA, certainty(pair.labelA, pair.topA), pair.labelB, certainty(pair.labelB, pair.topB)),
  measure(pair.featureDistance),
);

const number = (value: number | null): string => value === null ? '–' : probability(value);

/** Paired bars of one label, A above B, with both numbers. */
export const answerBars = (answer: Answer): TemplateResult => html`
  <span class="answer ${answer.role}">
    <span class="answer-label" title=${answer.label}>${answer.label}</span>
    <svg class="answer-bars" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="0" width="100" height="12"/>
      ${svg`<rect class="a" x="0" y="1" width=${(answer.a ?? 0) * 100} height="4.5"/><rect class="b" x="0" y="6.5" width=${(answer.b ?? 0) * 100} height="4.5"/>`}
    </svg>
    <span class="answer-numbers">${number(answer.a)} → ${number(answer.b)}</span>
  </span>`;

/** The measures beside the feature distance. */
const otherMeasures = (pair: PairRow): string => (['klDivergence', 'jsDivergence', 'pixelDifference'] as const).map((name) => `${text.short[name]} ${measure(pair[name])}`).join(' · ');

/** The cells of a row. Without a pair, a skeleton that already says which row it is. `most` answers fit. */
export function rowCells(index: number, pair: PairRow | undefined, pictures: ShownPictures | undefined, maxFeatureDistance: number, most: number): TemplateResult {
  if (!pair) {
    return html`
      <span role="gridcell" class="cell-picture">${picture(undefined, 'a', undefined)}</span>
      <span role="gridcell" class="cell-picture">${picture(undefined, 'b', undefined)}</span>
      <span role="gridcell" class="cell-picture">${picture(undefined, 'difference', undefined)}</span>
      <span role="gridcell" class="cell-distance"><span class="skeleton short"></span><span class="skeleton"></span></span>
      <span role="gridcell" class="cell-answers"><span class="muted">${text.loading(index + 1)}</span><span class="skeleton"></span><span class="skeleton short"></span></span>`;
  }
  return html`
    <span role="gridcell" class="cell-picture">${picture(pictures, 'a', pair)}</span>
    <span role="gridcell" class="cell-picture">${picture(pictures, 'b', pair)}</span>
    <span role="gridcell" class="cell-picture">${picture(pictures, 'difference', pair)}</span>
    <span role="gridcell" class="cell-distance">
      <span class="distance-line"><span class="distance-value">${measure(pair.featureDistance)}</span>${placeOnScale(pair.featureDistance, maxFeatureDistance)}</span>
      <span class="muted" title=${text.larger(rank(pair.rank))}>${text.larger(rank(pair.rank))}</span>
      <span class="distortion" title=${distortionMeaning({ name: pair.distortion, strength: pair.strength })}>${distortionName({ name: pair.distortion, strength: pair.strength })}</span>
      <span class="muted" title=${otherMeasures(pair)}>${otherMeasures(pair)}</span>
    </span>
    <span role="gridcell" class="cell-answers">
      <span class="labels">${labelLine(pair)}</span>
      <span class="muted origin" title=${pair.image}>${pair.before ? html`${text.beforeLabels(pair.before.labelA, pair.before.labelB)} · ` : nothing}${pair.truth === null ? nothing : html`${text.truth(pair.truth)} · `}${pair.image}</span>
      ${answers(pair, most).map(answerBars)}
    </span>`;
}
