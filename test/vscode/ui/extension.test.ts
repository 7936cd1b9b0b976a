import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import type { Evaluation, ModelInfo, Stabilization } from '../../../src/engine/results.ts';
import { eventually } from '../harness/eventually.ts';
import { workersOf } from '../harness/vscodeSession.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const EDITOR = 'model-stability-model';
const PANEL = 'model-stability-panel';
/** What activation may take, in milliseconds, where a bare Node takes `BARE_NODE` to start: on a slower or busier machine so much longer. */
const MOST_ACTIVATION = 50;
const BARE_NODE = 70;
const COMMANDS = ['Evaluate Model', 'Stabilize Model', 'Open Distortion Gallery', 'Compare Runs'];

/** Time that a job of the tests may take, in milliseconds. */
const JOB = 180_000;

/** How long a Node that runs nothing takes to start and end on this machine now, in milliseconds: the median of seven. */
function bareNodeStart(): number {
  const times = Array.from({ length: 7 }, () => {
    const from = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    return performance.now() - from;
  });
  return times.sort((a, b) => a - b)[3]!;
}

describe('the extension in VS Code', function () {
  this.timeout(JOB + 60_000);
  const suite = new VscodeSuite({ name: 'extension', perClass: 80 });
  const model = () => suite.file('models', 'patches.onnx');
  const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const readRun = () => suite.readRun(suite.runs.at(-1)!);
  const button = (frame: Frame, name: string): Locator => frame.getByRole('button', { name, exact: true });
  /** The panel once it shows a model. */
  const panelOf = async (name: string) => {
    const panel = await suite.workbench.webview(PANEL);
    await panel.getByRole('heading', { name, exact: true }).waitFor();
    return panel;
  };

  /** What VS Code says of the extension's activation in this window, in milliseconds. */
  const activationTime = async () => {
    // High enough for the list to draw all of its rows.
    const size = suite.page.viewportSize()!;
    await suite.page.setViewportSize({ ...size, height: 3000 });
    await suite.workbench.runCommand('Developer: Show Running Extensions');
    const row = suite.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Model Stability' });
    const text = await row.locator('.activation-time').innerText();
    await suite.page.keyboard.press('Escape');
    await row.waitFor({ state: 'hidden' });
    await suite.page.setViewportSize(size);
    return Number(/(\d+)\s*ms/.exec(text)?.[1]);
  };

  it('has its commands in the palette', async () => {
    await suite.workbench.findCommand(`Model Stability: ${COMMANDS[0]!}`);
    await suite.workbench.quickInput().fill('>Model Stability: ');
    for (const title of COMMANDS) await suite.workbench.quickPickRow(`Model Stability: ${title}`).waitFor();
    await suite.workbench.screenshot('palette');
    await suite.page.keyboard.press('Escape');
  });

  it('offers to evaluate on a right click on a model file, and on no other', async () => {
    const notes = await suite.workbench.contextMenu('notes.md');
    assert.ok(!notes.includes('Evaluate Model Stability'), notes.join(', '));
    await suite.page.keyboard.press('Escape');
    await suite.workbench.unfold('models', 'patches.onnx');
    const items = await suite.workbench.contextMenu('patches.onnx');
    for (const title of ['Evaluate Model Stability', 'Stabilize Model']) assert.ok(items.includes(title), items.join(', '));
    await suite.workbench.screenshot('explorer-menu');
    await suite.page.keyboard.press('Escape');
  });

  it('opens a model file in an editor that says what it is', async () => {
    await suite.workbench.explorerRow('patches.onnx').dblclick();
    const editor = await suite.workbench.webview(EDITOR);
    await editor.getByRole('heading', { name: 'patches.onnx', exact: true }).waitFor();
    await editor.getByText(sha256(model())).waitFor();
    const text = await editor.getByRole('main').innerText();
    const facts: [keyof ModelInfo, RegExp][] = [['format', /onnx/i], ['classes', /9/], ['parameters', /parameters/i]];
    for (const [fact, pattern] of facts) assert.match(text, pattern, fact);
    await suite.workbench.screenshot('model-editor');
  });

  it('activates in less than 50 ms, as VS Code itself measures it, or in proportion on a slower machine', async () => {
    const window = async (activate: () => Promise<unknown>) => {
      const before = bareNodeStart();
      await activate();
      const activation = await activationTime();
      const node = Math.max(before, bareNodeStart());
      console.log(`      activation: ${activation} ms, a bare Node: ${node.toFixed(0)} ms`);
      return { activation, allowed: MOST_ACTIVATION * Math.max(1, node / BARE_NODE) };
    };
    const windows = [await window(() => Promise.resolve())];
    const met = () => windows.some(({ activation, allowed }) => activation < allowed);
    // What other programs take away meanwhile is not the extension's: another window may say what it needs by itself.
    while (!met() && windows.length < 4) {
      windows.push(await window(async () => {
        await suite.workbench.reload();
        await suite.workbench.openFile('models/patches.onnx');
        await suite.workbench.webview(EDITOR);
      }));
    }
    assert.ok(met(), windows.map(({ activation, allowed }) => `${activation} of ${allowed.toFixed(0)} ms`).join(', '));
  });

  it('asks once for the pictures, evaluates, and shows what it measured', async () => {
    const editor = await suite.workbench.webview(EDITOR);
    await button(editor, 'Evaluate').click();
    await suite.workbench.chooseFolder(suite.file('pictures'));
    await suite.workbench.notification(/Evaluating patches\.onnx.*\d+ of 720 pictures/).waitFor();
    await editor.getByRole('progressbar').first().waitFor();
    await suite.workbench.screenshot('evaluating');
    const panel = await suite.workbench.webview(PANEL, JOB);
    const table = panel.getByRole('table', { name: 'Measures for each distortion' });
    await table.waitFor({ timeout: JOB });
    const evaluation = readRun() as Evaluation;
    assert.equal(evaluation.state, 'done');
    assert.equal(evaluation.images.evaluated, 720);
    const text = await table.innerText();
    for (const { labelInstability } of evaluation.distortions) {
      const percent = `${(100 * labelInstability!.value).toFixed(1)} %`;
      assert.ok(text.replaceAll('\u202f', ' ').replaceAll('\u00a0', ' ').includes(percent), `${percent} is not in ${text}`);
    }
    await suite.workbench.notification(/of the labels changed under/).waitFor();
    await suite.workbench.screenshot('overview');
  });

  it('shows the pairs of the run with their pictures', async () => {
    await suite.workbench.runCommand('Model Stability: Open Distortion Gallery');
    const panel = await panelOf('patches.onnx');
    const pictures = panel.getByRole('grid').locator('img');
    await pictures.nth(5).waitFor();
    const widths = await pictures.evaluateAll((list) => (list as { naturalWidth: number }[]).slice(0, 6).map((picture) => picture.naturalWidth));
    assert.ok(widths.every((width) => width > 0), `pictures did not load: ${widths.join(', ')}`);
    await suite.workbench.screenshot('gallery');
  });

  it('stops a job that is cancelled in the panel, and leaves the model as it was', async () => {
    const original = sha256(model());
    const panel = await panelOf('patches.onnx');
    await button(panel, 'Stabilize').click();
    await button(panel, 'Cancel').click();
    await suite.workbench.notification('Stabilizing patches.onnx').waitFor({ state: 'hidden', timeout: 5000 });
    await button(panel, 'Stabilize').and(panel.locator(':enabled')).waitFor();
    assert.equal(sha256(model()), original);
    assert.ok(!existsSync(path.join(path.dirname(model()), 'patches.stabilized.onnx')));
  });

  it('stops a job that is cancelled in its notification', async () => {
    const panel = await panelOf('patches.onnx');
    await button(panel, 'Stabilize').click();
    const notification = suite.workbench.notification('Stabilizing patches.onnx');
    await notification.waitFor();
    await notification.hover();
    await notification.getByRole('button', { name: 'Cancel' }).click();
    await notification.waitFor({ state: 'hidden', timeout: 5000 });
    await button(panel, 'Stabilize').and(panel.locator(':enabled')).waitFor();
  });

  it('says in one sentence that a worker was killed, with a way to the log', async () => {
    const sentence = 'the worker was killed (SIGKILL), probably by the system for want of memory';
    const panel = await panelOf('patches.onnx');
    const viewers = workersOf(suite.vscode.server);
    await button(panel, 'Stabilize').click();
    await panel.getByRole('progressbar').first().waitFor();
    process.kill(await eventually(() => workersOf(suite.vscode.server).find((pid) => !viewers.includes(pid)), 'the job has no worker of its own'), 'SIGKILL');
    const notification = suite.workbench.notification(sentence);
    await notification.waitFor();
    // Its going moves the others.
    await suite.workbench.notification('Stabilizing patches.onnx').waitFor({ state: 'hidden' });
    await panel.getByRole('alert').filter({ hasText: sentence }).waitFor();
    await suite.workbench.screenshot('worker-killed');
    await notification.getByRole('button', { name: 'Show Log' }).click();
    await suite.page.locator('.part.panel .view-lines', { hasText: 'SIGKILL' }).waitFor();
    await suite.workbench.screenshot('log');
    await suite.workbench.runCommand('View: Hide Panel');
  });

  it('stabilizes through the panel: a new file beside the model, the old one untouched, the comparison on screen', async () => {
    const original = sha256(model());
    const panel = await panelOf('patches.onnx');
    await button(panel, 'Stabilize').click();
    await suite.workbench.notification('Stabilizing patches.onnx').waitFor();
    await suite.workbench.notification('Stabilizing patches.onnx').waitFor({ state: 'hidden', timeout: JOB });
    await panel.getByRole('table', { name: 'Label instability for each distortion' }).waitFor({ timeout: JOB });
    const stabilization = readRun() as Stabilization;
    assert.equal(stabilization.state, 'done');
    assert.ok(existsSync(stabilization.output), stabilization.output);
    assert.equal(path.basename(stabilization.output), stabilization.accepted ? 'patches.stabilized.onnx' : 'patches.rejected.onnx');
    assert.equal(sha256(model()), original);
    await suite.workbench.notification(stabilization.accepted ? 'Stabilized, as patches.stabilized.onnx' : 'Not accepted').waitFor();
    await panel.getByRole('tabpanel').getByText(stabilization.accepted ? 'Accepted' : 'Rejected').first().waitFor();
    await suite.workbench.screenshot('stabilized');
  });

  it('follows the editor to another model, and to a model.json that is open as text', async () => {
    await suite.workbench.openFile('models/digits.onnx');
    await panelOf('digits.onnx');
    await suite.workbench.openFile('notes.md');
    await suite.workbench.openFile('patches-tfjs/model.json');
    await panelOf('patches-tfjs/model.json');
    await suite.workbench.screenshot('model-json-as-text');
    await suite.workbench.explorerRow('patches.onnx').dblclick();
    const panel = await panelOf('patches.onnx');
    await panel.getByRole('combobox').first().waitFor();
  });

  it('compares two runs that are chosen', async () => {
    const panel = await panelOf('patches.onnx');
    await button(panel, 'Evaluate').click();
    await suite.workbench.notification(/of the labels changed under/).waitFor({ timeout: JOB });
    await suite.workbench.runCommand('Model Stability: Compare Runs');
    for (const step of ['1 of 2', '2 of 2']) {
      await suite.page.locator('.quick-input-widget', { hasText: step }).waitFor();
      await suite.page.keyboard.press('Enter');
    }
    await panel.getByText('A: patches.onnx').first().waitFor();
    await suite.workbench.screenshot('compare');
  });

  it('needs no other machine and breaks no content policy', async () => {
    assert.deepEqual(await suite.vscode.leaked(), []);
    assert.deepEqual(suite.vscode.policyErrors, []);
  });
});
