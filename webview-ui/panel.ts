/** The panel: follows the model in the editor and shows its runs, a view a question of the reader. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { PanelState, PanelView } from '../src/protocol.ts';
import { header, jobBar, jobError } from './header.ts';
import { gatekeeper } from './messages.ts';
import { connectHost, type CallHost } from './rpc.ts';
import { strings } from './strings.ts';
import { baseStyles, pageStyles } from './styles/base.ts';
import { panelStyles } from './styles/panel.ts';
import { views } from './views/index.ts';
import type { View, ViewContext } from './views/view.ts';
import { readViewState, unfiltered, type GalleryState, type ViewState } from './viewState.ts';

@customElement('model-stability-panel')
export class Panel extends LitElement {
  static override styles = [baseStyles, panelStyles, ...new Set(views.flatMap((view) => view.styles))];

  @state() private content: PanelState | null = null;
  @state() private kept!: ViewState;
  @state() private cancelling = false;
  @state() private callError: string | null = null;
  private readonly store = acquireVsCodeApi<ViewState>();
  private host!: CallHost;
  /** Views told to the host and not yet answered: until then its states are older than the user's choice. */
  private viewsUnderway = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.kept = readViewState(this.store);
    this.host = connectHost(this.store, (content) => this.receive(content));
    void this.host('ready').then((content) => this.receive(content), (error: unknown) => { this.callError = String(error); });
  }

  /** What a button starts is not waited for, so that its failure is shown here rather than nowhere. */
  private readonly call: CallHost = (method, ...params) => {
    this.callError = null;
    const answer = this.host(method, ...params);
    answer.catch((error: unknown) => { this.callError = error instanceof Error ? error.message : String(error); });
    return answer;
  };

  private receive(content: PanelState): void {
    const comparedBefore = this.content?.comparison ? this.content.comparison.a.run + this.content.comparison.b.run : null;
    this.content = content;
    if (content.job === null) this.cancelling = false;
    if (content.run !== null && content.run !== this.kept.run) this.keep({ run: content.run, comparing: 'stabilization', gallery: { ...this.kept.gallery, ...unfiltered } });
    if (content.comparison && content.comparison.a.run + content.comparison.b.run !== comparedBefore) this.keep({ comparing: 'runs' });
    if (this.viewsUnderway === 0 && content.view !== this.kept.hostView) this.keep({ view: content.view, hostView: content.view });
  }

  private readonly keep = (change: Partial<ViewState>): void => {
    this.kept = { ...this.kept, ...change };
    this.store.setState(this.kept);
  };

  private async show(view: PanelView): Promise<void> {
    this.keep({ view, hostView: view });
    this.viewsUnderway++;
    try {
      await this.call('openPanel', { view });
    } catch {
      // `call` shows the failure.
    } finally {
      this.viewsUnderway--;
    }
  }

  private readonly openGallery = (filter: Partial<GalleryState>): void => {
    this.keep({ gallery: { ...this.kept.gallery, ...unfiltered, ...filter } });
    void this.show('gallery');
  };

  private readonly cancel = (): void => {
    this.cancelling = true;
    void this.call('cancel');
  };

  private readonly onTabKey = (event: KeyboardEvent, tabs: readonly View[], shown: View): void => {
    const index = tabs.indexOf(shown);
    const next = { ArrowRight: (index + 1) % tabs.length, ArrowLeft: (index + tabs.length - 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    void this.show(tabs[next]!.name);
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${tabs[next]!.name}`)?.focus());
  };

  protected override render(): TemplateResult {
    const content = this.content;
    if (!content) return html`<p class="message muted" aria-busy="true">${this.callError ?? nothing}</p>`;
    return html`
      ${header(content, this.call)}
      ${jobBar(content, this.cancelling, this.cancel)}
      ${jobError(content, this.call)}
      ${this.callError === null ? nothing : html`<div class="banner" role="alert"><p>${this.callError}</p><button class="secondary" @click=${() => { this.callError = null; }}>${strings.dismissed}</button></div>`}
      ${gatekeeper(content, this.call) ?? this.views(content)}`;
  }

  /** The tabs, and the view that is chosen; the first where the chosen one has gone. */
  private views(content: PanelState): TemplateResult {
    const tabs = views.filter((view) => view.isAvailable(content));
    const shown = tabs.find(({ name }) => name === this.kept.view) ?? tabs[0] ?? views[0]!;
    const context: ViewContext = {
      state: content, kept: this.kept, keep: this.keep, call: this.call, ask: this.host, show: (view) => void this.show(view), openGallery: this.openGallery,
    };
    return html`
      <div class="tabs" role="tablist" aria-label=${strings.viewsLabel} @keydown=${(event: KeyboardEvent) => this.onTabKey(event, tabs, shown)}>
        ${tabs.map((view) => html`<button role="tab" id="tab-${view.name}" aria-selected=${view === shown ? 'true' : 'false'} aria-controls="view" tabindex=${view === shown ? 0 : -1} @click=${() => void this.show(view.name)}>${view.icon()}${view.title}</button>`)}
      </div>
      <main id="view" role="tabpanel" aria-labelledby="tab-${shown.name}" tabindex=${shown.fills ? nothing : 0} class=${shown.fills ? 'fills' : ''}>${shown.render(context)}</main>`;
  }
}

const page = new CSSStyleSheet();
page.replaceSync(pageStyles.cssText);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];
document.body.append(document.createElement('model-stability-panel'));
