import path from 'node:path';
import * as vscode from 'vscode';
import { runFolderName } from '../runFolderName.ts';

/** Folder of all runs that concern a model: in its workspace folder, or beside it where there is none. */
export function runsFolder(model: vscode.Uri): string {
  const workspace = vscode.workspace.getWorkspaceFolder(model);
  return path.join(workspace?.uri.fsPath ?? path.dirname(model.fsPath), '.model-stability', 'runs');
}

/** A new run's folder. */
export function newRunFolder(model: vscode.Uri): string {
  return path.join(runsFolder(model), runFolderName(model.fsPath));
}
