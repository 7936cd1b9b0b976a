/** The panel: follows the model in the editor and shows its runs as overview, gallery and comparison. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { DistortionSpec, Evaluation } from '../src/engine/results.ts';
import type { PanelState, PanelView } from '../src/protocol.ts';
import { compareRuns, compareStabilization, type ComparePart } from './compare.ts';
import './gallery/gallery.ts';
import type { GallerySource } from './gallery/gallery.ts';
import { header, jobBar, jobError } from './header.ts';
import { gatekeeper, isWhole, message } from './messages.ts';
import { overview } from './overview.ts';
import { connectHost, type CallHost } from './rpc.ts';
import { strings } from './strings.ts';
import { baseStyles, pageStyles } from './styles/base.ts';
import { compareStyles, overviewStyles } from './styles/overview.ts';
import { panelStyles } from './styles/panel.ts';
import { readViewState, type GalleryState, type ViewState } from './viewState.ts';

const VIEWS: PanelView[] = ['overview', 'gallery', 'compare'];

@customElement('model-stability-panel')
export class Panel extends LitElement {
  static override styles = [baseStyles, panelStyles, overviewStyles, compareStyles];

  @state() private content: PanelState | null = null;
  @state() private view!: ViewState;
  @state() private cancelling = false;
  @state() private callError: string | null = null;
  private readonly store = acquireVsCodeApi<ViewState>();
  private host!: CallHost;
  /** Views told to the host and not yet answered: until then its states are older than the user's choice. */
  private viewsUnderway = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.view = readViewState(this.store);
    const call = connectHost(this.store, (content) => this.receive(content));
    // What a button starts is not waited for, so that its failure is shown here rather than nowhere; the gallery shows its own.
    this.host = (method, ...params) => call(method, ...params).catch((error: unknown) => {
      if (method !== 'pairs' && method !== 'pairPictures') this.callError = error instanceof Error ? error.message : String(error);
      throw error;
    });
    void call('ready').then((content) => this.receive(content), (error: unknown) => { this.callError = String(error); });
  }

  private readonly quietHost: CallHost = (method, ...params) => {
    this.callError = null;
    const answer = this.host(method, ...params);
    answer.catch(() => undefined);
    return answer;
  };

  private receive(content: PanelState): void {
    const comparedBefore = this.content?.comparison ? this.content.comparison.a.run + this.content.comparison.b.run : null;
    this.content = content;
    if (content.job === null) this.cancelling = false;
    if (content.run !== null && content.run !== this.view.run) this.keep({ run: content.run, comparing: 'stabilization', gallery: { ...this.view.gallery, run: null, distortion: null, firstRow: 0 } });
    if (content.comparison && content.comparison.a.run + content.comparison.b.run !== comparedBefore) this.keep({ comparing: 'runs' });
    if (this.viewsUnderway === 0 && content.view !== this.view.hostView) this.keep({ view: content.view, hostView: content.view });
  }

  private keep(change: Partial<ViewState>): void {
    this.view = { ...this.view, ...change };
    this.store.setState(this.view);
  }

  private readonly keepGallery = (event: CustomEvent<Partial<GalleryState>>): void => this.keep({ gallery: { ...this.view.gallery, ...event.detail } });

  private async showView(view: PanelView): Promise<void> {
    this.keep({ view, hostView: view });
    this.viewsUnderway++;
    try {
      await this.quietHost('openPanel', { view });
    } finally {
      this.viewsUnderway--;
    }
  }

  private readonly openChanged = (run: string | null, distortion: DistortionSpec): void => {
    this.keep({ gallery: { ...this.view.gallery, run, distortion, changed: true, firstRow: 0 } });
    void this.showView('gallery');
  };

  private readonly openPart = (run: string): void => {
    this.keep({ gallery: { ...this.view.gallery, run, firstRow: 0 } });
    void this.showView('gallery');
  };

  private readonly cancel = (): void => {
    this.cancelling = true;
    void this.quietHost('cancel');
  };

  private readonly onTabKey = (event: KeyboardEvent): void => {
    const index = VIEWS.indexOf(this.view.view);
    const next = { ArrowRight: (index + 1) % VIEWS.length, ArrowLeft: (index + VIEWS.length - 1) % VIEWS.length, Home: 0, End: VIEWS.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    void this.showView(VIEWS[next]!);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${VIEWS[next]!}`)?.focus());
  };

  protected override render(): TemplateResult {
    const content = this.content;
    if (!content) return html`<p class="message muted" aria-busy="true">${this.callError ?? nothing}</p>`;
    return html`
      ${header(content, this.quietHost)}
      ${jobBar(content, this.cancelling, this.cancel)}
      ${jobError(content, this.quietHost)}
      ${this.callError === null ? nothing : html`<div class="banner" role="alert"><p>${this.callError}</p><button class="secondary" @click=${() => { this.callError = null; }}>${strings.dismissed}</button></div>`}
      ${gatekeeper(content, this.quietHost) ?? this.views(content)}`;
  }

  private views(content: PanelState): TemplateResult {
    const shown = this.view.view;
    return html`
      <div class="tabs" role="tablist" aria-label=${strings.viewsLabel} @keydown=${this.onTabKey}>
        ${VIEWS.map((view) => html`<button role="tab" id="tab-${view}" aria-selected=${view === shown ? 'true' : 'false'} aria-controls="view" tabindex=${view === shown ? 0 : -1} @click=${() => void this.showView(view)}>${strings.views[view]}</button>`)}
      </div>
      <main id="view" role="tabpanel" aria-labelledby="tab-${shown}" tabindex=${shown === 'gallery' ? nothing : 0} class=${shown === 'gallery' ? 'fills' : ''}>${this.body(content)}</main>`;
  }

  private body(content: PanelState): TemplateResult {
    const { result, comparison } = content;
    const shown = this.view.view;
    if (shown === 'compare') return this.compare(content);
    if (shown === 'gallery') {
      const sources = gallerySources(content);
      return sources.length === 0 ? this.noResult(content)
        : html`<model-stability-gallery .host=${this.host} .sources=${sources} .view=${this.view.gallery} @gallery-state=${this.keepGallery}></model-stability-gallery>`;
    }
    if (!result || !isWhole(result)) return comparison && !content.run ? this.compare(content) : this.noResult(content);
    const evaluation = result.kind === 'stabilization' ? result.before : result;
    return overview(evaluation, (distortion) => this.openChanged(result.kind === 'stabilization' ? `${content.run ?? ''}/before` : content.run, distortion));
  }

  private noResult(content: PanelState): TemplateResult {
    return message(content, this.quietHost);
  }

  private compare(content: PanelState): TemplateResult {
    const { result, comparison } = content;
    const stabilization = result?.kind === 'stabilization' && isWhole(result) ? result : null;
    const both = comparison !== null && stabilization !== null;
    if (comparison && (!stabilization || this.view.comparing === 'runs')) {
      return html`${both ? this.comparisonChoice() : nothing}${compareRuns(comparison, [{ name: strings.compareView.a, run: comparison.a.run }, { name: strings.compareView.b, run: comparison.b.run }], this.openPart)}`;
    }
    if (stabilization) {
      return html`${both ? this.comparisonChoice() : nothing}${compareStabilization(stabilization, stabilizationParts(content.run ?? stabilization.run), this.openPart, (path) => void this.quietHost('revealFile', { path }))}`;
    }
    if (!result || !isWhole(result)) return this.noResult(content);
    const [title, advice] = strings.empty.noComparison;
    return html`<div class="message"><h2>${title}</h2><p class="muted">${advice}</p><div class="buttons">
      <button class="primary" ?disabled=${content.job !== null || !content.trusted} @click=${() => void this.quietHost('stabilize')}>${strings.stabilize}</button>
      <button class="secondary" ?disabled=${content.runs.length < 2} @click=${() => void this.quietHost('compareRuns')}>${strings.compare}</button></div></div>`;
  }

  /** Where two runs were compared and the run on screen is a stabilization, the user chooses which to see. */
  private comparisonChoice(): TemplateResult {
    const names = { runs: strings.compareView.two, stabilization: strings.compareView.stabilization };
    return html`<fieldset class="choose-comparison"><legend class="hidden">${strings.views.compare}</legend>${(['runs', 'stabilization'] as const).map((name) => html`
      <label><input type="radio" name="comparing" .checked=${this.view.comparing === name} @change=${() => this.keep({ comparing: name })}>${names[name]}</label>`)}</fieldset>`;
  }
}

const stabilizationParts = (run: string): ComparePart[] => (['before', 'control', 'after'] as const).map((part) => ({ name: strings.gallery.parts[part], run: `${run}/${part}` }));

const sourceOf = (run: string, name: string, evaluation: Evaluation): GallerySource => ({
  run, name, distortions: evaluation.distortions.map(({ name, strength }) => ({ name, strength })), kept: evaluation.method.pairs, images: evaluation.method.images,
});

/** The evaluations whose pairs the gallery can show: of the run, or of the two runs compared. */
function gallerySources({ run, result, comparison }: PanelState): GallerySource[] {
  const sources: GallerySource[] = [];
  if (run !== null && result && isWhole(result)) {
    if (result.kind === 'evaluation') sources.push(sourceOf(run, strings.kinds.evaluation, result));
    else for (const part of ['before', 'control', 'after'] as const) sources.push(sourceOf(`${run}/${part}`, strings.gallery.parts[part], result[part]));
  }
  for (const side of comparison ? (['a', 'b'] as const) : []) {
    if (!comparison || sources.some((source) => source.run === comparison[side].run)) continue;
    const distortions = comparison.distortions.map(({ name, strength }) => ({ name, strength }));
    sources.push({ run: comparison[side].run, name: `${strings.compareView[side]}: ${comparison[side].run}`, distortions, kept: 'all', images: '' });
  }
  return sources;
}

const page = new CSSStyleSheet();
page.replaceSync(pageStyles.cssText);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
document.body.append(document.createElement('model-stability-panel'));
