import path from 'node:path';
import * as vscode from 'vscode';
import { modelStem } from '../modelName.ts';

/** Folder of all runs that concern a model: in its workspace folder, or beside it where there is none. */
export function runsFolder(model: vscode.Uri): string {
  const workspace = vscode.workspace.getWorkspaceFolder(model);
  return path.join(workspace?.uri.fsPath ?? path.dirname(model.fsPath), '.model-stability', 'runs');
}

/** A new run's folder, `<time>-<model>`; to the millisecond, so that a job that is started anew at once has its own. */
export function newRunFolder(model: vscode.Uri): string {
  const time = new Date().toISOString().replace(/[:.]/g, '-').slice(0, 23);
  return path.join(runsFolder(model), `${time}-${modelStem(model.fsPath)}`);
}
