import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { LayerInfo, ModelInfo, Run } from '../engine/results.ts';
import type { RunListItem } from '../protocol.ts';
import type { Configs } from './configs.ts';
import type { ChosenParts } from './modelChoices.ts';
import type { ModelOptions } from './modelOptions.ts';
import { runsFolder } from './runFolders.ts';
import type { Viewer } from './viewer.ts';

const sentence = (error: unknown) => error instanceof Error ? error.message : String(error);

/** What is known of one model file while VS Code runs: the file's own content, its runs, and the run on screen. */
export class ModelSession implements vscode.Disposable {
  readonly uri: vscode.Uri;
  readonly #viewer: Viewer;
  readonly #options: ModelOptions;
  readonly #watcher: vscode.FileSystemWatcher;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  info: ModelInfo | null = null;
  /** Its layers, apart from `info`, since only the model's editor shows them; null where there are none to show. */
  layers: LayerInfo[] | null = null;
  modelError: string | null = null;
  runs: RunListItem[] = [];
  run: string | null = null;
  result: Run | null = null;
  runError: string | null = null;
  #opened = false;
  #newestRead = 0;

  constructor(uri: vscode.Uri, viewer: Viewer, options: ModelOptions) {
    this.uri = uri;
    this.#viewer = viewer;
    this.#options = options;
    const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
    this.#watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), name));
    this.#watcher.onDidChange(() => this.#read());
    this.#watcher.onDidCreate(() => this.#read());
    this.#watcher.onDidDelete(() => this.#read());
  }

  /** Reads the model and its runs when called first, and puts the newest finished run on screen. */
  async open(): Promise<void> {
    if (this.#opened) return;
    this.#opened = true;
    await this.#read();
    await this.refreshRuns();
    const newest = this.runs.find((item) => item.state === 'done');
    if (newest && this.run === null) await this.showRun(newest.run);
  }

  /** Looks for the model's runs again: those of the same path, or of the same content. */
  async refreshRuns(): Promise<void> {
    try {
      const all = await this.#viewer.call('listRuns', { folder: runsFolder(this.uri) });
      this.runs = all.filter((item) => item.model === this.uri.fsPath || item.modelSha256 === this.info?.sha256);
    } catch (error) {
      this.runError = sentence(error);
    }
    this.#changed.fire();
  }

  /** Puts a run on screen; one that cannot be read leaves the reason in `runError`. */
  async showRun(run: string): Promise<void> {
    Object.assign(this, { run, result: null, runError: null });
    this.#changed.fire();
    try {
      const result = await this.#viewer.call('openRun', { run });
      if (this.run === run) this.result = result;
    } catch (error) {
      if (this.run === run) this.runError = sentence(error);
    }
    this.#changed.fire();
  }

  /** Takes the run from the screen, since it is no more. */
  closeRun(): void {
    Object.assign(this, { run: null, result: null, runError: null });
    this.#changed.fire();
  }

  /** Reads the model again, because how its pictures are prepared or its features are found has changed. */
  async reread(): Promise<void> {
    if (this.#opened) await this.#read();
  }

  async #read(): Promise<void> {
    const read = ++this.#newestRead;
    let info: ModelInfo | null = null;
    let layers: LayerInfo[] | null = null;
    let modelError: string | null = null;
    try {
      ({ layerList: layers = null, ...info } = await this.#viewer.call('inspect', { ...await this.#options.inspect(this.uri), model: this.uri.fsPath, layers: true }));
    } catch (error) {
      modelError = sentence(error);
    }
    // The file may have changed again while it was read.
    if (read !== this.#newestRead) return;
    Object.assign(this, { info, layers, modelError });
    this.#changed.fire();
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#changed.dispose();
  }
}

/** The sessions of all model files that were looked at. */
export class ModelSessions implements vscode.Disposable {
  readonly #viewer: Viewer;
  readonly #options: ModelOptions;
  readonly #subscriptions: vscode.Disposable[];
  readonly #sessions = new Map<string, ModelSession>();

  constructor(viewer: Viewer, options: ModelOptions, configs: Configs, parts: ChosenParts) {
    this.#viewer = viewer;
    this.#options = options;
    this.#subscriptions = [
      configs.onDidChange(() => this.all.forEach((session) => void session.reread())),
      parts.onDidChange((model) => void this.#sessions.get(model.fsPath)?.reread()),
    ];
  }

  /** The sessions of all models that were looked at. */
  get all(): ModelSession[] {
    return [...this.#sessions.values()];
  }

  get(uri: vscode.Uri): ModelSession {
    if (uri.scheme !== 'file') throw new UserError(vscode.l10n.t('not a file on this machine: {0}', uri.toString()));
    const known = this.#sessions.get(uri.fsPath);
    if (known) return known;
    const session = new ModelSession(uri, this.#viewer, this.#options);
    this.#sessions.set(uri.fsPath, session);
    return session;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }
}
