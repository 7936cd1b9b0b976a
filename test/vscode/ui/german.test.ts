import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Evaluation } from '../../../src/engine/results.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

describe('the extension in a German VS Code', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'german', perClass: 4, language: 'de', settings: { 'modelStability.images': 'pictures' },
    prepare: ({ evaluate, file, writeJson }) => {
      evaluate('first', ['jpeg:5']);
      writeFileSync(file('models', 'damaged.onnx'), 'no model');
      const state = { state: 'failed', kind: 'evaluation', model: file('models', 'patches.onnx'), modelSha256: '', startedAt: '2026-01-02T03:04:05.000Z', process: 1 };
      writeJson({ ...state, error: 'there is no folder /no/pictures' }, '.model-stability', 'runs', 'broken', 'state.json');
    },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });

  it('has German commands, by the palette and by a right click', async () => {
    await suite.workbench.findCommand('Model Stability: Modell stabilisieren');
    await suite.page.keyboard.press('Escape');
    const items = await suite.workbench.contextMenu('patches.onnx');
    for (const title of ['Modellstabilität auswerten', 'Modell stabilisieren']) assert.ok(items.includes(title), items.join(', '));
    await suite.page.keyboard.press('Escape');
  });

  it('shows a model in German', async () => {
    const editor = await suite.workbench.webview('model-stability-model');
    for (const name of ['Auswerten', 'Stabilisieren']) await editor.getByRole('button', { name, exact: true }).waitFor();
    await editor.getByText('aus der Modelldatei').waitFor();
    await suite.workbench.screenshot('german-model');
  });

  it('shows a run in German, its numbers too, and names the language to who listens', async () => {
    await suite.workbench.runCommand('Model Stability: Verzerrungsgalerie öffnen');
    const panel = await suite.workbench.webview('model-stability-panel');
    await panel.getByRole('tab', { name: 'Übersicht', exact: true }).click();
    const table = panel.getByRole('table', { name: 'Maße je Verzerrung' });
    await table.waitFor();
    const { distortions: [jpeg] } = suite.readRun('first') as Evaluation;
    const share = (100 * jpeg!.labelInstability!.value).toLocaleString('de', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    assert.match((await table.innerText()).replace(/[\u00a0\u202f]/g, ' '), new RegExp(`\\b${share} %`));
    assert.equal(await panel.locator('html').getAttribute('lang'), 'de');
    await suite.workbench.screenshot('german-panel');
  });

  it('says in German what a job found', async () => {
    await suite.workbench.runCommand('Model Stability: Modell auswerten');
    await suite.workbench.notification(/\d,\d % der Labels änderten sich/).waitFor({ timeout: 60_000 });
    await suite.workbench.screenshot('german-notification');
  });

  it('says in German why a run failed that the tree of runs lists', async () => {
    await suite.side.openRuns();
    await suite.side.runs('Auswertung, fehlgeschlagen').hover();
    await suite.page.locator('.workbench-hover').getByText('Es gibt keinen Ordner /no/pictures').waitFor();
    await suite.workbench.screenshot('german-run');
  });

  it('exports a report in German', async () => {
    await suite.workbench.chooseFromMenu(suite.side.runs('bei jpeg 5').first(), 'Exportieren…');
    await suite.workbench.quickPickRow('Bericht (HTML)').click();
    await suite.workbench.chooseFile(suite.file('bericht.html'));
    await suite.workbench.notification('Geschrieben: bericht.html').waitFor();
    const report = readFileSync(suite.file('bericht.html'), 'utf8');
    assert.match(report, /<html lang="de">/);
    assert.match(report, /<h1>Stabilität von patches\.onnx<\/h1>/);
    const { distortions: [jpeg] } = suite.readRun('first') as Evaluation;
    assert.ok(report.includes(`${(100 * jpeg!.labelInstability!.value).toFixed(1).replace('.', ',')} % der Labels ändern sich bei jpeg:5.`));
  });

  it('says in German why a model cannot be read, in its editor and where a job stops at it', async () => {
    await suite.workbench.runCommand('Notifications: Clear All Notifications');
    await suite.workbench.runCommand('View: Close All Editors');
    const editor = await suite.workbench.openModel('damaged.onnx');
    const reason = /damaged\.onnx ist kein ONNX-Modell, oder beschädigt oder abgeschnitten/;
    await editor.getByText(reason).waitFor();
    await suite.workbench.runCommand('Model Stability: Modell auswerten');
    await suite.workbench.notification(reason).waitFor({ timeout: 60_000 });
    await suite.workbench.screenshot('german-error');
  });
});
