import path from 'node:path';
import * as vscode from 'vscode';
import type { EvaluateOptions, SequenceOptions, StabilizeOptions } from '../engine/options.ts';
import { modelName } from '../modelName.ts';
import type { CommandServices } from './commandServices.ts';
import { finishSequence } from './evaluateFrames.ts';
import { finishEvaluation } from './evaluateModel.ts';
import { exportRun } from './exportRun.ts';
import { asModelFile } from './modelFiles.ts';
import { revealFile } from './revealFile.ts';
import { newRunFolder } from './runFolders.ts';
import type { RunNode, RunsNode } from './runsView.ts';
import { finishStabilization } from './stabilizeModel.ts';
import { mayRunModels } from './trust.ts';

type RunCommand = (services: CommandServices, runs: RunNode[]) => Promise<void>;

/** Commands on the runs of the tree; each gets the runs that it was called on, at least one. */
export const runCommands: Record<string, RunCommand> = {
  compareSelectedRuns, deleteRun, openRun, renameRun, rerunRun, resumeRun, revealRun,
  exportRun: ({ viewer }, [run]) => exportRun(viewer, run!.item.run),
};

/** The runs that a command of the tree is about: those selected with the clicked one, else it, else what is selected. */
export function runsOf(services: CommandServices, clicked: unknown, selected: unknown): RunNode[] {
  const nodes = Array.isArray(selected) && selected.length > 0 ? selected as RunsNode[] : isNode(clicked) ? [clicked] : services.runs.selection;
  return nodes.filter((node) => node.kind === 'run');
}

function isNode(value: unknown): value is RunsNode {
  return typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'run' || value.kind === 'model');
}

const nameOf = ({ item }: RunNode): string => item.name ?? item.summary;

async function openRun(services: CommandServices, [run]: RunNode[]): Promise<void> {
  const session = services.sessions.get(vscode.Uri.file(run!.model));
  await session.showRun(run!.item.run);
  services.panel.show(session, run!.item.kind === 'sequence' ? 'sequence' : 'overview', null);
}

/** The older of two runs is the first, since it is what the other is held against. */
async function compareSelectedRuns(services: CommandServices, runs: RunNode[]): Promise<void> {
  const [a, b] = runs.toSorted((one, other) => one.item.startedAt.localeCompare(other.item.startedAt));
  if (!a || !b || runs.length > 2) {
    void vscode.window.showInformationMessage(vscode.l10n.t('Select two runs to compare them.'));
    return;
  }
  const comparison = await services.viewer.call('compare', { a: a.item.run, b: b.item.run });
  services.panel.show(services.sessions.get(vscode.Uri.file(b.model)), 'compare', comparison);
}

async function renameRun(services: CommandServices, [run]: RunNode[]): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name of the run'), value: run!.item.name ?? '', placeHolder: run!.item.summary,
    prompt: vscode.l10n.t('Empty: its key figure.'),
  });
  if (name === undefined) return;
  await services.viewer.call('renameRun', { run: run!.item.run, name });
  services.runs.refresh();
}

async function deleteRun(services: CommandServices, runs: RunNode[]): Promise<void> {
  const remove = vscode.l10n.t('Delete');
  const question = runs.length === 1 ? vscode.l10n.t('Delete the run "{0}"?', nameOf(runs[0]!)) : vscode.l10n.t('Delete {0} runs?', runs.length);
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: vscode.l10n.t('The folder goes to the trash; models are not touched.') }, remove);
  if (answer !== remove) return;
  for (const run of runs) await removeFolder(vscode.Uri.file(run.item.run));
  for (const session of services.sessions.all) {
    if (runs.some(({ item }) => item.run === session.run)) session.closeRun();
    await session.refreshRuns();
  }
  services.runs.refresh();
}

/** To the trash where the machine has one; else for good, but only if the user says so. */
async function removeFolder(folder: vscode.Uri): Promise<void> {
  try {
    await vscode.workspace.fs.delete(folder, { recursive: true, useTrash: true });
  } catch (error) {
    const forGood = vscode.l10n.t('Delete Permanently');
    const reason = error instanceof Error ? error.message : String(error);
    const answer = await vscode.window.showWarningMessage(vscode.l10n.t('{0} cannot go to the trash.', path.basename(folder.fsPath)), { modal: true, detail: reason }, forGood);
    if (answer === forGood) await vscode.workspace.fs.delete(folder, { recursive: true, useTrash: false });
  }
}

async function revealRun(_services: CommandServices, [run]: RunNode[]): Promise<void> {
  await revealFile(vscode.Uri.file(run!.item.run));
}

/** What the run was asked for, asked for again, of the model where it lies now; the new file gets its usual name. */
async function rerunRun(services: CommandServices, [run]: RunNode[]): Promise<void> {
  if (!mayRunModels()) return;
  const session = services.sessions.get(asModelFile(vscode.Uri.file(run!.model)) ?? vscode.Uri.file(run!.model));
  const stored = await services.viewer.call('storedJob', { run: run!.item.run });
  const place = { model: session.uri.fsPath, run: newRunFolder(session.uri) };
  switch (stored.kind) {
    case 'evaluate': {
      const options: EvaluateOptions = { ...stored.options, ...place };
      await finishEvaluation(services, session, await services.jobs.run('evaluate', options), options);
      return;
    }
    case 'sequence': {
      const options: SequenceOptions = { ...stored.options, ...place };
      await finishSequence(services, session, await services.jobs.run('sequence', options), options);
      return;
    }
    case 'stabilize': {
      const { resume: _resume, output: _output, ...rest } = stored.options;
      const options: StabilizeOptions = { ...rest, ...place };
      await finishStabilization(services, session, await services.jobs.run('stabilize', options), options);
    }
  }
}

/** A stabilization that was cut short goes on from its checkpoint. */
async function resumeRun(services: CommandServices, [run]: RunNode[]): Promise<void> {
  if (!mayRunModels()) return;
  const session = services.sessions.get(vscode.Uri.file(run!.model));
  const stored = await services.viewer.call('storedJob', { run: run!.item.run });
  if (stored.kind !== 'stabilize') {
    void vscode.window.showInformationMessage(vscode.l10n.t('An evaluation of {0} cannot be resumed; run it again.', modelName(run!.model)));
    return;
  }
  const options: StabilizeOptions = { ...stored.options, model: session.uri.fsPath, run: run!.item.run, resume: true };
  await finishStabilization(services, session, await services.jobs.run('stabilize', options), options);
}
