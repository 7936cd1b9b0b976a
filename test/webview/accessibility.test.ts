import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import type { PanelState } from '../../src/protocol.ts';
import { evaluation, GeneratedPairs, stabilization } from './runs.ts';
import { TestHost, THEMES, WebviewBrowser } from './webviewPage.ts';

const runs: PanelState['runs'] = ['/runs/one', '/runs/two'].map((run) => ({ run, kind: 'evaluation', state: 'done', model: 'm', modelSha256: 's', startedAt: '2026-11-22T10:52:00Z', summary: '7.4 %' }));
const evaluated: Partial<PanelState> = { runs, run: '/runs/one', result: { ...evaluation(720), warnings: ['Clean precision is near chance.'] } };
const job = { kind: 'evaluate', model: 'patches.onnx', progress: { step: 'evaluating', done: 1, total: 2, unit: 'pictures' }, paused: false, finishing: false } as const;

/** Each screen: its state, its page, and what is there when it is ready. */
const SCREENS: Record<string, { state: Partial<PanelState>; page?: 'modelEditor'; ready: string; keys?: string[] }> = {
  overview: { state: evaluated, ready: '.made' },
  running: { state: { ...evaluated, job }, ready: 'progress' },
  gallery: { state: { ...evaluated, view: 'gallery' }, ready: '.grid .row img' },
  'pair opened large': { state: { ...evaluated, view: 'gallery' }, ready: '.grid .row img', keys: ['Enter'] },
  'pair under a swipe': { state: { ...evaluated, view: 'gallery' }, ready: '.grid .row img', keys: ['Enter', '2'] },
  distances: { state: { runs, run: '/runs/two', result: stabilization('/runs/two', 720), view: 'distances' }, ready: 'model-stability-distances table' },
  comparison: { state: { runs, run: '/runs/two', result: stabilization('/runs/two', 720), view: 'compare' }, ready: '.made' },
  'nothing yet': { state: { jobError: 'disk full' }, ready: '.message' },
  'model page': { state: {}, page: 'modelEditor', ready: '.operators' },
};

describe('accessibility', function () {
  this.timeout(120_000);
  let browser: WebviewBrowser;
  before(async () => { browser = await WebviewBrowser.start(); });
  after(() => browser.stop());

  for (const theme of THEMES) {
    for (const [name, screen] of Object.entries(SCREENS)) {
      it(`${name}, ${theme}: nothing serious found by axe`, async () => {
        const { page, faults } = await browser.open(new TestHost(screen.state, new GeneratedPairs(2880)), { theme, page: screen.page ?? 'panel' });
        await page.locator(screen.ready).first().waitFor();
        if (screen.keys) await page.locator('.grid').focus();
        for (const key of screen.keys ?? []) await page.keyboard.press(key);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`));
        assert.deepEqual(serious, []);
        assert.deepEqual(await faults(), []);
        await page.context().close();
      });
    }
  }
});
