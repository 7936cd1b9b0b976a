import * as vscode from 'vscode';
import type { ModelChoices } from '../protocol.ts';

const NOTHING: ModelChoices = { featureLayer: null, train: null };

/** Keeps what the user chose in the list of a model's layers, for this workspace: the feature layer and the part to train. */
export class ChosenParts implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  of(model: vscode.Uri): ModelChoices {
    return { ...NOTHING, ...this.#memory.get<Partial<ModelChoices>>(`parts:${model.toString()}`) };
  }

  /** Changes one or both; null goes back to what the program finds. */
  async choose(model: vscode.Uri, choice: Partial<ModelChoices>): Promise<void> {
    await this.#memory.update(`parts:${model.toString()}`, { ...this.of(model), ...choice });
    this.#changed.fire(model);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
