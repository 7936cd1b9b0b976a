import * as vscode from 'vscode';
import { MODEL_EDITORS } from './modelFiles.ts';
import type { ModelSessions } from './modelSessions.ts';
import { ModelView } from './modelView.ts';
import type { ViewServices } from './modelView.ts';
import { webviewHtml, webviewOptions } from './webviewHtml.ts';

/** The editor for model files: says what the model is and starts the jobs. It never changes the file. */
export class ModelEditorProvider implements vscode.CustomReadonlyEditorProvider {
  readonly #extensionUri: vscode.Uri;
  readonly #services: ViewServices;
  readonly #sessions: ModelSessions;

  private constructor(extensionUri: vscode.Uri, services: ViewServices, sessions: ModelSessions) {
    this.#extensionUri = extensionUri;
    this.#services = services;
    this.#sessions = sessions;
  }

  static register(extensionUri: vscode.Uri, services: ViewServices, sessions: ModelSessions): vscode.Disposable {
    const provider = new ModelEditorProvider(extensionUri, services, sessions);
    return vscode.Disposable.from(...MODEL_EDITORS.map((viewType) =>
      vscode.window.registerCustomEditorProvider(viewType, provider, { supportsMultipleEditorsPerDocument: true })));
  }

  /** A model may have gigabytes: only its address is kept here, the worker reads the file. */
  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor(document: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    panel.webview.options = webviewOptions(this.#extensionUri);
    const view = new ModelView(panel.webview, this.#services, this.#sessions.get(document.uri));
    panel.onDidDispose(() => view.dispose());
    panel.webview.html = webviewHtml(panel.webview, this.#extensionUri, 'modelEditor');
  }
}
