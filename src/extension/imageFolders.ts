import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { modelName } from '../modelName.ts';
import type { Configs } from './configs.ts';
import { imagesSetting } from './settings.ts';

/** Knows the folder of pictures of each model: from `model-stability.json`, the settings, or as the user once chose it in this workspace. */
export class ImageFolders {
  readonly #memory: vscode.Memento;
  readonly #configs: Configs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(memory: vscode.Memento, configs: Configs) {
    this.#memory = memory;
    this.#configs = configs;
    configs.onDidChange(() => this.#changed.fire());
  }

  /** The folder known for a model; null where none is, or where it is gone. */
  known(model: vscode.Uri): string | null {
    const folder = this.#configs.known(model)?.job.images ?? this.#fromSettings(model) ?? this.#memory.get<string>(this.#key(model));
    return folder !== undefined && existsSync(folder) ? folder : null;
  }

  /** The folder known for a model, else the one the user chooses now; null where the user does not. */
  async knownOrAsk(model: vscode.Uri): Promise<string | null> {
    return this.known(model) ?? await this.ask(model);
  }

  /** Asks for a folder and remembers it for this model. */
  async ask(model: vscode.Uri): Promise<string | null> {
    const name = modelName(model.fsPath);
    const known = this.known(model);
    const chosen = await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Folder of the pictures for {0}', name),
      openLabel: vscode.l10n.t('Use These Pictures'),
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: known === null ? vscode.workspace.getWorkspaceFolder(model)?.uri : vscode.Uri.file(known),
    });
    const folder = chosen?.[0]?.fsPath;
    if (folder === undefined) return null;
    await this.remember(model, folder);
    return folder;
  }

  /** Keeps the folder of a model for this workspace. */
  async remember(model: vscode.Uri, folder: string): Promise<void> {
    await this.#memory.update(this.#key(model), folder);
    this.#changed.fire();
  }

  #key(model: vscode.Uri): string {
    return `images:${model.toString()}`;
  }

  #fromSettings(model: vscode.Uri): string | undefined {
    const setting = imagesSetting(model);
    if (setting === '') return undefined;
    const base = vscode.workspace.getWorkspaceFolder(model)?.uri.fsPath ?? path.dirname(model.fsPath);
    return path.resolve(base, setting);
  }
}
