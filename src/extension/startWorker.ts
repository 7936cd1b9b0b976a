import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { WorkerEvents } from '../protocol.ts';
import type { WorkerProcess } from '../workerProcess.ts';
import { nodePathSetting } from './settings.ts';

/** Starts a worker with the Node that the settings name. What talks to it is loaded now, not when the extension activates. */
export async function startWorker(extensionPath: string, events: WorkerEvents): Promise<WorkerProcess> {
  const nodePath = nodePathSetting();
  if (nodePath !== undefined && !existsSync(nodePath)) {
    throw new UserError(vscode.l10n.t('modelStability.nodePath: no such file: {0}', nodePath));
  }
  const { WorkerProcess } = await import('../workerProcess.ts');
  const file = path.join(extensionPath, 'dist', 'worker.js');
  return new WorkerProcess({ file, ...(nodePath === undefined ? {} : { nodePath }), ...events });
}
