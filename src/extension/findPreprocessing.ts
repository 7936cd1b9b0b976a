import * as vscode from 'vscode';
import type { PreprocessingSearch, PreprocessingTrial } from '../engine/results.ts';
import { modelName } from '../modelName.ts';
import { adoptPreprocessing } from './adoptPreprocessing.ts';
import type { CommandServices } from './commandServices.ts';
import type { ModelSession } from './modelSessions.ts';
import { said } from './said.ts';
import { percent } from './percent.ts';
import { mayRunModels } from './trust.ts';

/** Tries the usual ways of preparing pictures and offers to adopt one: the best with one click, any other from the list. */
export async function findPreprocessing(services: CommandServices, session: ModelSession): Promise<void> {
  if (!mayRunModels()) return;
  const images = await services.images.knownOrAsk(session.uri);
  if (images === null) return;
  const options = await services.options.job(session.uri);
  // A sample of the usual size is enough.
  delete options.distortions;
  delete options.limit;
  const search = await services.jobs.run('findPreprocessing', { ...options, model: session.uri.fsPath, images });
  const chosen = await choose(session, search);
  if (!chosen) return;
  const place = await adoptPreprocessing(session.uri, services.configs.fileFor(session.uri), chosen.preprocessing);
  await session.reread();
  void vscode.window.showInformationMessage(vscode.l10n.t('The preprocessing of {0} stands in {1} now.', modelName(session.uri.fsPath), place));
}

async function choose(session: ModelSession, search: PreprocessingSearch): Promise<PreprocessingTrial | undefined> {
  const best = search.trials[0]!;
  const adopt = vscode.l10n.t('Use the Best');
  const showAll = vscode.l10n.t('Show All…');
  const text = [search.verdict, ...search.warnings].map(said).join(' ');
  const answer = best.present ? await vscode.window.showInformationMessage(text, showAll) : await vscode.window.showInformationMessage(text, adopt, showAll);
  if (answer === adopt) return best;
  if (answer !== showAll) return undefined;
  const items = search.trials.map((trial) => ({ label: scalingText(trial), description: resultText(trial), ...(trial.present ? { detail: vscode.l10n.t('the present preprocessing') } : {}), trial }));
  const picked = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Preprocessing of {0}, best first', modelName(session.uri.fsPath)), matchOnDescription: true });
  return picked?.trial;
}

function scalingText({ preprocessing: { range, mean, std, channels, resize } }: PreprocessingTrial): string {
  const parts = [vscode.l10n.t('range {0}', range), channels, resize];
  if (mean) parts.push(vscode.l10n.t('mean {0}', mean.join(' ')));
  if (std) parts.push(vscode.l10n.t('deviation {0}', std.join(' ')));
  return parts.join(', ');
}

function resultText({ precisionAt1, meanConfidence, differentLabels }: PreprocessingTrial): string {
  if (precisionAt1) return vscode.l10n.t('precision {0} ({1} to {2})', percent(precisionAt1.value), percent(precisionAt1.low), percent(precisionAt1.high));
  return vscode.l10n.t('mean confidence {0}, {1} different labels', percent(meanConfidence), differentLabels);
}
