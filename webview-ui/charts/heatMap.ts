/**
 * A heat map whose cells are read without colour: each says its value, draws it as a bar with its interval, and says the whole
 * in a sentence when it is pointed at or has the focus. Rows may differ in length. Where each row has one cell, rows are tiles.
 */
import { html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { heatMapStyles } from '../styles/heatMap.ts';

/** One cell; positions on its bar and its shade are in [0, 1]. */
export interface HeatCell {
  /** What tells it from its neighbours in the row: a strength; empty where columns have names. */
  heading: string;
  value: string;
  /** A second line, in the roomy cells of tiles: an interval. */
  note?: string;
  shade: number;
  bar?: { value: number; low?: number; high?: number };
  /** A sign that marks the cell, in words: "chosen". */
  mark?: string;
  /** The whole in a sentence. */
  sentence: string;
}

export interface HeatRow {
  name: string;
  title?: string;
  cells: HeatCell[];
}

/** The cell that a user chose. */
export interface HeatPlace {
  row: number;
  cell: number;
}

const at = (share: number): string => (100 * Math.max(0, Math.min(1, share))).toFixed(2);

@customElement('model-stability-heat-map')
export class HeatMap extends LitElement {
  static override styles = [baseStyles, heatMapStyles];

  @property() label = '';
  /** What a click does, in words. */
  @property() hint = '';
  @property({ attribute: false }) rows: HeatRow[] = [];
  /** Names of the columns, where they are the same for all rows. */
  @property({ attribute: false }) columns: string[] | null = null;
  /** What the ends of the shading mean: the lightest and the darkest cell. */
  @property({ attribute: false }) ends: [string, string] | null = null;
  /** The cell that the tab key reaches. */
  @state() private place: HeatPlace = { row: 0, cell: 0 };
  @state() private pointed: HeatPlace | null = null;

  private get areTiles(): boolean {
    return this.columns === null && this.rows.every(({ cells }) => cells.length === 1);
  }

  private choose(row: number, cell: number): void {
    this.place = { row, cell };
    this.dispatchEvent(new CustomEvent<HeatPlace>('cell-chosen', { detail: this.place }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { row, cell } = this.place;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.choose(row, cell);
      return;
    }
    const step = this.areTiles
      ? { ArrowRight: [1, 0], ArrowDown: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [-1, 0], Home: [-row, 0], End: [this.rows.length, 0] }[event.key]
      : { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], Home: [0, -cell], End: [0, this.rows[row]?.cells.length ?? 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const nextRow = Math.max(0, Math.min(this.rows.length - 1, row + step[0]!));
    const nextCell = Math.max(0, Math.min((this.rows[nextRow]?.cells.length ?? 1) - 1, cell + step[1]!));
    this.place = { row: nextRow, cell: nextCell };
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
  };

  protected override willUpdate(): void {
    if (this.rows[this.place.row]?.cells[this.place.cell] === undefined) this.place = { row: 0, cell: 0 };
  }

  protected override render(): TemplateResult {
    const width = Math.max(1, ...this.rows.map(({ cells }) => cells.length));
    const read = this.pointed && this.rows[this.pointed.row]?.cells[this.pointed.cell];
    return html`
      <div class="map ${this.areTiles ? 'tiles' : width > 8 ? 'narrow-cells' : width > 4 ? 'middle-cells' : 'wide-cells'}" role="grid" aria-label=${this.label} @keydown=${this.onKey}
        @pointerleave=${() => { this.pointed = null; }} @focusout=${() => { this.pointed = null; }}>
        ${this.columns === null ? nothing : html`<div role="row" class="line"><span role="columnheader" class="name"></span>${this.columns.map((name) => html`<span role="columnheader" class="column">${name}</span>`)}</div>`}
        ${this.rows.map((row, index) => html`
          <div role="row" class="line">
            <div role="rowheader" class="name" title=${row.title ?? nothing}>${row.name}</div>
            ${row.cells.map((cell, place) => this.cell(cell, index, place))}
          </div>`)}
      </div>
      <p class="readout" aria-hidden="true">${read?.sentence ?? this.hint}</p>
      ${this.ends === null ? nothing : html`<p class="ends"><span>${this.ends[0]}</span><svg viewBox="0 0 90 10" width="90" height="10" aria-hidden="true">
        ${[0, 1, 2, 3, 4, 5].map((step) => svg`<rect class="shade" x=${step * 15} width="15" height="10" fill-opacity=${(step * 0.1).toFixed(1)}/>`)}<rect class="frame" x="0.5" y="0.5" width="89" height="9"/></svg><span>${this.ends[1]}</span></p>`}`;
  }

  private cell(cell: HeatCell, row: number, place: number): TemplateResult {
    const isPlace = row === this.place.row && place === this.place.cell;
    const point = (): void => { this.pointed = { row, cell: place }; };
    return html`
      <div role="gridcell" class="cell ${cell.mark === undefined ? '' : 'marked'}" tabindex=${isPlace ? 0 : -1} aria-label=${cell.mark === undefined ? cell.sentence : `${cell.mark}: ${cell.sentence}`}
        @click=${() => this.choose(row, place)} @pointerenter=${point} @focus=${() => { this.place = { row, cell: place }; point(); }}>
        <svg class="back" aria-hidden="true"><rect class="shade" width="100%" height="100%" fill-opacity=${(0.5 * Math.max(0, Math.min(1, cell.shade))).toFixed(3)}/></svg>
        <span class="heading">${cell.heading}${cell.mark === undefined ? nothing : html` <b>${cell.mark}</b>`}</span>
        <span class="value numbers">${cell.value}</span>
        ${cell.note === undefined ? nothing : html`<span class="interval numbers">${cell.note}</span>`}
        ${cell.bar ? bar(cell.bar) : nothing}
      </div>`;
  }
}

const bar = ({ value, low, high }: NonNullable<HeatCell['bar']>): TemplateResult => html`
  <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="4.5" width="100" height="1"/>
    <rect class="amount" x="0" y="3" width=${at(value)} height="4"/>
    ${low === undefined || high === undefined ? nothing : svg`<path class="whisker" vector-effect="non-scaling-stroke" d="M${at(low)} 5H${at(high)}M${at(low)} 2V8M${at(high)} 2V8"/>`}
  </svg>`;

/** A heat map as an element of a template. */
export const heatMap = (parts: Pick<HeatMap, 'label' | 'hint' | 'rows' | 'columns' | 'ends'>, choose: (place: HeatPlace) => void): TemplateResult => html`
  <model-stability-heat-map .label=${parts.label} .hint=${parts.hint || strings.heatMap.hint} .rows=${parts.rows} .columns=${parts.columns} .ends=${parts.ends}
    @cell-chosen=${(event: CustomEvent<HeatPlace>) => choose(event.detail)}></model-stability-heat-map>`;
