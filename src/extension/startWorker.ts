import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { WorkerEvents } from '../protocol.ts';
import { WorkerProcess } from '../workerProcess.ts';
import { nodePathSetting } from './settings.ts';

/** Starts a worker with the Node that the settings name. */
export function startWorker(extensionPath: string, events: WorkerEvents): WorkerProcess {
  const nodePath = nodePathSetting();
  if (nodePath !== undefined && !existsSync(nodePath)) {
    throw new UserError(vscode.l10n.t('modelStability.nodePath: no such file: {0}', nodePath));
  }
  const file = path.join(extensionPath, 'dist', 'worker.js');
  return new WorkerProcess({ file, ...(nodePath === undefined ? {} : { nodePath }), ...events });
}
