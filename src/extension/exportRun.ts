import path from 'node:path';
import * as vscode from 'vscode';
import type { ExportFormatName } from '../engine/options.ts';
import { revealFile } from './revealFile.ts';
import type { Viewer } from './viewer.ts';

interface FormatItem extends vscode.QuickPickItem {
  format: ExportFormatName;
}

/** Asks in which form and where to, and writes a run there; a question that is closed writes nothing. */
export async function exportRun(viewer: Viewer, run: string): Promise<void> {
  const formats: FormatItem[] = [
    { format: 'html', label: vscode.l10n.t('Report (HTML)'), detail: vscode.l10n.t('One file with tables, charts and the worst pairs; opens offline, prints to PDF.') },
    { format: 'csv', label: vscode.l10n.t('Tables (CSV)'), detail: vscode.l10n.t('A row a distortion, and a second file with a row a pair.') },
    { format: 'png', label: vscode.l10n.t('Sheets of the worst pairs (PNG)'), detail: vscode.l10n.t('A picture for each distortion.') },
    { format: 'json', label: vscode.l10n.t('Numbers (JSON)'), detail: vscode.l10n.t('The run as the command line prints it.') },
  ];
  const chosen = await vscode.window.showQuickPick(formats, { title: vscode.l10n.t('Export Run'), matchOnDetail: true });
  if (!chosen) return;
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(run))?.uri.fsPath ?? path.dirname(run);
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Export the run as'),
    defaultUri: vscode.Uri.file(path.join(folder, `${path.basename(run)}.${chosen.format}`)),
    filters: { [chosen.label]: [chosen.format] },
  });
  if (!target) return;
  const { files } = await viewer.call('exportRun', { run, format: chosen.format, output: target.fsPath, language: vscode.env.language });
  void announce(files.map((file) => vscode.Uri.file(file)));
}

async function announce([first, ...others]: vscode.Uri[]): Promise<void> {
  if (!first) return;
  const open = vscode.l10n.t('Open');
  const reveal = vscode.l10n.t('Show File');
  const name = path.basename(first.fsPath);
  const words = others.length === 0 ? vscode.l10n.t('Written: {0}.', name) : vscode.l10n.t('Written: {0} and {1} more beside it.', name, others.length);
  const chosen = await vscode.window.showInformationMessage(words, open, reveal);
  // A report belongs in a browser.
  if (chosen === open) await (first.fsPath.endsWith('.html') ? vscode.env.openExternal(first) : vscode.commands.executeCommand('vscode.open', first));
  if (chosen === reveal) await revealFile(first);
}
