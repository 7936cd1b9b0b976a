/** The custom editor's page: what the model in this file is, and the buttons that start the two jobs. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ModelInfo } from '../src/engine/results.ts';
import type { PanelState } from '../src/protocol.ts';
import { bytes, compact, count, shape } from './format.ts';
import { canStart, jobBar, jobButtons, jobError, modelFacts } from './header.ts';
import { gatekeeper } from './messages.ts';
import './modelEditor/layers.ts';
import { preprocessingFact } from './provenance.ts';
import { connectHost, type CallHost } from './rpc.ts';
import { strings } from './strings.ts';
import { baseStyles, pageStyles } from './styles/base.ts';
import { editorStyles } from './styles/editor.ts';
import { overviewStyles } from './styles/overview.ts';
import { panelStyles } from './styles/panel.ts';

const text = strings.editor;
const CLASSES_SHOWN = 60;

@customElement('model-stability-model')
export class ModelPage extends LitElement {
  static override styles = [baseStyles, panelStyles, overviewStyles, editorStyles];

  @state() private content: PanelState | null = null;
  @state() private cancelling = false;
  @state() private callError: string | null = null;
  private host!: CallHost;

  override connectedCallback(): void {
    super.connectedCallback();
    const call = connectHost(acquireVsCodeApi(), (content) => this.receive(content));
    this.host = (method, ...params) => {
      this.callError = null;
      const answer = call(method, ...params);
      answer.catch((error: unknown) => { this.callError = error instanceof Error ? error.message : String(error); });
      return answer;
    };
    void this.host('ready').then((content) => this.receive(content), () => undefined);
  }

  private receive(content: PanelState): void {
    this.content = content;
    if (content.job === null) this.cancelling = false;
  }

  private readonly cancel = (): void => {
    this.cancelling = true;
    void this.host('cancel');
  };

  protected override render(): TemplateResult {
    const content = this.content;
    const failed = this.callError === null ? nothing : html`<div class="banner" role="alert"><p>${this.callError}</p></div>`;
    if (!content) return html`${failed}`;
    const { model, info, modelError } = content;
    const gate = gatekeeper({ ...content, result: null, comparison: null }, this.host);
    return html`
      ${!model || modelError !== null ? nothing : html`
        <header class="top">
          <div class="model"><h1 title=${model.path}>${model.name}</h1>${info ? html`<span class="format">${info.format}</span><span class="facts-line">${modelFacts(info).slice(0, 2).map((fact) => html`<span>${fact}</span>`)}</span>` : nothing}</div>
          ${info ? html`<div class="actions">
            ${content.runs.length === 0 ? nothing : html`<button class="secondary" @click=${() => void this.host('openPanel', { view: 'gallery' })}>${strings.openGallery}</button>`}
            ${jobButtons(content, this.host)}
          </div>` : nothing}
        </header>`}
      ${jobBar(content, this.cancelling, this.cancel)}
      ${jobError(content, this.host)}
      ${failed}
      <main tabindex="0">${gate ?? (info ? this.facts(content, info) : nothing)}</main>`;
  }

  private facts(content: PanelState, info: ModelInfo): TemplateResult {
    const { head, preprocessing, trainable } = info;
    const tensors = (list: ModelInfo['inputs']): TemplateResult[] => list.map(({ name, shape: size, type }) => html`<div><code>${name}</code> ${shape(size)} <span class="muted">${type}</span></div>`);
    const groups: [string, [string, unknown][]][] = [
      [text.file, [
        [text.format, info.format], [text.size, bytes(info.bytes)], ['sha256', html`<code>${info.sha256}</code>`],
      ]],
      [text.model, [
        [text.inputs, tensors(info.inputs)], [text.outputs, tensors(info.outputs)],
        [text.parameters, count(info.parameters)], [text.layers, count(info.layers)],
        [text.featureLayer, info.featureLayer === null ? text.none : html`<code>${info.featureLayer}</code>`],
        [text.head, head === null ? text.none : text.headText(head.layers, compact(head.parameters))],
        [text.trainable, trainable === true ? text.yes : trainable],
      ]],
      [text.answers, [
        [text.output, info.output === null ? text.noClasses : text[info.output]],
        ...(info.classes === null ? [] : [[text.classes, this.classes(info)] as [string, unknown]]),
      ]],
      [text.howPrepared, [
        [text.preprocessing, preprocessing === null ? text.none : html`${preprocessingFact(preprocessing)} <button class="link" name="findPreprocessing" title=${text.findMeans} ?disabled=${!canStart(content)} @click=${() => void this.host('findPreprocessing')}>${text.find}</button>`],
        [text.pictures, html`${content.images ?? text.notKnown} <button class="link" name="chooseImages" ?disabled=${!canStart(content)} @click=${() => void this.host('chooseImages')}>${strings.choosePictures}</button>`],
        [text.frames, html`<button class="link" name="evaluateFrames" title=${text.framesMean} ?disabled=${!canStart(content)} @click=${() => void this.host('evaluateFrames')}>${text.evaluateFrames}</button>`],
      ]],
    ];
    return html`
      <div class="view">
        ${content.trusted ? nothing : html`<p class="untrusted"><b>${strings.empty.untrusted[0]}.</b> ${strings.empty.untrusted[1]}</p>`}
        ${groups.map(([title, facts]) => html`<section><h2>${title}</h2><dl class="facts-list">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl></section>`)}
        <section><h2>${strings.layers.title}</h2><model-stability-layers .host=${this.host} .info=${info} .choices=${content.choices}></model-stability-layers></section>
        <section><h2>${text.operators}</h2>${this.operators(info)}</section>
      </div>`;
  }

  private classes(info: ModelInfo): TemplateResult {
    const names = info.classNames ?? [];
    const rest = names.length - CLASSES_SHOWN;
    return html`${strings.classes(info.classes ?? 0)}${names.length === 0 ? nothing : html`<span class="muted">: ${names.slice(0, CLASSES_SHOWN).join(', ')}${rest > 0 ? ` ${text.more(rest)}` : ''}${info.classNamesFrom === undefined ? nothing : `, ${strings.made.fromFile(info.classNamesFrom)}`}</span>`}`;
  }

  private operators(info: ModelInfo): TemplateResult {
    const entries = Object.entries(info.operators).sort(([, a], [, b]) => b - a);
    return html`<ul class="operators">${entries.map(([name, number]) => html`<li><span>${name}</span><b>${count(number)}</b></li>`)}</ul>`;
  }
}

const page = new CSSStyleSheet();
page.replaceSync(pageStyles.cssText);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
document.body.append(document.createElement('model-stability-model'));
