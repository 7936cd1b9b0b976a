import * as vscode from 'vscode';
import type { Progress } from '../engine/results.ts';
import { said } from './said.ts';

/** A length of time in the coarsest fitting unit: `7 s`, `3 min`. */
function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** Progress in one line: `reading features: 120 of 720 pictures, 85 a second, 7 s left`. */
export function describeProgress(progress: Progress): string {
  const { step, done, total, unit, perSecond, secondsLeft, trainingSecondsLeft } = progress;
  const parts: string[] = [];
  if (total > 0) parts.push(vscode.l10n.t('{0} of {1} {2}', done, total, unit));
  if (perSecond !== undefined) parts.push(vscode.l10n.t('{0} a second', perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)));
  if (trainingSecondsLeft !== undefined) parts.push(vscode.l10n.t('about {0} left of all trainings', duration(trainingSecondsLeft)));
  else if (secondsLeft !== undefined) parts.push(vscode.l10n.t('{0} left', duration(secondsLeft)));
  const doing = said(step);
  return parts.length > 0 ? `${doing}: ${parts.join(', ')}` : doing;
}
