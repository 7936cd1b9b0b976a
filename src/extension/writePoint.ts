import path from 'node:path';
import * as vscode from 'vscode';
import { modelName } from '../modelName.ts';
import { revealFile } from './revealFile.ts';
import type { Viewer } from './viewer.ts';

/** Asks where to, and writes the model of a point of a stabilization's search there; a dialog that is closed writes nothing. */
export async function writePoint(viewer: Viewer, model: vscode.Uri, { run, index }: { run: string; index: number }): Promise<void> {
  const { dir, name, ext } = path.parse(model.fsPath);
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Write the model of point {0} as', index + 1),
    defaultUri: vscode.Uri.file(path.join(dir, `${name}.point-${index + 1}${ext}`)),
    filters: { [vscode.l10n.t('Model')]: [ext.slice(1)] },
  });
  if (!file) return;
  const written = vscode.Uri.file(await viewer.call('writePoint', { run, index, output: file.fsPath }));
  void announce(written);
}

async function announce(written: vscode.Uri): Promise<void> {
  const openModel = vscode.l10n.t('Open Model');
  const reveal = vscode.l10n.t('Show File');
  const chosen = await vscode.window.showInformationMessage(vscode.l10n.t('Written: {0}. Evaluate it before you use it.', modelName(written.fsPath)), openModel, reveal);
  if (chosen === openModel) await vscode.commands.executeCommand('vscode.open', written);
  if (chosen === reveal) await revealFile(written);
}
