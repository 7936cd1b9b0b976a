import { rm } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { CommandServices } from './commandServices.ts';
import { said } from './said.ts';
import { nodePathSetting } from './settings.ts';
import { hasTensorFlow, markTensorFlow, startWorker } from './startWorker.ts';
import { mayRunModels } from './trust.ts';

/**
 * Installs TensorFlow's own library into the extension's storage, from where jobs load it. The VSIX holds none of it: npm fetches it,
 * and the user is told before what that takes.
 */
export async function setUpTensorFlow(services: CommandServices): Promise<void> {
  if (!mayRunModels()) return;
  const { place, log } = services;
  const [install, remove] = [vscode.l10n.t('Install'), vscode.l10n.t('Remove')];
  const isThere = hasTensorFlow(place);
  const answer = isThere
    ? await vscode.window.showInformationMessage(vscode.l10n.t('TensorFlow\'s own library is set up.'), { modal: true, detail: vscode.l10n.t('It lies in {0}. Remove it, or install it again?', place.tensorFlow) }, install, remove)
    : await vscode.window.showInformationMessage(vscode.l10n.t('Install TensorFlow\'s own library for the second engine?'), { modal: true, detail: requirements() }, install);
  if (answer === undefined) return;
  if (isThere) await rm(place.tensorFlow, { recursive: true, force: true });
  if (answer === remove) return;
  const description = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Setting up TensorFlow'), cancellable: true }, async (notification, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    const worker = await startWorker(place, { log: (line) => log.info(line), progress: ({ step }) => notification.report({ message: said(step) }) });
    const node = nodePathSetting();
    try {
      return await worker.call('setUpTensorFlow', { folder: place.tensorFlow, ...(node === undefined ? {} : { node }) }, controller.signal);
    } finally {
      worker.stop();
    }
  });
  await markTensorFlow(place);
  void announce(description);
}

/** What is fetched from where, and what the machine must have: nobody should find out by an error. */
function requirements(): string {
  return [
    vscode.l10n.t('ONNX Runtime needs none of this. npm fetches @tensorflow/tfjs-node and the library that belongs to it, about 1.5 GB, into the extension\'s own storage; models and pictures stay on this machine.'),
    vscode.l10n.t('It takes a Node.js (20 or newer) with npm on the path. Where the host of that library cannot be reached, the one of the Python package tensorflow-cpu is built in instead: on Linux alone, with Python\'s pip, make and a C++ compiler.'),
  ].join('\n\n');
}

async function announce(description: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration('modelStability');
  if (settings.get('engine') !== 'tensorflow') {
    const use = vscode.l10n.t('Compute on TensorFlow');
    const chosen = await vscode.window.showInformationMessage(vscode.l10n.t('{0} is set up. Jobs compute on it where the setting modelStability.engine says tensorflow.', description), use);
    if (chosen !== use) return;
    await settings.update('engine', 'tensorflow', vscode.ConfigurationTarget.Global);
  }
  void vscode.window.showInformationMessage(vscode.l10n.t('Jobs compute on {0} now.', description));
}
