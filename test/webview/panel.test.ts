import assert from 'node:assert/strict';
import { say } from '../../src/engine/sentences.ts';
import type { PairsQuery, PanelState, RunListItem } from '../../src/protocol.ts';
import { comparison, evaluation, GeneratedPairs, stabilization } from './runs.ts';
import { TestHost } from './webviewPage.ts';
import { webviewPages } from './webviewPages.ts';

const RUN = '/runs/one';
const item = (run: string, kind: RunListItem['kind']): RunListItem => ({ run, kind, state: 'done', model: '/models/patches.onnx', modelSha256: '4be1', startedAt: '2026-11-22T10:52:00Z', summary: '32.9 % at gaussian-noise 0.04' });
const runs = [item(RUN, 'evaluation'), item('/runs/two', 'stabilization')];
const evaluated: Partial<PanelState> = { runs, run: RUN, result: evaluation(720) };
const job = { kind: 'evaluate', model: 'patches.onnx', progress: { step: 'evaluating', done: 1200, total: 2000, unit: 'pictures', perSecond: 152.4, secondsLeft: 5.2 }, paused: false, finishing: false } as const;

describe('panel', function () {
  this.timeout(60_000);
  const { open, browser } = webviewPages();

  const cut = { ...evaluation(0), state: 'cancelled' as const };
  const states: [name: string, state: Partial<PanelState>, words: string, role?: 'alert'][] = [
    ['no model', { model: null, info: null }, 'No model is open'],
    ['a model that is being read', { info: null }, 'Reading patches.onnx'],
    ['a model that cannot be read', { info: null, modelError: 'patches.onnx: unknown operator Foo at node 12' }, 'patches.onnx: unknown operator Foo at node 12', 'alert'],
    ['an untrusted workspace', { trusted: false }, 'This workspace is not trusted'],
    ['no pictures known', { images: null }, 'No pictures are known for this model'],
    ['no run yet', {}, 'This model has no run yet'],
    ['runs, but none open', { runs }, 'No run is open'],
    ['a run that is being opened', { runs, run: RUN }, 'Opening the run'],
    ['a run that cannot be opened', { runs, run: RUN, runError: 'run.json: a newer version wrote this run' }, 'run.json: a newer version wrote this run', 'alert'],
    ['a run that was cancelled', { runs, run: RUN, result: cut }, 'This run was cancelled'],
    ['a run that failed', { runs, run: RUN, result: { ...cut, state: 'failed' } }, 'This run failed'],
    ['a job without a run', { job }, 'Evaluating'],
    ['a failed job', { ...evaluated, jobError: 'the worker was killed (SIGKILL)' }, 'the worker was killed (SIGKILL)', 'alert'],
    ['an evaluation of no picture', { runs, run: RUN, result: evaluation(0) }, 'No picture was evaluated, so nothing can be said.'],
    ['an evaluation of one picture', { runs, run: RUN, result: evaluation(1) }, 'The label of this one picture stays the same under every distortion.'],
    ['an evaluation cut short', { runs, run: RUN, result: { ...evaluation(20), state: 'cancelled' } }, 'This run was cancelled: the numbers cover the pictures evaluated until then.'],
  ];
  for (const [name, state, words, role] of states) {
    it(`says what is the matter: ${name}`, async () => {
      const page = await open(new TestHost(state));
      const place = role ? page.getByRole(role) : page.locator('model-stability-panel');
      await place.getByText(words).first().waitFor();
    });
  }

  it('starts jobs, chooses pictures and shows the log through the host', async () => {
    const host = new TestHost({ images: null });
    const page = await open(host);
    await page.getByRole('button', { name: 'Choose Pictures…' }).click();
    await page.getByRole('button', { name: 'Evaluate' }).click();
    await page.getByRole('button', { name: 'Stabilize' }).click();
    await host.push({ jobError: 'disk full' });
    await page.getByRole('button', { name: 'Show Log' }).click();
    assert.deepEqual(host.calls.map(({ method }) => method), ['ready', 'chooseImages', 'evaluate', 'stabilize', 'showLog']);
  });

  it('shows progress and cancels once', async () => {
    const host = new TestHost({ ...evaluated, job });
    const page = await open(host);
    const bar = page.getByRole('progressbar');
    await bar.waitFor();
    assert.equal(await bar.evaluate((element: { position: number }) => element.position), 0.6);
    assert.equal((await page.locator('.amounts').innerText()).replace(/\u00a0/g, ' ').trim(), '1,200 of 2,000 pictures · 152 a second · 5 s left');
    assert.ok(await page.getByRole('button', { name: 'Evaluate', exact: true }).isDisabled());
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.ok(await page.getByRole('button', { name: 'Cancelling…' }).isDisabled());
    assert.equal(host.asked('cancel').length, 1);
    await host.push({ job: null });
    await bar.waitFor({ state: 'detached' });
    assert.ok(await page.getByRole('button', { name: 'Evaluate', exact: true }).isEnabled());
  });

  it('shows a call that failed, as one message', async () => {
    const host = new TestHost(evaluated);
    host.failures.set('evaluate', 'no pictures in /pictures');
    const page = await open(host);
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click();
    await page.getByRole('alert').getByText('no pictures in /pictures').waitFor();
    assert.equal(await page.getByRole('alert').count(), 1);
  });

  it('does not offer to stabilize what cannot be trained, and says why', async () => {
    const info = { ...new TestHost({}).state.info!, trainable: 'the model ends in a TopK, not in a layer with weights' };
    const page = await open(new TestHost({ ...evaluated, info }));
    const button = page.getByRole('button', { name: 'Stabilize' });
    assert.ok(await button.isDisabled());
    assert.equal(await button.getAttribute('title'), info.trainable);
  });

  it('names runs by what they are and what they came to, in the language of the page', async () => {
    const made = { ...item('/runs/two', 'stabilization'), name: 'keep this', worst: { name: 'jpeg', strength: 50, labelInstability: 0.0562 }, accepted: true };
    const cases = [['en', /^keep this · Nov 22, 2026, \d\d:52 · stabilization, accepted · 5\.6 % at jpeg 50$/], ['de', /^keep this · 22\.11\.2026, \d\d:52 · Stabilisierung, angenommen · 5,6 % bei jpeg 50$/]] as const;
    for (const [language, wanted] of cases) {
      const { page, faults } = await browser().open(new TestHost({ ...evaluated, runs: [item(RUN, 'evaluation'), made] }), { language });
      assert.match((await page.locator('select[name=run] option[value="/runs/two"]').textContent() ?? '').replace(/\u00a0/g, ' '), wanted);
      assert.deepEqual(await faults(), []);
      await page.context().close();
    }
  });

  it('opens another run', async () => {
    const host = new TestHost(evaluated);
    const page = await open(host);
    await page.getByRole('combobox', { name: 'Run' }).selectOption('/runs/two');
    assert.deepEqual(host.asked('openRun'), [{ run: '/runs/two' }]);
  });

  it('opens the changed pairs of a distortion from the table', async () => {
    const host = new TestHost(evaluated, new GeneratedPairs(2880));
    const page = await open(host);
    await page.getByRole('button', { name: 'Open the 237 changed pairs of gaussian-noise 0.04 in the gallery' }).click();
    await page.locator('.grid .row img').first().waitFor();
    const { run, distortion, changed } = (host.asked('pairs') as PairsQuery[]).at(-1)!;
    assert.deepEqual({ run, distortion, changed }, { run: RUN, distortion: { name: 'gaussian-noise', strength: 0.04 }, changed: true });
    assert.deepEqual(host.asked('openPanel'), [{ view: 'gallery' }]);
  });

  it('changes views by arrow keys, and follows the host', async () => {
    const host = new TestHost(evaluated);
    const page = await open(host);
    await page.getByRole('tab', { name: 'Overview' }).focus();
    await page.keyboard.press('End');
    assert.equal(await page.getByRole('tab', { name: 'Compare' }).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.getByRole('tab', { name: 'Overview' }).getAttribute('aria-selected'), 'true');
    await page.waitForFunction('true');
    await host.push({ view: 'compare' });
    await page.locator('[role=tab][aria-selected=true]', { hasText: 'Compare' }).waitFor();
    await page.getByText('Nothing to compare in this run').waitFor();
  });

  it('says how the numbers were made, and marks a guess', async () => {
    const page = await open(new TestHost(evaluated));
    const made = page.locator('.made');
    await made.waitFor();
    const text = (await made.innerText()).replace(/\u00a0/g, ' ');
    for (const part of ['/pictures/patches-test, 720 of 720 read', 'a guess', 'flatten, L2-normalised', 'ONNX Runtime 1.30, CPU', 'sha256 4be1c0ffee77', '0.1.0', 'Nov 22, 2026']) assert.ok(text.includes(part), part);
  });

  it('puts before, control and stabilized side by side, with p and counts', async () => {
    const host = new TestHost({ runs, run: '/runs/two', result: stabilization('/runs/two', 720), view: 'compare' }, new GeneratedPairs(2880));
    const page = await open(host);
    const row = page.getByRole('table', { name: 'Label instability for each distortion' }).getByRole('row').filter({ hasText: 'gaussian-noise' });
    const text = (await row.innerText()).replace(/\u00a0/g, ' ');
    for (const part of ['32.9 %', '24.6 %', '9.4 %', '−15.1 points', 'more stable', 'p < 0.001', '189 newly stable', '20 newly broken']) assert.ok(text.includes(part), `${part} in ${text}`);
    assert.match((await page.locator('tr.is-chosen').innerText()), /^1\s+0\.1\s.*chosen/s);
    await page.getByText('Accepted.').waitFor();
    await page.getByRole('button', { name: 'Open stabilized in Gallery' }).click();
    await page.locator('.grid .row img').first().waitFor();
    assert.equal((host.asked('pairs') as PairsQuery[]).at(-1)!.run, '/runs/two/after');
  });

  it('says plainly that a result was rejected', async () => {
    const page = await open(new TestHost({ runs, run: '/runs/two', result: stabilization('/runs/two', 720, false), view: 'compare' }));
    await page.getByText('Clean precision falls from 85.1 % to 83.1 %, more than the 0.5 % allowed.').waitFor();
    await page.getByText('Do not use it: clean precision fell from 85.1 % to 83.1 %.').waitFor();
    await page.getByText('Rejected.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'patches.stabilized.rejected.onnx' }).waitFor();
  });

  it('speaks German, what the engine wrote into the run too', async () => {
    const [state, result] = [{ runs, run: '/runs/two', view: 'compare' } as const, stabilization('/runs/two', 720, false)];
    result.warnings = [say('guessedPreprocessing'), say('unreadPictures', { count: 3, total: 723 })];
    const page = await open(new TestHost({ ...state, result, job: { ...job, progress: { ...job.progress, step: say('evaluatingAll') } } }), { language: 'de' });
    for (const sentence of [
      'Die saubere Präzision fällt von 85,1 % auf 83,1 %, um mehr als die erlaubten 0,5 %. Deutlich weniger Labels ändern sich bei jpeg 50, gaussian-noise 0.04.',
      'Verwenden Sie es nicht: Die saubere Präzision fiel von 85,1 % auf 83,1 %.', 'Die Vorverarbeitung ist geraten', '3 von 723 Bildern waren nicht lesbar und wurden ausgelassen.', 'Auswertung von vorher, Kontrolle und stabilisiert',
    ]) await page.getByText(sentence).first().waitFor();
    const text = await page.locator('body').innerText();
    for (const english of ['labels change', 'pictures', 'The ', 'precision fell', 'stabilized pictures']) assert.ok(!text.includes(english), `${english} in ${text}`);
  });

  it('lets the user choose between two runs and the stabilization where both are there', async () => {
    const result = stabilization('/runs/two', 720);
    const two = comparison(result.before, result.after, { a: RUN, b: '/runs/other' }, 'B changes fewer labels than A.');
    const host = new TestHost({ runs, run: '/runs/two', result, comparison: two, view: 'compare' });
    const page = await open(host);
    await page.getByText('B changes fewer labels than A.').waitFor();
    await page.getByRole('radio', { name: 'Before, control, stabilized' }).check();
    await page.getByText('Accepted.').waitFor();
  });
});
