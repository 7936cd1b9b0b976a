import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { SearchPoint } from '../../src/engine/results.ts';
import { chosenPoint, groupsOf, paretoFront } from '../../webview-ui/sweep/front.ts';
import { random } from './runs.ts';
import { sweep } from './sweepRun.ts';
import { TestHost, THEMES, WebviewBrowser } from './webviewPage.ts';

const RUN = '/runs/two';
const result = sweep(RUN);
const shown = { run: RUN, result, view: 'sweep' } as const;
const plain = (text: string): string => text.replace(/\u00a0/g, ' ').replace(/\s+/g, ' ');

describe('points of a search', () => {
  it('finds the front by its definition where the run does not tell', () => {
    const points = Array.from({ length: 40 }, (_, index): SearchPoint => ({
      alpha: index % 9 === 0 ? 0 : 1, sigma: 0.1, learningRate: 0.001, precisionAt1: Math.round(100 * random(index)) / 100, labelInstability: Math.round(20 * random(index + 500)) / 100,
    }));
    const front = paretoFront(points);
    const tried = points.filter(({ alpha }) => alpha > 0);
    for (const [index, point] of points.entries()) {
      const beaten = tried.some((other) => other.precisionAt1! >= point.precisionAt1! && other.labelInstability <= point.labelInstability && (other.precisionAt1! > point.precisionAt1! || other.labelInstability < point.labelInstability));
      assert.equal(front.includes(index), point.alpha > 0 && !beaten, JSON.stringify(point));
    }
    assert.ok(front.length > 1 && front.length < points.length);
  });

  it('believes the run where it tells, knows the chosen point and what was tried together', () => {
    assert.deepEqual(paretoFront(result.search), result.search.flatMap(({ pareto }, index) => (pareto ? [index] : [])));
    const { alpha, sigma, train } = result.search[chosenPoint(result)]!;
    assert.deepEqual([alpha, sigma, train], [result.options.alpha, result.options.sigma, result.options.train]);
    assert.deepEqual(groupsOf(result), [{ train: 'head', learningRate: 0.001 }, { train: 'last:2', learningRate: 0.001 }]);
  });
});

describe('the view of a sweep', function () {
  this.timeout(120_000);
  let browser: WebviewBrowser;
  before(async () => { browser = await WebviewBrowser.start(); });
  after(() => browser.stop());

  const heading = async (page: Page): Promise<string> => plain(await page.locator('.sweep-details h2').innerText());
  const nameOf = ({ alpha, sigma, learningRate, train }: SearchPoint): string => alpha === 0 ? `Control, α 0, learning rate ${learningRate}, trained: ${train}.` : `α ${alpha}, σ ${sigma}, learning rate ${learningRate}, trained: ${train}.`;

  it('opens on the point whose model was written, and leads to its file', async () => {
    const host = new TestHost(shown);
    const { page, faults } = await browser.open(host);
    await page.locator('.sweep-details').waitFor();
    assert.equal(await heading(page), nameOf(result.search[chosenPoint(result)]!));
    assert.equal(await page.locator('.sweep-point').count(), 52);
    await page.getByRole('button', { name: 'Show the File' }).click();
    assert.deepEqual(host.asked('revealFile'), [{ path: result.output }]);
    assert.deepEqual(await faults(), []);
  });

  it('selects a point of the front by click and writes its model', async () => {
    const host = new TestHost(shown);
    const { page } = await browser.open(host);
    // The most stable one, since nothing lies over it.
    const index = result.search.reduce((best, point, at) => (point.labelInstability < result.search[best]!.labelInstability ? at : best), 0);
    await page.getByRole('option', { name: nameOf(result.search[index]!) }).locator('.target').click({ force: true });
    await page.getByRole('heading', { name: nameOf(result.search[index]!) }).waitFor();
    await page.getByRole('button', { name: 'Write Its Model…' }).click();
    assert.deepEqual(host.asked('writePoint'), [{ run: RUN, index }]);
  });

  it('keeps a point that collapsed from pressing the others together', async () => {
    const search = result.search.map((point, index) => (index === 5 ? { ...point, precisionAt1: 0.11 } : point));
    const { page } = await browser.open(new TestHost({ ...shown, result: { ...result, search } }));
    await page.locator('.sweep-legend').getByText('less precise than the scale shows').waitFor();
    const scale = (await page.locator('.sweep-scale text').allTextContents()).map((text) => Number.parseFloat(text));
    assert.ok(scale.at(-1)! > 80, scale.join(', '));
    assert.match(plain(await page.getByRole('option', { name: nameOf(search[5]!) }).getAttribute('aria-label') ?? ''), /clean precision 11\.0 %/);
  });

  it('does not offer to write what the run does not keep, and says why', async () => {
    const { page } = await browser.open(new TestHost(shown));
    await page.getByRole('option', { name: /^Control.*trained: head\./ }).locator('.target').click({ force: true });
    await page.getByRole('heading', { name: nameOf(result.search[0]!) }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Write Its Model…' }).isDisabled());
    await page.getByText('The run keeps the weights of the points on the Pareto front and of the control alone.').waitFor();
  });

  it('walks over the points by keys, and over the heat map', async () => {
    const { page } = await browser.open(new TestHost(shown));
    await page.locator('.sweep-point[tabindex="0"]').focus();
    await page.keyboard.press('Home');
    await page.getByRole('heading', { name: nameOf(result.search[0]!) }).waitFor();
    for (let index = 1; index <= 3; index++) {
      await page.locator('.sweep-point[tabindex="0"]:focus').waitFor();
      await page.keyboard.press('ArrowRight');
      await page.getByRole('heading', { name: nameOf(result.search[index]!) }).waitFor();
    }
    const grid = page.getByRole('grid', { name: 'label instability over α and σ' });
    await grid.getByRole('gridcell', { name: /^α 10, σ 0\.4/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'α 10, σ 0.4, learning rate 0.001, trained: head.' }).waitFor();
    assert.equal(await grid.getByRole('gridcell', { name: /^selected: α 10, σ 0\.4/ }).count(), 1);
  });

  it('shows each trained part and learning rate as a map of its own, in either measure', async () => {
    const { page } = await browser.open(new TestHost(shown));
    await page.getByLabel('Trained part and learning rate').selectOption({ label: 'head, learning rate 0.001' });
    const point = result.search.find(({ train, alpha, sigma }) => train === 'head' && alpha === 0.1 && sigma === 0.2)!;
    const cell = page.getByRole('gridcell', { name: /α 0\.1, σ 0\.2/ });
    await page.getByText('α and σ, trained: head, learning rate 0.001').waitFor();
    assert.equal(plain(await cell.locator('.value').innerText()), `${(100 * point.labelInstability).toFixed(1)} %`);
    await page.getByRole('radio', { name: 'clean precision' }).check();
    await page.getByRole('grid', { name: 'clean precision over α and σ' }).waitFor();
    assert.equal(plain(await cell.locator('.value').innerText()), `${(100 * point.precisionAt1!).toFixed(1)} %`);
  });

  it('is not there where nothing was searched, and draws points without labels as a map alone', async () => {
    const { page } = await browser.open(new TestHost({ ...shown, result: { ...result, search: result.search.slice(0, 2) } }));
    await page.getByRole('tab', { name: 'Overview' }).waitFor();
    assert.equal(await page.getByRole('tab', { name: 'Sweep' }).count(), 0);
    const unlabelled = { ...result, search: result.search.map((point) => ({ ...point, precisionAt1: null })) };
    const other = await browser.open(new TestHost({ ...shown, result: unlabelled }));
    await other.page.getByRole('grid', { name: 'label instability over α and σ' }).waitFor();
    assert.deepEqual([await other.page.locator('.sweep-point').count(), await other.page.getByRole('radio').count()], [0, 0]);
  });

  for (const theme of THEMES) {
    it(`axe finds nothing serious, ${theme}`, async () => {
      const { page, faults } = await browser.open(new TestHost(shown), { theme });
      await page.getByRole('grid').waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`)), []);
      assert.deepEqual(await faults(), []);
      await page.context().close();
    });
  }
});
