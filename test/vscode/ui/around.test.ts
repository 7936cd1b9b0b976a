import assert from 'node:assert/strict';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { SideViews } from '../harness/sideViews.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';

describe('around the panel', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;
  let side: SideViews;

  before(async () => {
    workspace = exampleWorkspace(40);
    vscode = await openVscode(workspace.folder, { settings: { 'modelStability.images': 'pictures' } });
    side = new SideViews(vscode.workbench);
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await vscode.workbench.screenshot(`failed-around-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('an empty view of runs says what to do next', async () => {
    await side.openRuns();
    await vscode.page.locator('.part.sidebar', { hasText: 'There is no run yet' }).waitFor();
    for (const name of ['Evaluate Model', 'Open Model']) await vscode.page.locator('.part.sidebar .welcome-view-content .monaco-button', { hasText: name }).waitFor();
    await vscode.workbench.screenshot('runs-empty');
  });

  it('the tour of four steps opens from there', async () => {
    await vscode.page.locator('.part.sidebar .welcome-view-content a', { hasText: 'tour of four steps' }).click();
    const steps = vscode.page.locator('.getting-started-step');
    await steps.filter({ hasText: 'Evaluate it on your pictures' }).waitFor();
    assert.equal(await steps.count(), 4);
    await vscode.workbench.screenshot('walkthrough');
    await vscode.workbench.runCommand('View: Close All Editors');
  });

  it('the model editor lists the network, and keeps the feature layer that is chosen there', async () => {
    await vscode.workbench.openFile('models/patches.onnx');
    const editor = await vscode.workbench.webview('model-stability-model');
    const row = editor.getByRole('table', { name: 'Layers of the network' }).getByRole('row', { name: /GlobalAveragePool/ });
    await editor.getByLabel('All operators').check();
    await row.hover();
    await row.getByRole('button', { name: /as the feature layer/ }).click();
    await row.getByText('feature layer').waitFor();
    await vscode.workbench.screenshot('layers');
    await editor.getByRole('button', { name: 'Back to what was found' }).click();
    await row.getByRole('button', { name: /as the feature layer/ }).waitFor({ state: 'attached' });
  });

  it('the status bar shows a training and leads to it', async () => {
    const editor = await vscode.workbench.webview('model-stability-model');
    // All layers, so that it is not over before the click.
    await editor.getByLabel('Stabilize trains').selectOption('all');
    await editor.getByRole('button', { name: 'Back to what was found' }).waitFor();
    await editor.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await side.statusItem('Stabilizing patches.onnx').locator('a').click();
    const panel = await vscode.workbench.webview('model-stability-panel');
    await panel.getByRole('tab', { name: 'Training', selected: true }).waitFor();
    await vscode.workbench.screenshot('status-bar');
    await panel.getByRole('button', { name: /^Cancel/ }).first().click();
    await side.statusItem('Stabilizing patches.onnx').waitFor({ state: 'hidden' });
    await side.runs('stabilization, cancelled').waitFor();
  });
});
