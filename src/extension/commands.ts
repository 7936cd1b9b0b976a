import * as vscode from 'vscode';
import { CancelledError } from '../engine/job.ts';
import type { PanelView } from '../protocol.ts';
import { compareRuns } from './compareRuns.ts';
import { evaluateFrames } from './evaluateFrames.ts';
import { evaluateModel } from './evaluateModel.ts';
import { findPreprocessing } from './findPreprocessing.ts';
import { showError } from './log.ts';
import { activeModel, isModelFile, pickModel } from './modelFiles.ts';
import type { ModelSession, ModelSessions } from './modelSessions.ts';
import type { ViewServices } from './modelView.ts';
import type { Panel } from './panel.ts';
import { stabilizeModel } from './stabilizeModel.ts';

/** What the commands work with. */
export interface CommandServices extends ViewServices {
  sessions: ModelSessions;
  panel: Panel;
}

/** The model a command is about: the file it was called on, the one open in the editor, the panel's, or one that is chosen. */
async function modelOf(services: CommandServices, argument: unknown): Promise<ModelSession | null> {
  if (argument instanceof vscode.Uri && isModelFile(argument)) return services.sessions.get(argument);
  const active = await activeModel();
  if (active) return services.sessions.get(active);
  if (services.panel.model) return services.panel.model;
  const picked = await pickModel();
  return picked && services.sessions.get(picked);
}

const panelViews: readonly unknown[] = ['overview', 'gallery', 'distances', 'compare', 'sweep', 'training', 'sequence'] satisfies PanelView[];

function isPanelView(value: unknown): value is PanelView {
  return panelViews.includes(value);
}

/** All commands of `package.json`. An error is shown once, with a way to the log; a cancelled job says nothing more. */
export function registerCommands(services: CommandServices): vscode.Disposable[] {
  const onModel = (work: (services: CommandServices, session: ModelSession, parameter: unknown) => Promise<void>) =>
    async (argument: unknown, parameter: unknown) => {
      try {
        const session = await modelOf(services, argument);
        if (session) await work(services, session, parameter);
      } catch (error) {
        if (!(error instanceof CancelledError)) void showError(services.log, error);
      }
    };
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
    openPanel: async (argument, view) => await show(isPanelView(view) ? view : 'overview')(argument, undefined),
  };
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`modelStability.${name}`, run));
}
