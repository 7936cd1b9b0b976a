import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { root } from '../harness/paths.ts';
import { SideViews } from '../harness/sideViews.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';
import type { Workbench } from '../harness/workbench.ts';

const PANEL = 'model-stability-panel';

/** Two finished runs of the command line, one under JPEG, one under crops, so that they are told apart. */
const RUNS = [['first', 'jpeg:30'], ['second', 'crop:24']] as const;

describe('the view of runs', function () {
  this.timeout(120_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;
  let workbench: Workbench;
  let side: SideViews;

  const runsFolder = () => path.join(workspace.folder, '.model-stability', 'runs');
  const model = () => path.join(workspace.folder, 'models', 'patches.onnx');
  const runOf = (distortion: string) => side.runs(`at ${distortion}`);

  before(async () => {
    workspace = exampleWorkspace(6);
    for (const [name, distortion] of RUNS) {
      const args = ['evaluate', model(), '--images', path.join(workspace.folder, 'pictures'), '--distortion', distortion, '--distortion', 'thumbnail:8000', '--run', path.join(runsFolder(), name), '--json'];
      execFileSync(process.execPath, [path.join(root, 'dist', 'cli.js'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    }
    vscode = await openVscode(workspace.folder);
    workbench = vscode.workbench;
    side = new SideViews(workbench);
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await workbench.screenshot(`failed-runs-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('lists the runs that are there when VS Code starts, by model, and opens one on a click', async () => {
    await side.openRuns();
    await side.runs('patches.onnx').first().waitFor();
    assert.equal(await side.runs(/ % at /).count(), 2);
    await runOf('jpeg 30').click();
    const panel = await workbench.webview(PANEL);
    await panel.getByRole('heading', { name: 'patches.onnx', exact: true }).waitFor();
    await panel.getByRole('table', { name: 'Measures for each distortion' }).getByText('jpeg 30').first().waitFor();
    await workbench.screenshot('runs');
  });

  it('renames a run by F2, and keeps the name in its folder', async () => {
    await runOf('crop 24').click();
    await vscode.page.keyboard.press('F2');
    await workbench.quickInput().fill('small crops');
    await vscode.page.keyboard.press('Enter');
    await side.runs('small crops').waitFor();
    assert.deepEqual(JSON.parse(readFileSync(path.join(runsFolder(), 'second', 'name.json'), 'utf8')), { name: 'small crops' });
  });

  it('runs again with the same options, from the menu', async () => {
    await side.choose(side.runs('small crops'), 'Run Again with the Same Options');
    await workbench.notification(/patches\.onnx: /).waitFor({ timeout: 90_000 });
    await runOf('crop 24').nth(1).waitFor();
    const made = readdirSync(runsFolder()).filter((name) => !RUNS.some(([known]) => known === name));
    assert.equal(made.length, 1);
    const options = (name: string) => (JSON.parse(readFileSync(path.join(runsFolder(), name, 'run.json'), 'utf8')) as { distortions: { name: string; strength: number; labelInstability: object }[] }).distortions
      .map(({ name: distortion, strength, labelInstability }) => ({ distortion, strength, labelInstability }));
    assert.deepEqual(options(made[0]!), options('second'));
  });

  it('compares two runs that are selected together', async () => {
    await runOf('jpeg 30').click();
    await side.runs('small crops').click({ modifiers: ['Control'] });
    await side.choose(side.runs('small crops'), 'Compare');
    const panel = await workbench.webview(PANEL);
    await panel.getByText('A: patches.onnx').first().waitFor();
    await workbench.screenshot('runs-compare');
  });

  it('follows a model that was moved, by its content', async () => {
    renameSync(model(), path.join(workspace.folder, 'moved.onnx'));
    await vscode.page.locator('.part.sidebar [aria-label="Refresh Runs"]').first().click();
    await side.runs('moved.onnx').first().waitFor();
    assert.match(await side.runs('moved.onnx').first().innerText(), /moved/);
    await workbench.screenshot('runs-moved');
    renameSync(path.join(workspace.folder, 'moved.onnx'), model());
    await vscode.page.locator('.part.sidebar [aria-label="Refresh Runs"]').first().click();
    await side.runs('patches.onnx').first().waitFor();
  });

  it('deletes a run after a question, and leaves the model', async () => {
    await runOf('jpeg 30').click();
    await vscode.page.keyboard.press('Delete');
    await side.answerDialog('Delete');
    // This machine's VS Code has no trash, so that it asks again.
    await side.answerDialog('Delete Permanently');
    await runOf('jpeg 30').waitFor({ state: 'hidden' });
    assert.ok(!existsSync(path.join(runsFolder(), 'first')));
    assert.ok(existsSync(model()));
  });

  it('comes back with names after the window was loaded anew', async () => {
    await vscode.page.reload({ waitUntil: 'domcontentloaded' });
    await side.runs('small crops').waitFor({ timeout: 60_000 });
    assert.equal(await runOf('crop 24').count(), 2);
  });
});
