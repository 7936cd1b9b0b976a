import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { Frame } from 'playwright-core';
import type { Evaluation, Pair } from '../../../src/engine/results.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const DISTORTIONS = ['jpeg:30', 'jpeg:5', 'gaussian-noise:0.2'];

describe('the views of a run in VS Code', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'panel', perClass: 8,
    prepare: ({ evaluate }) => evaluate('one', DISTORTIONS),
    begin: async ({ workbench, file, readRun }) => {
      evaluation = readRun('one') as Evaluation;
      pairs = readFileSync(file('.model-stability', 'runs', 'one', 'pairs.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Pair);
      await workbench.openModel('patches.onnx');
      await workbench.runCommand('Model Stability: Open Distortion Gallery');
      panel = await workbench.webview('model-stability-panel');
      await counts(`${pairs.length} pairs`);
    },
  });
  let panel: Frame;
  let evaluation: Evaluation;
  let pairs: Pair[];

  const counts = (text: string) => panel.locator('.counts', { hasText: text }).waitFor();
  const show = (view: string) => panel.getByRole('tab', { name: view, exact: true }).click();

  it('opens the changed pairs of a cell of the heat map by key', async () => {
    await show('Overview');
    const cell = panel.getByRole('gridcell', { name: /^gaussian-noise/ });
    await cell.focus();
    await suite.workbench.screenshot('overview');
    await suite.page.keyboard.press('Enter');
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
    await suite.page.keyboard.press('Enter');
    const dialog = panel.getByRole('dialog');
    await dialog.locator('img').nth(2).waitFor();
    await suite.page.keyboard.press('2');
    await dialog.getByRole('slider', { name: 'Divider' }).waitFor();
    await suite.workbench.screenshot('pair');
    await dialog.getByRole('button', { name: 'Save Pair as PNG…' }).click();
    const file = suite.file('saved pair.png');
    await suite.workbench.chooseFile(file);
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
    await suite.page.keyboard.press('End');
    await panel.locator('.found', { hasText: 'recall 100' }).first().waitFor();
    assert.notEqual(await panel.locator('.found').first().innerText(), before);
    await suite.workbench.screenshot('distances');
    await panel.getByRole('spinbutton', { name: 'from' }).fill('0.2');
    await panel.getByRole('spinbutton', { name: 'from' }).press('Enter');
    await panel.getByRole('button', { name: /^Open \d+ pairs?$/ }).click();
    await counts(`${pairs.filter(({ featureDistance }) => featureDistance >= 0.2).length} of ${pairs.length} pairs`);
  });
});
