import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../engine/job.ts';
import type { WorkerEvents } from '../protocol.ts';
import type { WorkerProcess } from '../workerProcess.ts';
import { errorsSaid } from './said.ts';
import { nodePathSetting } from './settings.ts';

/** Where workers come from, and where what they load beside the extension lies. */
export interface WorkerPlace {
  extensionPath: string;
  /** Folder of TensorFlow's own library, which the user may have set up. */
  tensorFlow: string;
}

/** Names the package to the engine. */
const TFJS_NODE = 'MODEL_STABILITY_TFJS_NODE';

/** A file that says that the library was set up, and works. */
const READY = 'ready';

/** Whether TensorFlow's own library was set up. */
export function hasTensorFlow({ tensorFlow }: WorkerPlace): boolean {
  return existsSync(path.join(tensorFlow, READY));
}

/** Says that TensorFlow's own library was set up. */
export async function markTensorFlow({ tensorFlow }: WorkerPlace): Promise<void> {
  await writeFile(path.join(tensorFlow, READY), '');
}

/** Starts a worker with the Node that the settings name. What talks to it is loaded now, not when the extension activates. */
export async function startWorker(place: WorkerPlace, events: WorkerEvents): Promise<WorkerProcess> {
  const nodePath = nodePathSetting();
  if (nodePath !== undefined && !existsSync(nodePath)) {
    throw new UserError(vscode.l10n.t('modelStability.nodePath: no such file: {0}', nodePath));
  }
  const { WorkerProcess } = await import('../workerProcess.ts');
  const file = path.join(place.extensionPath, 'dist', 'worker.js');
  // Who names another in the environment means that one.
  const own = hasTensorFlow(place) && process.env[TFJS_NODE] === undefined;
  const environment = own ? { [TFJS_NODE]: path.join(place.tensorFlow, 'node_modules', '@tensorflow', 'tfjs-node') } : {};
  const inWords = async (message: string): Promise<string> => (await errorsSaid())(message);
  return new WorkerProcess({ file, environment, inWords, ...(nodePath === undefined ? {} : { nodePath }), ...events });
}
