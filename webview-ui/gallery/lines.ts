/**
 * The lines of the gallery's grid: its head, a row with one pair, a line of tiles. A pair is drawn anew only where something of
 * it has changed: pictures come one by one, and each of them would draw all pairs in sight.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { PairRow } from '../../src/protocol.ts';
import { count } from '../format.ts';
import { strings } from '../strings.ts';
import type { ShownPictures } from './pictures.ts';
import { pairName, rowCells } from './row.ts';
import { tileCell } from './tile.ts';

const text = strings.gallery;

/** A pair at its place among those that pass the filter, from 0, with what is there of it. */
export interface ShownPair {
  index: number;
  pair: PairRow | undefined;
  pictures: ShownPictures | undefined;
  isActive: boolean;
}

/** The head above the rows, which names their columns. */
export const headLine = (amplification: number): TemplateResult => html`
  <div class="head" role="rowgroup"><div role="row" class="head-row" aria-rowindex="1">
    <span role="columnheader">${text.columns.a}</span><span role="columnheader">${text.columns.b}</span>
    <span role="columnheader" title=${text.whiteMeans(amplification)}>${text.columns.difference(amplification)}</span>
    <span role="columnheader">${text.columns.distance}</span><span role="columnheader">${text.columns.answers}</span>
  </div></div>`;

/** How a pair is named to who does not see it. */
const nameOf = ({ index, pair }: ShownPair): string => pair ? text.rowLabel(index + 1, pairName(pair)) : text.loading(index + 1);

/** A row, in which `most` answers fit. */
export function rowLine(shown: ShownPair, maxFeatureDistance: number, most: number): unknown {
  const { index, pair, pictures, isActive } = shown;
  return guard([index, pair, pictures, isActive, maxFeatureDistance, most], () => html`
    <div class="line row ${isActive ? 'active' : ''}" role="row" id="row-${index}" data-index=${index} data-line=${index} aria-rowindex=${index + 2} aria-selected=${isActive ? 'true' : 'false'} aria-label=${nameOf(shown)} title=${pair ? nothing : count(index + 1)}>
      ${rowCells(index, pair, pictures, maxFeatureDistance, most)}
    </div>`);
}

/** A line of tiles. */
export const tileLine = (line: number, tiles: ShownPair[]): TemplateResult => html`
  <div class="line tile-line" role="row" data-line=${line} aria-rowindex=${line + 1}>${tiles.map((shown) => {
    const { index, pair, pictures, isActive } = shown;
    return guard([index, pair, pictures, isActive], () => html`<div class="tile ${isActive ? 'active' : ''}" role="gridcell" id="row-${index}" data-index=${index} aria-selected=${isActive ? 'true' : 'false'} aria-label=${nameOf(shown)}>${tileCell(index, pair, pictures)}</div>`);
  })}</div>`;
