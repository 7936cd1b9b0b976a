import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

/** View types of the editor for model files, as `package.json` declares them: the default for some formats, by choice for others. */
export const MODEL_EDITORS = ['modelStability.modelEditor', 'modelStability.optionalModelEditor'];

const JSON_MODEL = 'model.json';
const SAVED_MODEL = 'saved_model.pb';
const ENDINGS = ['.onnx', '.tflite', '.keras', '.h5', '.hdf5'];

/** Finds what may be a model file; folders that hold copies of other projects, and runs, are left out. */
const MODEL_FILES = `**/{${ENDINGS.map((ending) => `*${ending}`).join(',')},${JSON_MODEL},${SAVED_MODEL}}`;
const NOT_MODELS = '**/{node_modules,.model-stability,.git}/**';

/** Whether our editor is the one that opens a model file; the others may be text, or belong to other viewers. */
export function isDefaultEditor(uri: vscode.Uri): boolean {
  return ['.onnx', '.tflite', '.keras'].includes(path.posix.extname(uri.path).toLowerCase());
}

/** Whether a file's name is that of a model file. */
export function isModelFile(uri: vscode.Uri): boolean {
  const name = path.posix.basename(uri.path);
  return uri.scheme === 'file' && (ENDINGS.includes(path.posix.extname(name).toLowerCase()) || name === JSON_MODEL || name === SAVED_MODEL);
}

/** The model file that a user means: the file itself, or the `saved_model.pb` of a SavedModel's folder; null for anything else. */
export function asModelFile(uri: vscode.Uri): vscode.Uri | null {
  if (isModelFile(uri)) return uri;
  const inside = vscode.Uri.joinPath(uri, SAVED_MODEL);
  return uri.scheme === 'file' && existsSync(inside.fsPath) ? inside : null;
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

/** What may be model files of the workspace, at most so many, sorted by path. */
export async function findModels(limit = 1000, folder?: vscode.Uri): Promise<vscode.Uri[]> {
  const files = await vscode.workspace.findFiles(folder ? new vscode.RelativePattern(folder, MODEL_FILES) : MODEL_FILES, NOT_MODELS, limit);
  return files.sort((a, b) => a.fsPath.localeCompare(b.fsPath));
}

/** Lets the user choose one of the workspace's model files; null where there is none or none is chosen. */
export async function pickModel(): Promise<vscode.Uri | null> {
  const files = await findModels();
  if (files.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('There is no model file in this workspace: open an image model of ONNX, Keras, TensorFlow, TensorFlow.js or TFLite.'));
    return null;
  }
  const items = files
    .map((uri) => ({ label: path.basename(uri.fsPath), description: path.dirname(vscode.workspace.asRelativePath(uri)), uri }))
    .sort((a, b) => a.description.localeCompare(b.description) || a.label.localeCompare(b.label));
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Model file'), matchOnDescription: true });
  return chosen?.uri ?? null;
}

/**
 * Keeps a context key with the folders that are SavedModels, so that the explorer offers its commands on them. A condition in
 * `package.json` knows a folder's path, not what is in it, so that the menu needs this extension to have been activated: by
 * `workspaceContains`, which VS Code looks for when a window opens.
 */
export function watchSavedModels(): vscode.Disposable {
  const update = async () => {
    const files = await vscode.workspace.findFiles(`**/${SAVED_MODEL}`, NOT_MODELS, 1000);
    await vscode.commands.executeCommand('setContext', 'modelStability.savedModels', files.map((file) => path.dirname(file.fsPath)));
  };
  const watcher = vscode.workspace.createFileSystemWatcher(`**/${SAVED_MODEL}`, false, true, false);
  watcher.onDidCreate(update);
  watcher.onDidDelete(update);
  void update();
  return watcher;
}
