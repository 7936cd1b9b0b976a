import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Stabilization } from '../../../src/engine/results.ts';
import { workersOf } from '../harness/vscodeSession.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const JOB = 120_000;

describe('a stabilization that was cut short in VS Code', function () {
  this.timeout(180_000);
  const suite = new VscodeSuite({
    name: 'resume', perClass: 40, settings: { 'modelStability.images': 'pictures' },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });

  it('is in the tree of runs as failed when its worker was killed', async () => {
    const viewers = workersOf(suite.vscode.server);
    await suite.workbench.runCommand('Model Stability: Open Distortion Gallery');
    const panel = await suite.workbench.webview('model-stability-panel');
    await panel.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await panel.getByRole('tab', { name: 'Training' }).click();
    await suite.workbench.notification(/Stabilizing patches\.onnx: training/).waitFor({ timeout: JOB });
    // Waiting, so that it cannot come to its end before it is killed.
    await panel.getByRole('button', { name: 'Pause' }).click();
    await panel.getByText('Paused: nothing is computed until it goes on.').waitFor();
    const worker = workersOf(suite.vscode.server).find((pid) => !viewers.includes(pid));
    assert.ok(worker !== undefined, 'the job has no worker of its own');
    process.kill(worker, 'SIGKILL');
    await suite.workbench.notification('the worker was killed').waitFor();
    await suite.side.openRuns();
    await suite.side.runs('stabilization, failed').waitFor();
    assert.ok(!existsSync(suite.file('.model-stability', 'runs', suite.runs[0]!, 'run.json')));
    await suite.workbench.screenshot('cut-short');
  });

  it('goes on from there by its menu, to a new model and its comparison', async () => {
    await suite.workbench.chooseFromMenu(suite.side.runs('stabilization, failed'), 'Resume');
    await suite.side.runs('stabilization, failed').waitFor({ state: 'hidden' });
    const panel = await suite.workbench.webview('model-stability-panel');
    await panel.getByRole('table', { name: 'Label instability for each distortion' }).waitFor({ timeout: JOB });
    assert.equal(suite.runs.length, 1);
    const { state, output } = suite.readRun(suite.runs[0]!) as Stabilization;
    assert.deepEqual([state, existsSync(output)], ['done', true]);
    await suite.side.runs(/(accepted|rejected), /).waitFor();
    await suite.workbench.screenshot('resumed');
  });
});
