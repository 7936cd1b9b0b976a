import type { CSSResult, TemplateResult } from 'lit';
import type { PanelState, PanelView } from '../../src/protocol.ts';
import type { CallHost } from '../rpc.ts';
import type { GalleryState, ViewState } from '../viewState.ts';

/** What a view draws from and acts through. */
export interface ViewContext {
  state: PanelState;
  /** What the panel keeps over being hidden and shown again; a view has a part of its own in it. */
  kept: ViewState;
  keep: (change: Partial<ViewState>) => void;
  /** Calls the host; a failure is shown by the panel, so that nobody need wait for the answer. */
  call: CallHost;
  /** Asks the host for what is drawn; the view shows a failure itself, in the place of what is missing. */
  ask: CallHost;
  /** Changes to another view. */
  show: (view: PanelView) => void;
  /** Opens the gallery on the pairs that pass a filter; what the filter does not name is not filtered. */
  openGallery: (filter: Partial<GalleryState>) => void;
}

/** One tab of the panel. */
export interface View {
  name: PanelView;
  title: string;
  icon(): TemplateResult;
  /** Whether there is a tab; one without anything to show yet says what to do. */
  isAvailable(state: PanelState): boolean;
  /** Whether it fills the panel and scrolls by itself. */
  fills: boolean;
  /** Rules of its own, beside `baseStyles`; class names are shared by all views, so they begin with the view's name. */
  styles: CSSResult[];
  render(context: ViewContext): TemplateResult;
}
