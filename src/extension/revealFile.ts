import * as vscode from 'vscode';

/** Shows a file in the explorer where the workspace holds it, else in the system's file manager. */
export async function revealFile(uri: vscode.Uri): Promise<void> {
  const isInside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(isInside ? 'revealInExplorer' : 'revealFileInOS', uri);
}
