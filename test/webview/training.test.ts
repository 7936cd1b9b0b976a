import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import type { PanelState } from '../../src/protocol.ts';
import { stabilization } from './runs.ts';
import { history, trainingJob } from './trainingJob.ts';
import { TestHost, THEMES, WebviewBrowser } from './webviewPage.ts';

const running = (epochs: number): Partial<PanelState> => ({ job: trainingJob(epochs), view: 'training' });

describe('the view of a training', function () {
  this.timeout(120_000);
  let browser: WebviewBrowser;
  before(async () => { browser = await WebviewBrowser.start(); });
  after(() => browser.stop());

  it('says what is trained, how far it is and how long it takes', async () => {
    const { page, faults } = await browser.open(new TestHost(running(12)));
    await page.getByRole('heading', { name: 'Training 3 of 7' }).waitFor();
    const text = (await page.locator('.view').innerText()).replace(/\u00a0/g, ' ');
    for (const part of ['α = 1, σ = 0.1, learning rate 0.001, trained: head.', 'Epoch 13 of at most 50 · 13 s left of this training at the most · 4 more trainings follow', 'All trainings together, the control among them: about 1 min 35 s left, less where one ends early.']) assert.ok(text.includes(part), text);
    assert.equal(await page.getByRole('status').filter({ hasText: '12 epochs of 50 done, the best is epoch 10' }).count(), 1);
    assert.deepEqual(await faults(), []);
  });

  it('draws both losses, precision and label instability, each line with its last value', async () => {
    const { page } = await browser.open(new TestHost(running(12)));
    const last = history(12).at(-1)!;
    await page.locator('.training-chart .plot').nth(3).waitFor();
    const labels = await page.locator('.training-chart .plot').evaluateAll((plots) => plots.map((plot) => (plot as unknown as { getAttribute(name: string): string }).getAttribute('aria-label').replace(/\u00a0/g, ' ')));
    assert.deepEqual(labels, [
      `Loss L0, on clean pictures: training ${last.loss.toFixed(3)}, validation ${last.validationLoss!.toFixed(3)}`,
      `Stability loss, between clean and noisy pictures: training ${last.stabilityLoss.toFixed(3)}, validation ${last.validationStabilityLoss!.toFixed(3)}`,
      `Precision on clean validation pictures: precision ${(100 * last.validationPrecision!).toFixed(1)} %`,
      `Labels that distortions change, on validation pictures: changed ${(100 * last.validationLabelInstability!).toFixed(1)} %`,
    ]);
    assert.equal(await page.locator('.training-chart .flag', { hasText: 'best: epoch 10' }).count(), 4);
  });

  it('grows with each epoch that the host reports, and starts anew with the next training', async () => {
    const host = new TestHost(running(2));
    const { page } = await browser.open(host);
    const segments = async (): Promise<number> => (await page.locator('.plot .line').first().getAttribute('d'))!.split('L').length;
    const before = await segments();
    await host.push({ job: trainingJob(3) });
    await page.getByText('Epoch 4 of at most 50').waitFor();
    assert.equal(await segments(), before + 1);
    await host.push({ job: trainingJob(0, {}, { number: 4 }) });
    await page.getByRole('heading', { name: 'Training 4 of 7' }).waitFor();
    assert.equal(await page.locator('.plot .line').count(), 0);
  });

  it('steers the job: pause, go on, stop and keep the best, cancel', async () => {
    const host = new TestHost(running(5));
    const { page } = await browser.open(host);
    const view = page.locator('.view');
    await view.getByRole('button', { name: 'Pause' }).click();
    await host.push({ job: trainingJob(5, { paused: true }) });
    await view.getByText('Paused: nothing is computed until it goes on.').waitFor();
    assert.ok(!(await view.innerText()).includes('left of this training'), 'no time is promised while it waits');
    await view.getByRole('button', { name: 'Go On' }).click();
    await host.push({ job: trainingJob(5) });
    await view.getByRole('button', { name: 'Stop and Keep the Best' }).click();
    await host.push({ job: trainingJob(5, { finishing: true }) });
    assert.ok(await view.getByRole('button', { name: 'Stopping…' }).isDisabled());
    await view.getByRole('button', { name: 'Cancel Job' }).click();
    assert.deepEqual([host.asked('steer'), host.asked('cancel').length], [[{ steering: 'pause' }, { steering: 'resume' }, { steering: 'finishEarly' }], 1]);
  });

  it('finds a training that is under way when it is opened, and the curves of one that is over', async () => {
    const host = new TestHost({ ...running(20), view: 'overview' });
    const first = await browser.open(host);
    await first.page.getByRole('tab', { name: 'Training' }).click();
    await first.page.getByText('Epoch 21 of at most 50').waitFor();
    await first.page.context().close();
    const second = await browser.open(host);
    await second.page.getByText('Epoch 21 of at most 50').waitFor();
    const result = { ...stabilization('/runs/two', 720), history: history(14) };
    result.trained = { ...result.trained, epochs: 14, bestEpoch: 9, stopped: 'early' };
    await host.push({ job: null, run: '/runs/two', result });
    await second.page.getByText('Trained for 14 epochs; epoch 9 was the best and is kept.').waitFor();
    await second.page.getByText('It stopped early, since nothing improved.').waitFor();
    assert.equal(await second.page.locator('.training-chart').count(), 4);
  });

  it('says what is done before the first weights are trained', async () => {
    const job = { ...trainingJob(0), progress: { step: 'features of the training pictures', done: 10, total: 400, unit: 'pictures' } };
    const { page } = await browser.open(new TestHost({ job, view: 'training' }));
    await page.getByRole('heading', { name: 'Training has not begun yet' }).waitFor();
    await page.getByText('Under way: features of the training pictures. The curves appear as soon as weights are trained.').waitFor();
  });

  for (const theme of THEMES) {
    it(`axe finds nothing serious, ${theme}`, async () => {
      const { page, faults } = await browser.open(new TestHost(running(12)), { theme });
      await page.locator('.training-chart').nth(3).waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`)), []);
      assert.deepEqual(await faults(), []);
      await page.context().close();
    });
  }
});
