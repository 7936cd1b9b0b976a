import * as vscode from 'vscode';
import type { StabilizeOptions } from '../engine/options.ts';
import type { Stabilization } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { CommandServices } from './commandServices.ts';
import { asModelFile } from './modelFiles.ts';
import type { ModelSession } from './modelSessions.ts';
import { revealFile } from './revealFile.ts';
import { newRunFolder } from './runFolders.ts';
import { said } from './said.ts';
import { mayRunModels } from './trust.ts';

/** Stabilizes a model on the pictures known for it, writes the new file beside it, and shows the comparison. */
export async function stabilizeModel(services: CommandServices, session: ModelSession): Promise<void> {
  if (!mayRunModels()) return;
  const images = await services.images.knownOrAsk(session.uri);
  if (images === null) return;
  const run = newRunFolder(session.uri);
  const options: StabilizeOptions = { ...await services.options.stabilize(session.uri), model: session.uri.fsPath, images, run };
  await finishStabilization(services, session, await services.jobs.run('stabilize', options), options);
}

/** Shows what a stabilization came to, and which gates the new model does not meet. */
export async function finishStabilization(services: CommandServices, session: ModelSession, stabilization: Stabilization, { images, run }: StabilizeOptions): Promise<void> {
  const output = asModelFile(vscode.Uri.file(stabilization.output)) ?? vscode.Uri.file(stabilization.output);
  await services.images.remember(output, images);
  await services.gates.check(output, run);
  await session.refreshRuns();
  await session.showRun(run);
  services.panel.show(session, 'compare', null);
  void announce(stabilization, output);
}

async function announce({ accepted, ...result }: Stabilization, output: vscode.Uri): Promise<void> {
  const reason = said(result.reason);
  const openModel = vscode.l10n.t('Open Model');
  const reveal = vscode.l10n.t('Show File');
  const name = modelName(output.fsPath);
  const chosen = accepted
    ? await vscode.window.showInformationMessage(vscode.l10n.t('Stabilized, as {0}: {1}', name, reason), openModel, reveal)
    : await vscode.window.showWarningMessage(vscode.l10n.t('Not accepted: {0} The new model is kept as {1}.', asSentence(reason), name), reveal);
  if (chosen === openModel) await vscode.commands.executeCommand('vscode.open', output);
  if (chosen === reveal) await revealFile(output);
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
