import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ConfigOptions } from '../engine/config.ts';
import type { Viewer } from './viewer.ts';

/** What a file is called that says how the models below it are evaluated, trained and held to their gates. */
export const CONFIG_NAME = 'model-stability.json';

const ANY_CONFIG = `**/${CONFIG_NAME}`;
const NOT_CONFIGS = '**/{node_modules,.model-stability,.git}/**';

/** A configuration as it was last read: what it says, or why it cannot be read. */
export interface KnownConfig {
  file: string;
  options: ConfigOptions | null;
  error: string | null;
}

/** Knows the `model-stability.json` files of the workspace, and reads them again when they change. */
export class Configs implements vscode.Disposable {
  readonly #viewer: Viewer;
  readonly #known = new Map<string, KnownConfig>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: { dispose(): unknown }[];
  readonly onDidChange = this.#changed.event;

  constructor(viewer: Viewer) {
    this.#viewer = viewer;
    const watcher = vscode.workspace.createFileSystemWatcher(ANY_CONFIG);
    const reread = (uri: vscode.Uri) => void this.#read(uri.fsPath);
    this.#subscriptions = [watcher, this.#changed, watcher.onDidCreate(reread), watcher.onDidChange(reread), watcher.onDidDelete((uri) => {
      this.#known.delete(uri.fsPath);
      this.#changed.fire();
    })];
    void vscode.workspace.findFiles(ANY_CONFIG, NOT_CONFIGS, 100).then((files) => Promise.all(files.map((file) => this.#read(file.fsPath))));
  }

  /** All configurations that were read, sorted by path. */
  get all(): KnownConfig[] {
    return [...this.#known.values()].sort((a, b) => a.file.localeCompare(b.file));
  }

  /** The file that holds for a model: the nearest one from its folder up to the workspace's; null where there is none. */
  fileFor(model: vscode.Uri): string | null {
    const root = vscode.workspace.getWorkspaceFolder(model)?.uri.fsPath ?? path.dirname(model.fsPath);
    for (let folder = path.dirname(model.fsPath); ; folder = path.dirname(folder)) {
      const file = path.join(folder, CONFIG_NAME);
      if (existsSync(file)) return file;
      if (folder === root || folder === path.dirname(folder)) return null;
    }
  }

  /** What was last read of the file that holds for a model; null where there is none or it cannot be read. */
  known(model: vscode.Uri): ConfigOptions | null {
    const file = this.fileFor(model);
    return file === null ? null : this.#known.get(file)?.options ?? null;
  }

  /** What the file that holds for a model says now; null where there is none. Throws where it cannot be read. */
  async read(model: vscode.Uri): Promise<ConfigOptions | null> {
    const file = this.fileFor(model);
    return file === null ? null : await this.#viewer.call('readConfig', { file });
  }

  async #read(file: string): Promise<void> {
    const config: KnownConfig = { file, options: null, error: null };
    try {
      config.options = await this.#viewer.call('readConfig', { file });
    } catch (error) {
      config.error = error instanceof Error ? error.message : String(error);
    }
    this.#known.set(file, config);
    this.#changed.fire();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
