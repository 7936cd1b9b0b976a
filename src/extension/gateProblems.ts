import * as vscode from 'vscode';
import type { GateResult } from '../engine/gates.ts';
import type { Configs } from './configs.ts';
import { said } from './said.ts';
import type { Viewer } from './viewer.ts';

/** Holds runs against the gates of `model-stability.json` and shows those that are not met as problems of the model's file. */
export class GateProblems implements vscode.Disposable {
  readonly #configs: Configs;
  readonly #viewer: Viewer;
  readonly #problems = vscode.languages.createDiagnosticCollection('modelStability');

  constructor(configs: Configs, viewer: Viewer) {
    this.#configs = configs;
    this.#viewer = viewer;
  }

  /** Checks what a run found of a model; the gates that concern it, none where the workspace has none. */
  async check(model: vscode.Uri, run: string): Promise<GateResult[]> {
    const gates = (await this.#configs.read(model))?.gates ?? {};
    const results = Object.keys(gates).length === 0 ? [] : await this.#viewer.call('checkGates', { run, gates });
    const start = new vscode.Range(0, 0, 0, 0);
    this.#problems.set(model, results.filter(({ met }) => !met).map((result) => {
      const problem = new vscode.Diagnostic(start, said(result.sentence), vscode.DiagnosticSeverity.Warning);
      problem.source = 'Model Stability';
      problem.code = result.gate;
      return problem;
    }));
    return results;
  }

  dispose(): void {
    this.#problems.dispose();
  }
}
