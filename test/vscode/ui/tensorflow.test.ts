import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Evaluation } from '../../../src/engine/results.ts';
import { root } from '../harness/paths.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const TITLE = 'Model Stability: Set Up TensorFlow';
const JOB = 60_000;

/** What is installed here is small and plain (harness/npm): the library itself has tests of its own, in the stage `tensorflow`. */
describe('TensorFlow set up in VS Code', function () {
  this.timeout(150_000);
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), 'model-stability-tensorflow-'));
  const behaviour = path.join(dataFolder, 'npm-behaviour');
  const suite = new VscodeSuite({
    name: 'tensorflow', perClass: 1, dataFolder,
    settings: { 'modelStability.images': 'pictures', 'modelStability.distortions': ['jpeg:50'] },
    // Without VSCODE_CLI, the server would take the path of a login shell.
    env: { VSCODE_CLI: '1', PATH: `${path.join(root, 'test', 'vscode', 'harness', 'npm')}${path.delimiter}${process.env['PATH'] ?? ''}`, NPM_BEHAVIOUR: behaviour },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });
  const library = path.join(dataFolder, 'user', 'User', 'globalStorage', 'model-stability.model-stability', 'tensorflow');
  const dialog = () => suite.page.locator('.monaco-dialog-box');
  const install = async () => {
    await suite.workbench.runCommand(TITLE);
    await suite.side.answerDialog('Install');
  };

  after(() => rmSync(dataFolder, { recursive: true, force: true }));

  it('says before what it takes, and installs nothing where that is too much', async () => {
    await suite.workbench.runCommand(TITLE);
    await dialog().filter({ hasText: 'about 1.5 GB' }).filter({ hasText: 'It takes a Node.js (20 or newer) with npm' }).waitFor();
    await suite.workbench.screenshot('set-up-tensorflow');
    await suite.side.answerDialog('Cancel');
    assert.ok(!existsSync(library));
  });

  it('names in one sentence what failed, and leaves nothing', async () => {
    writeFileSync(behaviour, 'fail');
    await install();
    await suite.workbench.notification('Model Stability: npm install failed: npm error network request to the registry failed').waitFor();
    assert.ok(!existsSync(library));
  });

  it('is cancelled with all that it has started, and leaves nothing', async () => {
    writeFileSync(behaviour, 'wait');
    await install();
    const notification = suite.workbench.notification('Setting up TensorFlow');
    await notification.filter({ hasText: 'installing @tensorflow/tfjs-node' }).waitFor();
    while (!/^\d+$/.test(readFileSync(behaviour, 'utf8'))) await suite.page.waitForTimeout(50);
    const npm = Number(readFileSync(behaviour, 'utf8'));
    // By the keyboard: notifications move while their text grows.
    await notification.getByRole('button', { name: 'Cancel' }).press('Enter');
    await notification.waitFor({ state: 'hidden', timeout: 5000 });
    const left = () => existsSync(`/proc/${npm}`) || existsSync(library);
    for (const end = Date.now() + 5000; left() && Date.now() < end;) await suite.page.waitForTimeout(50);
    assert.ok(!left(), 'something was left');
  });

  it('computes on what was installed, where the setting says so', async () => {
    writeFileSync(behaviour, '');
    await install();
    const done = suite.workbench.notification(/TensorFlow\.js .*, native is set up/);
    await done.waitFor({ timeout: JOB });
    await done.getByRole('button', { name: 'Compute on TensorFlow' }).click();
    await suite.workbench.notification(/Jobs compute on TensorFlow\.js .*, native now/).waitFor();
    await suite.workbench.runCommand('Model Stability: Evaluate Model');
    await suite.workbench.notification(/no label changed|of the labels changed/).waitFor({ timeout: JOB });
    assert.match((suite.readRun(suite.runs[0]!) as Evaluation).method.engine, /^TensorFlow\.js .*, native$/);
  });

  it('is removed again by the same command', async () => {
    await suite.workbench.runCommand(TITLE);
    await dialog().filter({ hasText: library }).waitFor();
    await suite.side.answerDialog('Remove');
    await suite.workbench.runCommand(TITLE);
    await dialog().filter({ hasText: 'for the second engine?' }).waitFor();
    await suite.side.answerDialog('Cancel');
    assert.ok(!existsSync(library));
  });
});
