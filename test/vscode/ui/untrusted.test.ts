import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';

describe('the extension in an untrusted workspace', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;

  before(async () => {
    workspace = exampleWorkspace(1);
    vscode = await openVscode(workspace.folder, {
      workspaceTrust: true,
      settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'never', 'modelStability.images': 'pictures' },
    });
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  it('shows a model file and runs nothing', async () => {
    const { workbench } = vscode;
    await workbench.unfold('models', 'patches.onnx');
    await workbench.explorerRow('patches.onnx').dblclick();
    const editor = await workbench.webview('model-stability-model');
    await editor.getByText('GlobalAveragePool').waitFor();
    await editor.getByText(/not trusted/i).first().waitFor();
    for (const name of ['Evaluate', 'Stabilize']) assert.ok(await editor.getByRole('button', { name, exact: true }).isDisabled(), `${name} can be pressed`);
    await workbench.runCommand('Model Stability: Evaluate Model');
    await workbench.notification('Models of an untrusted workspace are shown, but not run.').waitFor();
    await workbench.screenshot('untrusted');
    assert.ok(!existsSync(path.join(workspace.folder, '.model-stability')), 'something ran');
  });
});
