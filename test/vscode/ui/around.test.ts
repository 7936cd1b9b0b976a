import assert from 'node:assert/strict';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

describe('around the panel', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({ name: 'around', perClass: 40, settings: { 'modelStability.images': 'pictures' } });

  it('an empty view of runs says what to do next', async () => {
    await suite.side.openRuns();
    await suite.page.locator('.part.sidebar', { hasText: 'There is no run yet' }).waitFor();
    for (const name of ['Evaluate Model', 'Open Model']) await suite.page.locator('.part.sidebar .welcome-view-content .monaco-button', { hasText: name }).waitFor();
    await suite.workbench.screenshot('runs-empty');
  });

  it('the tour of four steps opens from there', async () => {
    await suite.page.locator('.part.sidebar .welcome-view-content a', { hasText: 'tour of four steps' }).click();
    const steps = suite.page.locator('.getting-started-step');
    await steps.filter({ hasText: 'Evaluate it on your pictures' }).waitFor();
    assert.equal(await steps.count(), 4);
    await suite.workbench.screenshot('walkthrough');
    await suite.workbench.runCommand('View: Close All Editors');
  });

  it('the model editor lists the network, and keeps the feature layer that is chosen there', async () => {
    await suite.workbench.openFile('models/patches.onnx');
    const editor = await suite.workbench.webview('model-stability-model');
    const row = editor.getByRole('table', { name: 'Layers of the network' }).getByRole('row', { name: /GlobalAveragePool/ });
    await editor.getByLabel('All operators').check();
    await row.hover();
    await row.getByRole('button', { name: /as the feature layer/ }).click();
    await row.getByText('feature layer').waitFor();
    await suite.workbench.screenshot('layers');
    await editor.getByRole('button', { name: 'Back to what was found' }).click();
    await row.getByRole('button', { name: /as the feature layer/ }).waitFor({ state: 'attached' });
  });

  it('the status bar shows a training and leads to it', async () => {
    const editor = await suite.workbench.webview('model-stability-model');
    // All layers, so that it is not over before the click.
    await editor.getByLabel('Stabilize trains').selectOption('all');
    await editor.getByRole('button', { name: 'Back to what was found' }).waitFor();
    await editor.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await suite.side.statusItem('Stabilizing patches.onnx').locator('a').click();
    const panel = await suite.workbench.webview('model-stability-panel');
    await panel.getByRole('tab', { name: 'Training', selected: true }).waitFor();
    await suite.workbench.screenshot('status-bar');
    await panel.getByRole('button', { name: /^Cancel/ }).first().click();
    await suite.side.statusItem('Stabilizing patches.onnx').waitFor({ state: 'hidden' });
    await suite.side.runs('stabilization, cancelled').waitFor();
  });
});
