import * as vscode from 'vscode';
import type { JobKind } from '../protocol.ts';

/** What a job does to a model, as progress is headed. */
export function jobTitle(kind: JobKind, model: string): string {
  switch (kind) {
    case 'evaluate': return vscode.l10n.t('Evaluating {0}', model);
    case 'stabilize': return vscode.l10n.t('Stabilizing {0}', model);
    case 'findPreprocessing': return vscode.l10n.t('Finding the preprocessing of {0}', model);
    case 'sequence': return vscode.l10n.t('Evaluating {0} on video frames', model);
  }
}
