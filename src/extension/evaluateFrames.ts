import * as vscode from 'vscode';
import type { SequenceOptions } from '../engine/options.ts';
import type { Sequence } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { CommandServices } from './commandServices.ts';
import type { ModelSession } from './modelSessions.ts';
import { percent } from './percent.ts';
import { newRunFolder } from './runFolders.ts';
import { mayRunModels } from './trust.ts';

/** Runs a model on a folder of video frames that the user chooses, and shows the run. */
export async function evaluateFrames(services: CommandServices, session: ModelSession, folder: unknown): Promise<void> {
  if (!mayRunModels()) return;
  const images = folder instanceof vscode.Uri ? folder.fsPath : await askForFrames(services, session);
  if (images === undefined) return;
  const run = newRunFolder(session.uri);
  // What a configuration says of pictures is about those that models are evaluated on.
  const { distortions: _distortions, labelsFile: _labelsFile, limit: _limit, ...rest } = await services.options.job(session.uri);
  const options: SequenceOptions = { ...rest, model: session.uri.fsPath, images, run };
  await finishSequence(services, session, await services.jobs.run('sequence', options), options);
}

/** Shows what a run on video frames found. */
export async function finishSequence(services: CommandServices, session: ModelSession, sequence: Sequence, { run }: SequenceOptions): Promise<void> {
  await session.refreshRuns();
  await session.showRun(run);
  services.panel.show(session, 'sequence', null);
  void vscode.window.showInformationMessage(describeSequence(sequence));
}

async function askForFrames({ images }: CommandServices, session: ModelSession): Promise<string | undefined> {
  const known = images.known(session.uri);
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Folder of the video frames for {0}: pictures in the order of their names, a folder a clip', modelName(session.uri.fsPath)),
    openLabel: vscode.l10n.t('Use These Frames'),
    canSelectFiles: false,
    canSelectFolders: true,
    defaultUri: known === null ? vscode.workspace.getWorkspaceFolder(session.uri)?.uri : vscode.Uri.file(known),
  });
  return chosen?.[0]?.fsPath;
}

function describeSequence({ model, labelInstability, images }: Sequence): string {
  const name = modelName(model.path);
  if (labelInstability.count === 0) return vscode.l10n.t('{0}: no label changed from one frame to the next in {1} frames.', name, images.evaluated);
  const share = percent(labelInstability.value);
  return vscode.l10n.t('{0}: the label changed {1} times from one frame to the next, in {2} of the neighbours.', name, labelInstability.count, share);
}
