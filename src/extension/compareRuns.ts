import path from 'node:path';
import * as vscode from 'vscode';
import type { RunListItem } from '../protocol.ts';
import type { CommandServices } from './commandServices.ts';
import type { ModelSession } from './modelSessions.ts';
import { runsFolder } from './runFolders.ts';

/** An evaluation to compare with another: a run, or one of the three that a stabilization holds. */
interface RunChoice extends vscode.QuickPickItem {
  run: string;
}

/** Lets the user choose two runs of the workspace, of one model or of two, and shows them side by side. */
export async function compareRuns(services: CommandServices, session: ModelSession): Promise<void> {
  const all = await services.viewer.call('listRuns', { folder: runsFolder(session.uri) });
  const choices = all.filter((item) => item.state === 'done').flatMap(choicesOf);
  if (choices.length < 2) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Comparing needs two runs: evaluate the model twice, or two versions of it.'));
    return;
  }
  const a = await pickRun(choices, vscode.l10n.t('Compare Runs: the first run (1 of 2)'));
  const b = a && await pickRun(choices.filter((item) => item !== a), vscode.l10n.t('Compare Runs: the run to compare it with (2 of 2)'));
  if (!a || !b) return;
  const comparison = await services.viewer.call('compare', { a: a.run, b: b.run });
  services.panel.show(session, 'compare', comparison);
}

async function pickRun(choices: RunChoice[], title: string): Promise<RunChoice | undefined> {
  return await vscode.window.showQuickPick(choices, { title, matchOnDescription: true, matchOnDetail: true });
}

/** A stabilization is listed as what it made (under the original's bare name it would pass for a run of the original), then as what it began with and its control. Video frames are not compared. */
function choicesOf({ run, kind, model, name, startedAt, summary }: RunListItem): RunChoice[] {
  if (kind === 'sequence') return [];
  const file = vscode.workspace.asRelativePath(model);
  const choice = (label: string, detail: string, folder: string): RunChoice => ({
    label: name === undefined ? label : `${name} (${label})`, description: new Date(startedAt).toLocaleString(), detail, run: folder,
  });
  if (kind === 'evaluation') return [choice(file, summary, run)];
  return [
    choice(vscode.l10n.t('{0}, stabilized', file), summary, run),
    choice(vscode.l10n.t('{0}, before stabilizing', file), vscode.l10n.t('The model as it was, on the test pictures of this stabilization.'), path.join(run, 'before')),
    choice(vscode.l10n.t('{0}, control', file), vscode.l10n.t('The same fine-tuning without the stability term, on the same pictures.'), path.join(run, 'control')),
  ];
}
