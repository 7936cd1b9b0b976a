import * as vscode from 'vscode';
import type { RunListItem } from '../protocol.ts';
import type { CommandServices } from './commands.ts';
import type { ModelSession } from './modelSessions.ts';
import { runsFolder } from './runFolders.ts';

/** Lets the user choose two runs of the workspace, of one model or of two, and shows them side by side. */
export async function compareRuns(services: CommandServices, session: ModelSession): Promise<void> {
  const all = await services.viewer.call('listRuns', { folder: runsFolder(session.uri) });
  const runs = all.filter((item) => item.state === 'done');
  if (runs.length < 2) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Comparing needs two runs: evaluate the model twice, or two versions of it.'));
    return;
  }
  const a = await pickRun(runs, vscode.l10n.t('Compare Runs: the first run (1 of 2)'));
  const b = a && await pickRun(runs.filter((item) => item !== a), vscode.l10n.t('Compare Runs: the run to compare it with (2 of 2)'));
  if (!a || !b) return;
  const comparison = await services.viewer.call('compare', { a: a.run, b: b.run });
  services.panel.show(session, 'compare', comparison);
}

async function pickRun(runs: RunListItem[], title: string): Promise<RunListItem | undefined> {
  const items = runs.map((run) => ({
    label: runLabel(run),
    description: new Date(run.startedAt).toLocaleString(),
    detail: run.summary,
    run,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
  return chosen?.run;
}

/** A stabilization is listed as what it made: under the original's bare name it would pass for a run of the original. */
function runLabel({ kind, model, name }: RunListItem): string {
  const file = vscode.workspace.asRelativePath(model);
  const label = kind === 'stabilization' ? vscode.l10n.t('{0}, stabilized', file) : file;
  return name === undefined ? label : `${name} (${label})`;
}
