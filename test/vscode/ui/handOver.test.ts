import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Evaluation } from '../../../src/engine/results.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const PANEL = 'model-stability-panel';

describe('runs that are compared and handed over in VS Code', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'hand-over', perClass: 6,
    prepare: ({ evaluate, commandLine, file }) => {
      evaluate('own', ['jpeg:5']);
      commandLine(['evaluate', file('models', 'patches-tfjs', 'model.json'), '--images', file('pictures'), '--run', file('.model-stability', 'runs', 'other'), '--distortion', 'jpeg:5']);
    },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });

  it('compares the only run of this model with one of another', async () => {
    await suite.workbench.runCommand('Model Stability: Open Distortion Gallery');
    const panel = await suite.workbench.webview(PANEL);
    await panel.locator('select[name=run] option').first().waitFor({ state: 'attached' });
    assert.equal(await panel.locator('select[name=run] option').count(), 1);
    await panel.getByRole('button', { name: 'Compare…', exact: true }).click();
    await suite.page.locator('.quick-input-widget', { hasText: '1 of 2' }).waitFor();
    await suite.workbench.quickPickRow('models/patches.onnx').click();
    await suite.page.locator('.quick-input-widget', { hasText: '2 of 2' }).waitFor();
    await suite.workbench.quickPickRow('models/patches-tfjs/model.json').click();
    await panel.getByText('A: patches.onnx').first().waitFor();
    await panel.getByText('model.json (other)').first().waitFor();
    await suite.workbench.screenshot('compare-two-models');
  });

  it('exports a run as a report that opens without a network and asks for nothing', async () => {
    await suite.side.openRuns();
    await suite.workbench.chooseFromMenu(suite.side.runs('% at jpeg 5').first(), 'Export…');
    await suite.workbench.quickPickRow('Report (HTML)').click();
    const file = suite.file('report.html');
    await suite.workbench.chooseFile(file);
    await suite.workbench.notification('Written: report.html').waitFor();
    const context = await suite.page.context().browser()!.newContext({ offline: true });
    const report = await context.newPage();
    const requests: string[] = [];
    report.on('request', (request) => { if (!request.url().startsWith('data:')) requests.push(request.url()); });
    await report.goto(pathToFileURL(file).href);
    const { distortions: [jpeg] } = suite.readRun('other') as Evaluation;
    await report.getByText(`${(100 * jpeg!.labelInstability!.value).toFixed(1)} %`).first().waitFor();
    const widths = await report.locator('img').evaluateAll((pictures) => (pictures as { naturalWidth: number }[]).map((picture) => picture.naturalWidth));
    assert.ok(widths.length > 0 && widths.every((width) => width > 0), `pictures did not load: ${widths.join(', ')}`);
    assert.deepEqual(requests, [pathToFileURL(file).href]);
    await context.close();
  });

  it('exports its tables, the pairs in a second file', async () => {
    await suite.workbench.chooseFromMenu(suite.side.runs('% at jpeg 5').first(), 'Export…');
    await suite.workbench.quickPickRow('Tables (CSV)').click();
    await suite.workbench.chooseFile(suite.file('tables.csv'));
    await suite.workbench.notification('Written: tables.csv and 1 more beside it').waitFor();
    const rows = readFileSync(suite.file('tables.csv'), 'utf8').trim().split('\n');
    assert.deepEqual(rows.filter((row) => row.includes('jpeg')), rows.slice(-1));
  });

  it('writes nothing where the question for the file is closed', async () => {
    await suite.workbench.chooseFromMenu(suite.side.runs('% at jpeg 5').first(), 'Export…');
    await suite.workbench.quickPickRow('Numbers (JSON)').click();
    await suite.workbench.quickPickRow('..').waitFor();
    await suite.page.keyboard.press('Escape');
    await suite.workbench.quickInput().waitFor({ state: 'hidden' });
    assert.ok(!existsSync(suite.file('numbers.json')));
  });
});
