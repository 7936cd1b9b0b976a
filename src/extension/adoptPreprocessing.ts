import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { Preprocessing } from '../engine/results.ts';

/**
 * Writes a preprocessing where it holds for a model: into its `model-stability.json` where it has one (`config`), else into the
 * folder's settings (the user's, for a model outside of any folder). Says where it stands.
 */
export async function adoptPreprocessing(model: vscode.Uri, config: string | null, preprocessing: Preprocessing): Promise<string> {
  const { resize, interpolation, range, channels } = preprocessing;
  const size = channels === 'gray' ? 1 : 3;
  // Explicit also where there is none, so that the model's metadata do not come back in.
  const mean = preprocessing.mean ?? Array<number>(size).fill(0);
  const std = preprocessing.std ?? Array<number>(size).fill(1);
  const values = { resize, interpolation, range, mean, std, channels };
  if (config !== null) {
    await writeInto(vscode.Uri.file(config), values);
    return vscode.workspace.asRelativePath(config);
  }
  const isInside = vscode.workspace.getWorkspaceFolder(model) !== undefined;
  const settings = vscode.workspace.getConfiguration('modelStability.preprocessing', model);
  for (const [key, value] of Object.entries(values)) await settings.update(key, value, isInside ? vscode.ConfigurationTarget.WorkspaceFolder : vscode.ConfigurationTarget.Global);
  return isInside ? vscode.l10n.t('the settings of the folder') : vscode.l10n.t('the user settings');
}

/** Changes the keys in question and leaves the others as they stand, with the file's indentation. */
async function writeInto(file: vscode.Uri, values: Record<string, unknown>): Promise<void> {
  const document = await vscode.workspace.openTextDocument(file);
  const text = document.getText();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(vscode.l10n.t('{0} is no JSON, so that the preprocessing cannot be written into it', path.basename(file.fsPath)), { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new UserError(vscode.l10n.t('{0} is no JSON object, so that the preprocessing cannot be written into it', path.basename(file.fsPath)));
  const indentation = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
  const edit = new vscode.WorkspaceEdit();
  edit.replace(file, new vscode.Range(document.positionAt(0), document.positionAt(text.length)), `${JSON.stringify({ ...json, ...values }, null, indentation)}\n`);
  await vscode.workspace.applyEdit(edit);
  await document.save();
}
