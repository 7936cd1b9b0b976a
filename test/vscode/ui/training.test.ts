import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Frame } from 'playwright-core';
import type { Stabilization } from '../../../src/engine/results.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const PANEL = 'model-stability-panel';
const JOB = 120_000;

describe('a training in VS Code', function () {
  this.timeout(180_000);
  const suite = new VscodeSuite({
    name: 'training', perClass: 30,
    // One point: of several, one that had come to its own end before could win. The whole network: its head is trained in two seconds.
    prepare: ({ writeJson }) => {
      writeJson({ 'modelStability.images': 'pictures' }, '.vscode', 'settings.json');
      writeJson({ alpha: 1, sigma: 0.1, train: 'all' }, 'model-stability.json');
    },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });
  const training = async (): Promise<Frame> => {
    const panel = await suite.workbench.webview(PANEL);
    await panel.locator('[role=tab][aria-selected=true]', { hasText: 'Training' }).waitFor();
    return panel;
  };

  it('waits when it is told to, goes on without the panel, and is found again from the status bar', async () => {
    await suite.workbench.runCommand('Model Stability: Open Distortion Gallery');
    const panel = await suite.workbench.webview(PANEL);
    await panel.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await panel.getByRole('tab', { name: 'Training' }).click();
    await panel.getByRole('button', { name: 'Pause' }).click();
    await panel.getByText('Paused: nothing is computed until it goes on.').waitFor();
    const tab = suite.page.getByRole('tab', { name: /^Model Stability, Editor Group/ });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'detached' });
    const item = suite.page.locator('.statusbar-item', { hasText: 'Stabilizing patches.onnx' });
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
    await suite.workbench.screenshot('training');
    await panel.getByRole('button', { name: 'Stop and Keep the Best' }).click();
    await panel.getByRole('tab', { name: 'Compare' }).and(panel.locator('[aria-selected=true]')).waitFor({ timeout: JOB });
    const { trained, output, state } = suite.readRun(suite.runs[0]!) as Stabilization;
    assert.deepEqual([state, trained.stopped, existsSync(output)], ['done', 'asked', true]);
    await panel.getByRole('tab', { name: 'Training' }).click();
    await panel.getByText('It was stopped when asked to.').waitFor();
  });
});
