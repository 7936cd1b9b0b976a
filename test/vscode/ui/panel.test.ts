import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import type { Evaluation, Pair } from '../../../src/engine/results.ts';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { root } from '../harness/paths.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';
import type { Workbench } from '../harness/workbench.ts';

const DISTORTIONS = ['jpeg:30', 'jpeg:5', 'gaussian-noise:0.2'];

describe('the views of a run in VS Code', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;
  let workbench: Workbench;
  let panel: Frame;
  let run: string;
  let evaluation: Evaluation;
  let pairs: Pair[];

  const counts = (text: string) => panel.locator('.counts', { hasText: text }).waitFor();
  const show = (view: string) => panel.getByRole('tab', { name: view, exact: true }).click();

  before(async () => {
    workspace = exampleWorkspace(8);
    run = path.join(workspace.folder, '.model-stability', 'runs', 'one');
    const args = ['evaluate', path.join(workspace.folder, 'models', 'patches.onnx'), '--images', path.join(workspace.folder, 'pictures'), '--run', run, ...DISTORTIONS.flatMap((distortion) => ['--distortion', distortion])];
    execFileSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args], { stdio: 'ignore' });
    evaluation = JSON.parse(readFileSync(path.join(run, 'run.json'), 'utf8')) as Evaluation;
    pairs = readFileSync(path.join(run, 'pairs.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Pair);
    vscode = await openVscode(workspace.folder);
    workbench = vscode.workbench;
    await workbench.openFile('models/patches.onnx');
    await workbench.webview('model-stability-model');
    await workbench.runCommand('Model Stability: Open Distortion Gallery');
    panel = await workbench.webview('model-stability-panel');
    await counts(`${pairs.length} pairs`);
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await workbench.screenshot(`failed-panel-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('opens the changed pairs of a cell of the heat map by key', async () => {
    await show('Overview');
    const cell = panel.getByRole('gridcell', { name: /^gaussian-noise/ });
    await cell.focus();
    await workbench.screenshot('overview');
    await vscode.page.keyboard.press('Enter');
    const { labelInstability } = evaluation.distortions.find(({ name }) => name === 'gaussian-noise')!;
    await counts(`${labelInstability!.count} of ${pairs.length} pairs`);
    await panel.getByRole('grid').locator('img').first().waitFor();
  });

  it('finds the pairs of a file by its name and of a class', async () => {
    await panel.getByRole('button', { name: 'Clear filters' }).click();
    const { image, truth } = pairs[4]!;
    await panel.getByRole('searchbox', { name: 'File name' }).fill(image);
    await counts(`${pairs.filter((pair) => pair.image.includes(image)).length} of ${pairs.length} pairs`);
    await panel.getByRole('button', { name: 'Clear filters' }).click();
    await panel.locator('input[name=label]').fill(truth!);
    await panel.locator('input[name=label]').press('Enter');
    await counts(`${pairs.filter((pair) => [pair.truth, pair.labelA, pair.labelB].includes(truth)).length} of ${pairs.length} pairs`);
  });

  it('opens the worst pair large and saves it as a PNG where the user says', async () => {
    await panel.getByRole('button', { name: 'Clear filters' }).click();
    await panel.getByRole('grid').locator('img').first().waitFor();
    await panel.getByRole('grid').focus();
    await vscode.page.keyboard.press('Enter');
    const dialog = panel.getByRole('dialog');
    await dialog.locator('img').nth(2).waitFor();
    await vscode.page.keyboard.press('2');
    await dialog.getByRole('slider', { name: 'Divider' }).waitFor();
    await workbench.screenshot('pair');
    await dialog.getByRole('button', { name: 'Save Pair as PNG…' }).click();
    const file = path.join(workspace.folder, 'saved pair.png');
    const box = workbench.quickInput();
    await box.fill(file);
    await vscode.page.keyboard.press('Enter');
    await dialog.getByText('Pair saved.').waitFor();
    assert.ok(existsSync(file));
    assert.equal(readFileSync(file).subarray(1, 4).toString(), 'PNG');
    await dialog.getByRole('button', { name: 'Close' }).click();
  });

  it('moves the threshold by keys and opens a range of distances that was typed', async () => {
    await show('Distances');
    const slider = panel.getByRole('slider', { name: 'Threshold' });
    await slider.focus();
    const before = await panel.locator('.found').first().innerText();
    await vscode.page.keyboard.press('End');
    await panel.locator('.found', { hasText: 'recall 100' }).first().waitFor();
    assert.notEqual(await panel.locator('.found').first().innerText(), before);
    await workbench.screenshot('distances');
    await panel.getByRole('spinbutton', { name: 'from' }).fill('0.2');
    await panel.getByRole('spinbutton', { name: 'from' }).press('Enter');
    await panel.getByRole('button', { name: /^Open \d+ pairs?$/ }).click();
    await counts(`${pairs.filter(({ featureDistance }) => featureDistance >= 0.2).length} of ${pairs.length} pairs`);
  });
});
