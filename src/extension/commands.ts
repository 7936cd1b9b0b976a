import * as vscode from 'vscode';
import { CancelledError } from '../engine/job.ts';
import type { PanelView } from '../protocol.ts';
import type { CommandServices } from './commandServices.ts';
import { compareRuns } from './compareRuns.ts';
import { evaluateFrames } from './evaluateFrames.ts';
import { evaluateModel } from './evaluateModel.ts';
import { findPreprocessing } from './findPreprocessing.ts';
import { showError } from './log.ts';
import { activeModel, asModelFile, isDefaultEditor, MODEL_EDITORS, pickModel } from './modelFiles.ts';
import type { ModelSession } from './modelSessions.ts';
import { runCommands, runsOf } from './runCommands.ts';
import type { ModelNode } from './runsView.ts';
import { setUpTensorFlow } from './setUpTensorFlow.ts';
import { stabilizeModel } from './stabilizeModel.ts';
import { writeConfig } from './writeConfig.ts';

/** The model a command is about: the file it was called on, the one open in the editor, the panel's, or one that is chosen. */
async function modelOf(services: CommandServices, argument: unknown): Promise<ModelSession | null> {
  const named = argument instanceof vscode.Uri ? asModelFile(argument) : isModelNode(argument) ? asModelFile(vscode.Uri.file(argument.file)) : null;
  if (named) return services.sessions.get(named);
  const active = await activeModel();
  if (active) return services.sessions.get(active);
  if (services.panel.model) return services.panel.model;
  const picked = await pickModel();
  return picked && services.sessions.get(picked);
}

function isModelNode(value: unknown): value is ModelNode {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'model';
}

const panelViews: readonly unknown[] = ['overview', 'gallery', 'distances', 'compare', 'sweep', 'training', 'sequence'] satisfies PanelView[];

function isPanelView(value: unknown): value is PanelView {
  return panelViews.includes(value);
}

/** All commands of `package.json`. An error is shown once, with a way to the log; a cancelled job says nothing more. */
export function registerCommands(services: CommandServices): vscode.Disposable[] {
  const reported = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CancelledError)) void showError(services.log, error);
    }
  };
  const onModel = (work: (services: CommandServices, session: ModelSession, parameter: unknown) => Promise<void>) =>
    (argument: unknown, parameter: unknown) => reported(async () => {
      const session = await modelOf(services, argument);
      if (session) await work(services, session, parameter);
    });
  const onRuns = (work: (typeof runCommands)[string]) => (clicked: unknown, selected: unknown) => reported(async () => {
    const runs = runsOf(services, clicked, selected);
    if (runs.length > 0) await work(services, runs);
  });
  const show = (view: PanelView) => onModel((_, session) => {
    services.panel.show(session, view);
    return Promise.resolve();
  });
  const commands: Record<string, (argument: unknown, parameter: unknown) => Promise<void>> = {
    evaluate: onModel(evaluateModel),
    evaluateFile: onModel(evaluateModel),
    evaluateFrames: onModel(evaluateFrames),
    findPreprocessing: onModel(findPreprocessing),
    stabilize: onModel(stabilizeModel),
    openGallery: show('gallery'),
    compareRuns: onModel(compareRuns),
    writeConfig: onModel(writeConfig),
    openModel: () => reported(async () => {
      const picked = await pickModel();
      if (picked) await vscode.commands.executeCommand('vscode.openWith', picked, isDefaultEditor(picked) ? MODEL_EDITORS[0] : MODEL_EDITORS[1]);
    }),
    refreshRuns: () => {
      services.runs.refresh();
      return Promise.resolve();
    },
    setUpTensorFlow: () => reported(() => setUpTensorFlow(services)),
    ...Object.fromEntries(Object.entries(runCommands).map(([name, work]) => [name, onRuns(work)])),
    openPanel: async (argument, view) => await show(isPanelView(view) ? view : 'overview')(argument, undefined),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`modelStability.${name}`, run));
}
