import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

describe('the extension in an untrusted workspace', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'untrusted', perClass: 1, workspaceTrust: true,
    settings: { 'security.workspace.trust.startupPrompt': 'never', 'security.workspace.trust.banner': 'never', 'modelStability.images': 'pictures' },
  });

  it('shows a model file and runs nothing', async () => {
    await suite.workbench.unfold('models', 'patches.onnx');
    await suite.workbench.explorerRow('patches.onnx').dblclick();
    const editor = await suite.workbench.webview('model-stability-model');
    await editor.getByText('GlobalAveragePool').waitFor();
    await editor.getByText(/not trusted/i).first().waitFor();
    for (const name of ['Evaluate', 'Stabilize']) assert.ok(await editor.getByRole('button', { name, exact: true }).isDisabled(), `${name} can be pressed`);
    await suite.workbench.runCommand('Model Stability: Evaluate Model');
    await suite.workbench.notification('Models of an untrusted workspace are shown, but not run.').waitFor();
    await suite.workbench.screenshot('untrusted');
    assert.ok(!existsSync(suite.file('.model-stability')), 'something ran');
  });
});
