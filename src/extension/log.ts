import * as vscode from 'vscode';

/** The channel "Model Stability" of the output view. */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Model Stability', { log: true });
}

/** Shows an error once, with a way to the log; a fault of the program leaves its stack there. */
export async function showError(log: vscode.LogOutputChannel, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  log.error(error instanceof Error ? error : message);
  const showLog = vscode.l10n.t('Show Log');
  const chosen = await vscode.window.showErrorMessage(`Model Stability: ${message}`, showLog);
  if (chosen === showLog) log.show();
}
