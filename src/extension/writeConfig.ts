import path from 'node:path';
import * as vscode from 'vscode';
import type { CommandServices } from './commandServices.ts';
import { CONFIG_NAME } from './configs.ts';
import type { ModelSession } from './modelSessions.ts';

/** Writes `model-stability.json` for a model's folder from its newest run, else from the settings, and opens it. */
export async function writeConfig(services: CommandServices, session: ModelSession): Promise<void> {
  const workspace = vscode.workspace.getWorkspaceFolder(session.uri)?.uri.fsPath ?? path.dirname(session.uri.fsPath);
  const file = vscode.Uri.file(services.configs.fileFor(session.uri) ?? path.join(workspace, CONFIG_NAME));
  const exists = await vscode.workspace.fs.stat(file).then(() => true, () => false);
  const replace = vscode.l10n.t('Replace');
  if (exists) {
    const question = vscode.l10n.t('Replace {0}?', vscode.workspace.asRelativePath(file));
    if (await vscode.window.showWarningMessage(question, { modal: true, detail: vscode.l10n.t('Its models and gates stay; its other options become those that were last used.') }, replace) !== replace) return;
  }
  await session.open();
  const images = services.images.known(session.uri);
  const options = { ...await services.options.stabilize(session.uri), ...(images === null ? {} : { images }) };
  const newest = session.runs.find((run) => run.state === 'done' && run.kind !== 'sequence')?.run ?? null;
  const text = await services.viewer.call('configText', { file: file.fsPath, run: newest, options });
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(file);
}
