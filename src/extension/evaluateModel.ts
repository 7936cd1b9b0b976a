import * as vscode from 'vscode';
import type { EvaluateOptions } from '../engine/options.ts';
import type { DistortionResult, Evaluation } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import type { CommandServices } from './commandServices.ts';
import type { ModelSession } from './modelSessions.ts';
import { percent } from './percent.ts';
import { newRunFolder } from './runFolders.ts';
import { mayRunModels } from './trust.ts';

/** Evaluates a model on the pictures known for it, and shows the run. */
export async function evaluateModel(services: CommandServices, session: ModelSession): Promise<void> {
  if (!mayRunModels()) return;
  const images = await services.images.knownOrAsk(session.uri);
  if (images === null) return;
  const run = newRunFolder(session.uri);
  const options: EvaluateOptions = { ...await services.options.evaluate(session.uri), model: session.uri.fsPath, images, run };
  await finishEvaluation(services, session, await services.jobs.run('evaluate', options), options);
}

/** Shows what an evaluation found, and which gates it does not meet. */
export async function finishEvaluation(services: CommandServices, session: ModelSession, evaluation: Evaluation, { run }: EvaluateOptions): Promise<void> {
  await services.gates.check(session.uri, run);
  await session.refreshRuns();
  await session.showRun(run);
  services.panel.show(session, 'overview', null);
  void announce(services, session, evaluation);
}

async function announce(services: CommandServices, session: ModelSession, evaluation: Evaluation): Promise<void> {
  const openGallery = vscode.l10n.t('Open Gallery');
  const chosen = await vscode.window.showInformationMessage(describeEvaluation(evaluation), openGallery);
  if (chosen === openGallery) services.panel.show(session, 'gallery');
}

/** What an evaluation found, in one sentence: the distortion that changed most labels. */
function describeEvaluation({ model, images, distortions }: Evaluation): string {
  const name = modelName(model.path);
  const instability = (distortion: DistortionResult) => distortion.labelInstability?.value ?? 0;
  const worst = [...distortions].sort((a, b) => instability(b) - instability(a))[0];
  // A model without classes has no labels that could change.
  if (!worst?.labelInstability) return vscode.l10n.t('{0} was evaluated on {1} pictures.', name, images.evaluated);
  const share = percent(instability(worst));
  if (instability(worst) === 0) return vscode.l10n.t('{0}: no label changed in any of {1} pictures.', name, images.evaluated);
  return vscode.l10n.t('{0}: {1} of the labels changed under {2} {3}, the worst of {4} distortions, on {5} pictures.',
    name, share, worst.name, worst.strength, distortions.length, images.evaluated);
}
