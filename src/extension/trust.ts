import * as vscode from 'vscode';

/** Whether models of this workspace may be run; where not, says so and offers the way to change it. */
export function mayRunModels(): boolean {
  if (vscode.workspace.isTrusted) return true;
  void offerTrust();
  return false;
}

async function offerTrust(): Promise<void> {
  const manage = vscode.l10n.t('Manage Workspace Trust');
  const chosen = await vscode.window.showWarningMessage(vscode.l10n.t('Models of an untrusted workspace are shown, but not run.'), manage);
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}
