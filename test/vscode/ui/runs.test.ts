import assert from 'node:assert/strict';
import { existsSync, renameSync } from 'node:fs';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const PANEL = 'model-stability-panel';

/** Two finished runs of the command line, one under JPEG, one under crops, so that they are told apart. */
const RUNS = [['first', 'jpeg:30'], ['second', 'crop:24']] as const;

describe('the view of runs', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'runs', perClass: 6,
    prepare: ({ evaluate }) => RUNS.forEach(([name, distortion]) => evaluate(name, [distortion, 'thumbnail:8000'])),
  });
  const model = () => suite.file('models', 'patches.onnx');
  const runOf = (distortion: string) => suite.side.runs(`at ${distortion}`);

  it('lists the runs that are there when VS Code starts, by model, and opens one on a click', async () => {
    await suite.side.openRuns();
    await suite.side.runs('patches.onnx').first().waitFor();
    assert.equal(await suite.side.runs(/ % at /).count(), 2);
    await runOf('jpeg 30').click();
    const panel = await suite.workbench.webview(PANEL);
    await panel.getByRole('heading', { name: 'patches.onnx', exact: true }).waitFor();
    await panel.getByRole('table', { name: 'Measures for each distortion' }).getByText('jpeg 30').first().waitFor();
    await suite.workbench.screenshot('runs');
  });

  it('renames a run by F2, and keeps the name in its folder', async () => {
    await runOf('crop 24').click();
    await suite.page.keyboard.press('F2');
    await suite.workbench.quickInput().fill('small crops');
    await suite.page.keyboard.press('Enter');
    await suite.side.runs('small crops').waitFor();
    assert.deepEqual(suite.readJson('.model-stability', 'runs', 'second', 'name.json'), { name: 'small crops' });
  });

  it('runs again with the same options, from the menu', async () => {
    await suite.workbench.chooseFromMenu(suite.side.runs('small crops'), 'Run Again with the Same Options');
    await suite.workbench.notification(/patches\.onnx: /).waitFor({ timeout: 90_000 });
    await runOf('crop 24').nth(1).waitFor();
    const made = suite.runs.filter((name) => !RUNS.some(([known]) => known === name));
    assert.equal(made.length, 1);
    const options = (name: string) => (suite.readRun(name) as { distortions: { name: string; strength: number; labelInstability: object }[] }).distortions
      .map(({ name: distortion, strength, labelInstability }) => ({ distortion, strength, labelInstability }));
    assert.deepEqual(options(made[0]!), options('second'));
  });

  it('compares two runs that are selected together', async () => {
    await runOf('jpeg 30').click();
    await suite.side.runs('small crops').click({ modifiers: ['Control'] });
    await suite.workbench.chooseFromMenu(suite.side.runs('small crops'), 'Compare');
    const panel = await suite.workbench.webview(PANEL);
    await panel.getByText('A: patches.onnx').first().waitFor();
    await suite.workbench.screenshot('runs-compare');
  });

  it('follows a model that was moved, by its content', async () => {
    renameSync(model(), suite.file('moved.onnx'));
    await suite.page.locator('.part.sidebar [aria-label="Refresh Runs"]').first().click();
    await suite.side.runs('moved.onnx').first().waitFor();
    assert.match(await suite.side.runs('moved.onnx').first().innerText(), /moved/);
    await suite.workbench.screenshot('runs-moved');
    renameSync(suite.file('moved.onnx'), model());
    await suite.page.locator('.part.sidebar [aria-label="Refresh Runs"]').first().click();
    await suite.side.runs('patches.onnx').first().waitFor();
  });

  it('deletes a run after a question, and leaves the model', async () => {
    await runOf('jpeg 30').click();
    await suite.page.keyboard.press('Delete');
    await suite.side.answerDialog('Delete');
    // This machine's VS Code has no trash, so that it asks again.
    await suite.side.answerDialog('Delete Permanently');
    await runOf('jpeg 30').waitFor({ state: 'hidden' });
    assert.ok(!suite.runs.includes('first'));
    assert.ok(existsSync(model()));
  });

  it('comes back with names after the window was loaded anew', async () => {
    await suite.page.reload({ waitUntil: 'domcontentloaded' });
    await suite.side.runs('small crops').waitFor({ timeout: 60_000 });
    assert.equal(await runOf('crop 24').count(), 2);
  });
});
