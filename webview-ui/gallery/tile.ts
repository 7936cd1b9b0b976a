/** One pair as a tile: A and B side by side, its labels, distortion and distance. */
import { html, type TemplateResult } from 'lit';
import type { PairRow } from '../../src/protocol.ts';
import { distortionName, measure, rank } from '../format.ts';
import { strings } from '../strings.ts';
import type { ShownPictures } from './pictures.ts';
import { labelLine, picture } from './row.ts';

const text = strings.gallery;

/** The content of a tile; a skeleton that says which pair it is until it is there. */
export const tileCell = (index: number, pair: PairRow | undefined, pictures: ShownPictures | undefined): TemplateResult => html`
  <span class="tile-pictures">${picture(pictures, 'a', pair)}${picture(pictures, 'b', pair)}</span>
  ${pair ? html`
    <span class="labels">${labelLine(pair)}</span>
    <span class="tile-line-text"><b class="distance-value" title=${text.larger(rank(pair.rank))}>${measure(pair.featureDistance)}</b> <span class="muted">${distortionName({ name: pair.distortion, strength: pair.strength })}</span></span>
    <span class="muted origin tile-line-text" title=${pair.image}>${pair.before ? text.beforeLabels(pair.before.labelA, pair.before.labelB) : pair.image}</span>`
    : html`<span class="muted">${text.loading(index + 1)}</span><span class="skeleton"></span>`}`;
