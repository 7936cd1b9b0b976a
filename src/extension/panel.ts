import * as vscode from 'vscode';
import type { Comparison } from '../engine/results.ts';
import type { PanelView } from '../protocol.ts';
import { activeModel } from './modelFiles.ts';
import type { ModelSession, ModelSessions } from './modelSessions.ts';
import { ModelView } from './modelView.ts';
import type { ViewServices } from './modelView.ts';
import { webviewHtml, webviewOptions } from './webviewHtml.ts';

const VIEW_TYPE = 'modelStability.panel';

/** The one panel beside the editor. It follows the model that is open there, and keeps the last one while other files are. */
export class Panel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #extensionUri: vscode.Uri;
  readonly #services: ViewServices;
  readonly #sessions: ModelSessions;
  readonly #subscriptions: vscode.Disposable[];
  #panel: vscode.WebviewPanel | null = null;
  #view: ModelView | null = null;

  constructor(extensionUri: vscode.Uri, services: ViewServices, sessions: ModelSessions) {
    this.#extensionUri = extensionUri;
    this.#services = services;
    this.#sessions = sessions;
    const follow = () => void this.#follow();
    this.#subscriptions = [
      vscode.window.tabGroups.onDidChangeTabs(follow),
      vscode.window.tabGroups.onDidChangeTabGroups(follow),
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, this),
    ];
  }

  /** The model that the panel shows; null where it shows none or is closed. */
  get model(): ModelSession | null {
    return this.#view?.session ?? null;
  }

  /** Shows a model in the panel, which opens beside the editor and leaves the focus where it is. */
  show(session: ModelSession, view: PanelView, comparison?: Comparison | null): void {
    if (!this.#panel) {
      this.#adopt(vscode.window.createWebviewPanel(
        VIEW_TYPE, 'Model Stability', { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, webviewOptions(this.#extensionUri),
      ));
    } else if (!this.#panel.visible) {
      this.#panel.reveal(undefined, true);
    }
    this.#view?.show(session);
    this.#view?.switchTo(view, comparison);
  }

  /** VS Code restores the panel of the last session. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    panel.webview.options = webviewOptions(this.#extensionUri);
    this.#adopt(panel);
    return this.#follow();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const view = new ModelView(panel.webview, this.#services, null);
    panel.webview.html = webviewHtml(panel.webview, this.#extensionUri, 'panel');
    panel.onDidDispose(() => {
      view.dispose();
      this.#panel = null;
      this.#view = null;
    });
    this.#panel = panel;
    this.#view = view;
  }

  async #follow(): Promise<void> {
    if (!this.#view) return;
    const model = await activeModel();
    if (model && model.fsPath !== this.model?.uri.fsPath) this.#view.show(this.#sessions.get(model));
  }

  dispose(): void {
    this.#panel?.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
