/**
 * Entry of the extension host: a table of contents. Nothing here reads a model or a picture; workers do, each in a process of
 * its own.
 */
import * as vscode from 'vscode';
import { registerCommands } from './commands.ts';
import { Configs } from './configs.ts';
import { GateProblems } from './gateProblems.ts';
import { GateTests } from './gateTests.ts';
import { ImageFolders } from './imageFolders.ts';
import { Jobs } from './jobs.ts';
import { JobStatus } from './jobStatus.ts';
import { registerLanguageModelTools } from './languageModelTools.ts';
import { createLog } from './log.ts';
import { ChosenParts } from './modelChoices.ts';
import { ModelEditorProvider } from './modelEditor.ts';
import { watchSavedModels } from './modelFiles.ts';
import { ModelOptions } from './modelOptions.ts';
import { ModelSessions } from './modelSessions.ts';
import { Panel } from './panel.ts';
import { RunsView } from './runsView.ts';
import { Viewer } from './viewer.ts';

/** Called by VS Code on the first use; must stay far below 50 ms. */
export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const log = createLog();
  const place = { extensionPath: context.extensionPath, tensorFlow: vscode.Uri.joinPath(context.globalStorageUri, 'tensorflow').fsPath };
  const viewer = new Viewer(place, log);
  const jobs = new Jobs(place, log);
  const configs = new Configs(viewer);
  const images = new ImageFolders(context.workspaceState, configs);
  const parts = new ChosenParts(context.workspaceState);
  const options = new ModelOptions(configs, parts);
  const sessions = new ModelSessions(viewer, options, configs, parts);
  const view = { viewer, jobs, images, parts, log };
  const panel = new Panel(context.extensionUri, view, sessions);
  const gates = new GateProblems(configs, viewer);
  const runs = new RunsView(viewer, jobs, log);
  const services = { ...view, place, sessions, panel, configs, options, gates, runs };
  context.subscriptions.push(
    log, viewer, jobs, new JobStatus(jobs), configs, parts, sessions, panel, gates, runs, new GateTests(services), watchSavedModels(),
    ModelEditorProvider.register(context.extensionUri, view, sessions), ...registerCommands(services), ...registerLanguageModelTools(services),
  );
  log.info(`activated in ${(performance.now() - started).toFixed(1)} ms`);
}
