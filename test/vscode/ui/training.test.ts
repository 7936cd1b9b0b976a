import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import type { Stabilization } from '../../../src/engine/results.ts';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';
import type { Workbench } from '../harness/workbench.ts';

const PANEL = 'model-stability-panel';
const JOB = 120_000;

describe('a training in VS Code', function () {
  this.timeout(180_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;
  let workbench: Workbench;

  const file = (...parts: string[]): string => path.join(workspace.folder, ...parts);
  const training = async (): Promise<Frame> => {
    const panel = await workbench.webview(PANEL);
    await panel.locator('[role=tab][aria-selected=true]', { hasText: 'Training' }).waitFor();
    return panel;
  };

  before(async () => {
    workspace = exampleWorkspace(30);
    mkdirSync(file('.vscode'));
    writeFileSync(file('.vscode', 'settings.json'), JSON.stringify({ 'modelStability.images': 'pictures' }));
    vscode = await openVscode(workspace.folder);
    workbench = vscode.workbench;
    await workbench.openFile('models/patches.onnx');
    await workbench.webview('model-stability-model');
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await workbench.screenshot(`failed-training-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('waits when it is told to, goes on without the panel, and is found again from the status bar', async () => {
    await workbench.runCommand('Model Stability: Open Distortion Gallery');
    const panel = await workbench.webview(PANEL);
    await panel.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await panel.getByRole('tab', { name: 'Training' }).click();
    await panel.getByRole('button', { name: 'Pause' }).click();
    await panel.getByText('Paused: nothing is computed until it goes on.').waitFor();
    const tab = vscode.page.getByRole('tab', { name: /^Model Stability, Editor Group/ });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'detached' });
    const item = vscode.page.locator('.statusbar-item', { hasText: 'Stabilizing patches.onnx' });
    await item.locator('.codicon-debug-pause').waitFor();
    await item.click();
    await (await training()).getByRole('button', { name: 'Go On' }).click();
    await (await training()).getByRole('button', { name: 'Pause' }).waitFor();
  });

  it('stops when it is told to, with a model and its evidence', async () => {
    const panel = await training();
    // Waiting, so that it cannot come to its end by itself before.
    await panel.getByRole('button', { name: 'Pause' }).click();
    await panel.getByRole('button', { name: 'Go On' }).waitFor();
    await workbench.screenshot('training');
    await panel.getByRole('button', { name: 'Stop and Keep the Best' }).click();
    await panel.getByRole('tab', { name: 'Compare' }).and(panel.locator('[aria-selected=true]')).waitFor({ timeout: JOB });
    const [run] = readdirSync(file('.model-stability', 'runs'));
    const { trained, output, state } = JSON.parse(readFileSync(file('.model-stability', 'runs', run!, 'run.json'), 'utf8')) as Stabilization;
    assert.deepEqual([state, trained.stopped, existsSync(output)], ['done', 'asked', true]);
    await panel.getByRole('tab', { name: 'Training' }).click();
    await panel.getByText('It was stopped when asked to.').waitFor();
  });
});
