/** The network of a model as a list of its layers; the feature layer and the part that is trained are marked and chosen here. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { LayerInfo, ModelInfo } from '../../src/engine/results.ts';
import type { ModelChoices } from '../../src/protocol.ts';
import { compact, count, shape } from '../format.ts';
import type { CallHost } from '../rpc.ts';
import { strings } from '../strings.ts';
import { baseStyles } from '../styles/base.ts';
import { layersStyles } from '../styles/layers.ts';
import { trainedLayers } from './trainedPart.ts';

const text = strings.layers;
/** Rows that are drawn before the user asks for the rest. */
const ROWS = 300;

@customElement('model-stability-layers')
export class Layers extends LitElement {
  static override styles = [baseStyles, layersStyles];

  @property({ attribute: false }) host!: CallHost;
  @property({ attribute: false }) info!: ModelInfo;
  @property({ attribute: false }) choices: ModelChoices | null = null;
  /** Undefined while they are being read; null where there are none to show. */
  @state() private layers: LayerInfo[] | null | undefined;
  @state() private failed: string | null = null;
  @state() private all = false;
  @state() private search = '';
  @state() private rows = ROWS;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('info');
    if (changed.has('info') && (before?.sha256 !== this.info.sha256 || before.featureLayer !== this.info.featureLayer)) void this.read();
  }

  private async read(): Promise<void> {
    try {
      this.layers = await this.host('layers');
      this.failed = null;
      await this.updateComplete;
      this.showFeatureLayer();
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
    }
  }

  /** What matters most lies at the network's end, far below the first rows. */
  private showFeatureLayer(): void {
    const list = this.renderRoot.querySelector('.scrolls');
    const row = list?.querySelector<HTMLElement>('tr.features');
    if (list && row) list.scrollTop = row.offsetTop - 0.7 * list.clientHeight;
  }

  private choose(choice: Partial<ModelChoices>): void {
    void this.host('chooseParts', choice);
  }

  protected override render(): TemplateResult {
    if (this.failed !== null) return html`<p role="alert">${this.failed}</p>`;
    const { layers, info } = this;
    if (layers === null) return html`<p class="muted">${text.tooMany}</p>`;
    if (!layers) return html`<p class="muted" aria-busy="true">${text.reading}</p>`;
    const part = this.choices?.train ?? 'head';
    const canTrain = info.trainable === true;
    const trained = canTrain ? trainedLayers(layers, part) : new Set<LayerInfo>();
    const wanted = this.search.trim().toLowerCase();
    const found = layers.filter((layer) => (this.all || layer.parameters > 0 || layer.isFeatureLayer)
      && (wanted === '' || layer.name.toLowerCase().includes(wanted) || layer.operator.toLowerCase().includes(wanted)));
    return html`
      <div class="tools">
        ${canTrain ? html`<label>${text.trained} <select name="train" @change=${(event: Event) => this.choose({ train: (event.target as HTMLSelectElement).value })}>
          ${[...new Set(['head', 'batch-norm', 'all', part])].map((name) => html`<option value=${name} .selected=${name === part}>${text.parts(name)}</option>`)}
        </select></label>` : nothing}
        <label><input type="checkbox" name="all" .checked=${this.all} @change=${(event: Event) => { this.all = (event.target as HTMLInputElement).checked; }}> ${text.all}</label>
        <input type="search" name="search" placeholder=${text.search} aria-label=${text.search} .value=${this.search} @input=${(event: Event) => { this.search = (event.target as HTMLInputElement).value; this.rows = ROWS; }}>
        ${this.choices?.featureLayer || this.choices?.train ? html`<button class="link" name="reset" @click=${() => this.choose({ featureLayer: null, train: null })}>${text.reset}</button>` : nothing}
      </div>
      <p class="muted" role="status">${text.summary(found.length, layers.length)}${canTrain ? ` ${text.trainedSummary(trained.size, compact([...trained].reduce((sum, layer) => sum + layer.parameters, 0)), compact(info.parameters))}` : ''}</p>
      <div class="scrolls" tabindex="0" role="region" aria-label=${text.table}>
        <table aria-label=${text.table}>
          <thead><tr><th scope="col">${text.name}</th><th scope="col">${text.operator}</th><th scope="col">${text.shape}</th><th scope="col" class="number">${text.parameters}</th><th scope="col">${text.features}</th>${canTrain ? html`<th scope="col">${text.training}</th>` : nothing}</tr></thead>
          <tbody>${found.slice(0, this.rows).map((layer) => this.row(layer, trained.has(layer), canTrain))}</tbody>
        </table>
      </div>
      ${found.length > this.rows ? html`<button class="secondary" name="more" @click=${() => { this.rows += 10 * ROWS; }}>${text.more(found.length - this.rows)}</button>` : nothing}`;
  }

  private row(layer: LayerInfo, isTrained: boolean, canTrain: boolean): TemplateResult {
    const { name, operator, output, shape: size, parameters, fromEnd, isFeatureLayer } = layer;
    return html`
      <tr class=${[isTrained ? 'trained' : '', isFeatureLayer ? 'features' : ''].join(' ')}>
        <th scope="row"><code title=${output === name ? nothing : output}>${name}</code></th>
        <td>${operator}</td>
        <td class="numbers">${size === null ? html`<span class="muted">${text.unknown}</span>` : shape(size)}</td>
        <td class="number">${parameters > 0 ? count(parameters) : nothing}</td>
        <td>${isFeatureLayer ? html`<b>◆ ${text.isFeatures}</b>` : html`<button class="link" aria-label=${text.useAsFeatures(name)} @click=${() => this.choose({ featureLayer: output })}>${text.use}</button>`}</td>
        ${canTrain ? html`<td>${isTrained ? html`<b>● ${text.isTrained}</b>` : nothing}${fromEnd === null ? nothing : html`<button class="link" aria-label=${text.trainFrom(name)} @click=${() => this.choose({ train: `last:${fromEnd}` })}>${text.fromHere}</button>`}</td>` : nothing}
      </tr>`;
  }
}
