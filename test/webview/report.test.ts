import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { evaluate } from '../../src/engine/evaluate.ts';
import { exportRun } from '../../src/engine/export/exportRun.ts';
import type { Evaluation } from '../../src/engine/results.ts';
import { exampleModels, examplePictures, quiet, temporaryFolder } from '../unit/engineHarness.ts';
import { WebviewBrowser } from './webviewPage.ts';

describe('the report', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let browser: WebviewBrowser;
  let address: string;
  let evaluation: Evaluation;

  before(async () => {
    const run = join(folder, 'run');
    evaluation = await evaluate({ model: exampleModels.patches, images: examplePictures('patches/test'), limit: 40, run }, quiet());
    const { files } = await exportRun({ run, format: 'html', output: join(folder, 'report.html'), pairs: 4 }, quiet());
    address = pathToFileURL(files[0]!).href;
    browser = await WebviewBrowser.start();
  });
  after(() => browser.stop());

  /** Opens the file without a network; every request but the file's own is noted. */
  async function open(colorScheme: 'dark' | 'light', width: number): Promise<{ page: Page; requests: string[]; faults: string[] }> {
    const context = await browser.browser.newContext({ offline: true, colorScheme, viewport: { width, height: 900 }, bypassCSP: false });
    const page = await context.newPage();
    const [requests, faults]: [string[], string[]] = [[], []];
    page.on('request', (request) => { if (request.url() !== address && !request.url().startsWith('data:')) requests.push(request.url()); });
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(address);
    return { page, requests, faults };
  }

  for (const theme of ['light', 'dark'] as const) {
    it(`opens without a network, ${theme}: the numbers, every picture, nothing serious found by axe`, async () => {
      const { page, requests, faults } = await open(theme, 1000);
      const worst = evaluation.distortions.reduce((a, b) => (b.labelInstability!.value > a.labelInstability!.value ? b : a));
      await page.locator('.verdict', { hasText: `${(100 * worst.labelInstability!.value).toFixed(1)} % of labels change at ${worst.name}:${worst.strength}` }).waitFor();
      const pictures = await page.evaluate<number[]>('[...document.images].map((image) => image.naturalWidth)');
      assert.equal(pictures.length, evaluation.distortions.length * 4 * 3);
      assert.ok(pictures.every((width) => width > 0), 'a picture is not shown');
      // Axe's own script is refused by the report's policy, as every script is: it is let in by a context that passes it over.
      assert.deepEqual([requests, faults], [[], []]);
      const context = await browser.browser.newContext({ offline: true, colorScheme: theme, bypassCSP: true });
      const checked = await context.newPage();
      await checked.goto(address);
      const { violations } = await new AxeBuilder({ page: checked }).analyze();
      assert.deepEqual(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`), []);
      await Promise.all([context.close(), page.context().close()]);
    });
  }

  for (const width of [1000, 500]) {
    it(`is as wide as its window of ${width} pixels`, async () => {
      const { page } = await open('light', width);
      const [content, window] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
      assert.ok(content <= window, `${content} pixels in ${window}`);
      await page.context().close();
    });
  }

  it('prints to pages, in black on white whatever the theme', async () => {
    const { page } = await open('dark', 1000);
    const pdf = await page.pdf({ format: 'A4' });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)!.length;
    assert.ok(pages >= 2 && pages <= 8, `${pages} pages`);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    assert.deepEqual(await page.evaluate('[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]'), ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    await page.context().close();
  });
});
