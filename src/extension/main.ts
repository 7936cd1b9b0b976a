/**
 * Entry of the extension host: a table of contents. Nothing here reads a model or a picture; workers do, each in a process of
 * its own.
 */
import type * as vscode from 'vscode';
import { registerCommands } from './commands.ts';
import { ImageFolders } from './imageFolders.ts';
import { Jobs } from './jobs.ts';
import { JobStatus } from './jobStatus.ts';
import { createLog } from './log.ts';
import { ModelEditorProvider } from './modelEditor.ts';
import { ModelSessions } from './modelSessions.ts';
import { Panel } from './panel.ts';
import { Viewer } from './viewer.ts';

/** Called by VS Code on the first use; must stay far below 50 ms. */
export function activate(context: vscode.ExtensionContext): void {
  const started = performance.now();
  const log = createLog();
  const viewer = new Viewer(context.extensionPath, log);
  const jobs = new Jobs(context.extensionPath, log);
  const images = new ImageFolders(context.workspaceState);
  const sessions = new ModelSessions(viewer);
  const panel = new Panel(context.extensionUri, { viewer, jobs, images, log }, sessions);
  context.subscriptions.push(
    log, viewer, jobs, new JobStatus(jobs), sessions, panel,
    ModelEditorProvider.register(context.extensionUri, { viewer, jobs, images, log }, sessions),
    ...registerCommands({ viewer, jobs, images, log, sessions, panel }),
  );
  log.info(`activated in ${(performance.now() - started).toFixed(1)} ms`);
}
