import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { gunzipSync } from 'node:zlib';
import type { Evaluation } from '../../../src/engine/results.ts';
import { eventually } from '../harness/eventually.ts';
import { root } from '../harness/paths.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const EDITOR = 'model-stability-model';
const JOB = 60_000;

/** A fixture's SavedModel, whose files are stored compressed. */
function copySavedModel(name: string, target: string): void {
  const source = path.join(root, 'test', 'fixtures', 'savedModels', name);
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (statSync(path.join(source, file)).isDirectory()) continue;
    const content = readFileSync(path.join(source, file));
    mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    writeFileSync(path.join(target, file.replace(/\.gz$/, '')), file.endsWith('.gz') ? gunzipSync(content) : content);
  }
}

describe('model files in VS Code', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'model-files', perClass: 2, settings: { 'modelStability.images': 'unsorted', 'modelStability.distortions': ['jpeg:50'] },
    prepare: ({ file }) => {
      copySavedModel('keras', file('models', 'flowers'));
      // Without classes: the fixture's are others.
      for (const name of readdirSync(file('pictures'))) {
        for (const picture of readdirSync(file('pictures', name))) cpSync(file('pictures', name, picture), file('unsorted', `${name}-${picture}`));
      }
    },
  });
  /** The editors of a model that are on screen. */
  const editors = async (): Promise<Frame[]> => {
    const found = await Promise.all(suite.page.frames().map(async (frame) => (await frame.locator(EDITOR).count() > 0 ? [frame] : [])));
    return found.flat();
  };

  it('evaluates a SavedModel by a right click on its folder', async () => {
    await suite.workbench.unfold('models', 'flowers');
    let items = await suite.workbench.contextMenu('flowers');
    // Which folders are SavedModels is looked for when the window opens.
    for (const end = Date.now() + 20_000; !items.includes('Evaluate Model Stability') && Date.now() < end;) {
      await suite.page.keyboard.press('Escape');
      items = await suite.workbench.contextMenu('flowers');
    }
    for (const title of ['Evaluate Model Stability', 'Stabilize Model']) assert.ok(items.includes(title), items.join(', '));
    await suite.workbench.screenshot('saved-model-menu');
    await suite.page.keyboard.press('Escape');
    await suite.workbench.chooseFromMenu(suite.workbench.explorerRow('flowers').first(), 'Evaluate Model Stability');
    const panel = await suite.workbench.webview('model-stability-panel', JOB);
    await panel.getByRole('heading', { name: 'flowers', exact: true }).waitFor();
    await panel.getByRole('table', { name: 'Measures for each distortion' }).waitFor({ timeout: JOB });
    const { model, images } = suite.readRun(suite.runs[0]!) as Evaluation;
    assert.deepEqual([model.format, model.path, images.evaluated], ['tensorflow-savedmodel', suite.file('models', 'flowers', 'saved_model.pb'), 18]);
  });

  it('does so on a right click on its file too, and offers nothing on other folders', async () => {
    await suite.workbench.runCommand('Notifications: Clear All Notifications');
    assert.ok(!(await suite.workbench.contextMenu('pictures')).includes('Evaluate Model Stability'));
    await suite.page.keyboard.press('Escape');
    await suite.workbench.unfold('models', 'flowers', 'saved_model.pb');
    await suite.workbench.chooseFromMenu(suite.workbench.explorerRow('saved_model.pb').first(), 'Evaluate Model Stability');
    await suite.workbench.notification(/flowers: .*labels? changed/).waitFor({ timeout: JOB });
    assert.equal(suite.runs.length, 2);
    assert.equal((suite.readRun(suite.runs[1]!) as Evaluation).model.path, suite.file('models', 'flowers', 'saved_model.pb'));
  });

  it('shows a model in two editors side by side, which both notice that its file has changed', async () => {
    await suite.workbench.runCommand('View: Close All Editors');
    await suite.workbench.openModel('patches.onnx');
    await suite.workbench.runCommand('View: Split Editor Right');
    await suite.workbench.screenshot('two-editors');
    const both = await eventually(async () => {
      const shown = await editors();
      return shown.length === 2 ? shown : undefined;
    }, 'there are not two editors of the model');
    for (const editor of both) await editor.getByText('124 k parameters', { exact: true }).waitFor();
    copyFileSync(suite.file('models', 'digits.onnx'), suite.file('models', 'patches.onnx'));
    for (const editor of both) await editor.getByText('10 classes').first().waitFor();
    writeFileSync(suite.file('models', 'patches.onnx'), 'no model any more');
    for (const editor of both) await editor.getByRole('alert').filter({ hasText: 'patches.onnx' }).waitFor();
    await suite.workbench.screenshot('two-editors-damaged');
  });
});
