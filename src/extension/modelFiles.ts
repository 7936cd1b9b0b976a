import path from 'node:path';
import * as vscode from 'vscode';

/** View types of the editor for model files, as `package.json` declares them: the default for .onnx, by choice for model.json. */
export const MODEL_EDITORS = ['modelStability.modelEditor', 'modelStability.jsonModelEditor'];


const JSON_MODEL = 'model.json';

/** Whether a file's name is that of a model file. */
export function isModelFile(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && (uri.path.toLowerCase().endsWith('.onnx') || path.posix.basename(uri.path) === JSON_MODEL);
}

/** What a model is called: its file's name, and for a `model.json`, since all of them are called so, its folder's too. */
export function modelName(file: string): string {
  const name = path.basename(file);
  return name === JSON_MODEL ? `${path.basename(path.dirname(file))}/${name}` : name;
}

/** A `model.json` may be anybody's; TensorFlow.js's says where its weights are. */
async function isJsonModel(uri: vscode.Uri): Promise<boolean> {
  const document = await vscode.workspace.openTextDocument(uri);
  return document.getText().includes('"weightsManifest"');
}

/** The model that the active editor shows, in our editor or as text; null where it shows something else. */
export async function activeModel(): Promise<vscode.Uri | null> {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputCustom) return MODEL_EDITORS.includes(input.viewType) ? input.uri : null;
  if (!(input instanceof vscode.TabInputText) || !isModelFile(input.uri)) return null;
  return await isJsonModel(input.uri) ? input.uri : null;
}

/** Lets the user choose one of the workspace's model files; null where there is none or none is chosen. */
export async function pickModel(): Promise<vscode.Uri | null> {
  const files = await vscode.workspace.findFiles(`**/{*.onnx,${JSON_MODEL}}`, '**/{node_modules,.model-stability}/**', 1000);
  if (files.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no model file in this workspace: open an .onnx file or a model.json of TensorFlow.js.'));
    return null;
  }
  const items = files
    .map((uri) => ({ label: path.basename(uri.fsPath), description: path.dirname(vscode.workspace.asRelativePath(uri)), uri }))
    .sort((a, b) => a.description.localeCompare(b.description) || a.label.localeCompare(b.label));
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Model file'), matchOnDescription: true });
  return chosen?.uri ?? null;
}
