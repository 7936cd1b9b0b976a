/**
 * Stands in for an assistant in the tests: calls the language-model tool that `tool-call.json` of the workspace names, as any
 * extension may, and writes what it answered to `tool-answer.json`.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

async function call() {
  const file = (name) => path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, name);
  const { name, input } = JSON.parse(readFileSync(file('tool-call.json'), 'utf8'));
  if (existsSync(file('tool-answer.json'))) rmSync(file('tool-answer.json'));
  const answer = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }).then(
    ({ content }) => ({ text: content.map((part) => part.value).join('') }),
    (error) => ({ error: error.message }),
  );
  writeFileSync(file('tool-answer.json'), JSON.stringify({ ...answer, tools: vscode.lm.tools.map((tool) => tool.name) }));
  await vscode.window.showInformationMessage('The tool has answered.');
}

export function activate(context) {
  context.subscriptions.push(vscode.commands.registerCommand('toolCaller.call', call));
}
