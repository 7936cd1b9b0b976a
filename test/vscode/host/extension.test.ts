import assert from 'node:assert/strict';
import * as vscode from 'vscode';

const ID = 'model-stability.model-stability';
const COMMANDS = ['evaluate', 'evaluateFile', 'stabilize', 'openGallery', 'compareRuns', 'openPanel'];

/** Waits until a condition holds, since VS Code opens tabs in its own time. */
async function until<T>(what: string, read: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const value = read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`in vain waited for ${what}`);
}

const activeTab = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;

async function modelFile(pattern: string): Promise<vscode.Uri> {
  const [uri] = await vscode.workspace.findFiles(pattern, '**/.model-stability/**', 1);
  assert.ok(uri, `the workspace has no ${pattern}`);
  return uri;
}

describe('the extension in its host', () => {
  it('sleeps until it is needed, and then activates', async () => {
    const extension = vscode.extensions.getExtension(ID);
    assert.ok(extension, 'the extension is not installed');
    assert.equal(extension.isActive, false, 'something activated the extension before it was needed');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('registers every command that package.json declares', async () => {
    const registered = await vscode.commands.getCommands(true);
    const manifest = vscode.extensions.getExtension(ID)!.packageJSON as { contributes: { commands: { command: string }[] } };
    for (const name of COMMANDS) assert.ok(registered.includes(`modelStability.${name}`), name);
    for (const { command } of manifest.contributes.commands) assert.ok(registered.includes(command), command);
  });

  it('opens an .onnx file in the model editor', async () => {
    await vscode.commands.executeCommand('vscode.open', await modelFile('**/*.onnx'));
    const input = await until('the model editor', () => activeTab() instanceof vscode.TabInputCustom ? activeTab() as vscode.TabInputCustom : undefined);
    assert.equal(input.viewType, 'modelStability.modelEditor');
  });

  it('leaves model.json a text file, and opens it in the model editor when asked to', async () => {
    const uri = await modelFile('**/model.json');
    await vscode.commands.executeCommand('vscode.open', uri);
    await until('the text editor', () => activeTab() instanceof vscode.TabInputText ? true : undefined);
    await vscode.commands.executeCommand('vscode.openWith', uri, 'modelStability.optionalModelEditor');
    await until('the model editor', () => activeTab() instanceof vscode.TabInputCustom ? true : undefined);
  });

  it('loads no native module into the extension host', () => {
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    assert.ok(sharedObjects.length > 0, 'the list of loaded libraries is empty');
    assert.deepEqual(sharedObjects.filter((file) => /onnxruntime|sharp|vips|tensorflow/.test(file)), []);
  });
});
