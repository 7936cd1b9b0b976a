import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { PairPicturesQuery, PairsQuery, PanelState } from '../../src/protocol.ts';
import { evaluation, GeneratedPairs, stabilization } from './runs.ts';
import { TestHost, WebviewBrowser } from './webviewPage.ts';

const RUN = '/runs/one';
const onGallery: Partial<PanelState> = { run: RUN, result: evaluation(25_000), view: 'gallery' };
/** What the tests read of an element; the page's own types are not those of this process. */
interface PageElement {
  scrollTop: number;
  scrollHeight: number;
  scrollWidth: number;
  clientHeight: number;
  clientWidth: number;
  tagName: string;
  getAttribute(name: string): string | null;
}
const rowIndexes = (page: Page): Promise<number[]> => page.locator('.grid .row').evaluateAll((rows: PageElement[]) => rows.map((row) => Number(row.getAttribute('data-index'))));
/** Waits for the pairs of a choice to take the place of those before it, with their pictures. */
const settled = (page: Page): Promise<void> => page.locator('.grid[aria-busy=false] .row img').first().waitFor();
/** Waits until an expression holds in the page, which forbids the waiting of the test's own library: it makes code of text. */
const until = (page: Page, expression: string): Promise<void> => page.evaluate(`new Promise((resolve) => { const look = () => ${expression} ? resolve() : requestAnimationFrame(look); look(); })`);
const activeRow = (page: Page): Promise<string | null> => page.locator('.grid').getAttribute('aria-activedescendant');
const pairText = (page: Page): Promise<string> => page.locator('.grid .row .cell-answers .origin').first().innerText();

describe('gallery', function () {
  this.timeout(60_000);
  let browser: WebviewBrowser;
  let many: GeneratedPairs;
  let opened: Awaited<ReturnType<WebviewBrowser['open']>> | null = null;
  before(async () => {
    browser = await WebviewBrowser.start();
    many = new GeneratedPairs(100_000);
  });
  after(() => browser.stop());

  /** Opens the gallery and waits for its first pictures. */
  async function open(host: TestHost, size: { width?: number; height?: number } = {}): Promise<Page> {
    opened = await browser.open(host, size);
    await opened.page.locator('.grid .row img').first().waitFor();
    return opened.page;
  }
  afterEach(async () => {
    const faults = await opened?.faults();
    await opened?.page.context().close();
    opened = null;
    assert.deepEqual(faults ?? [], []);
  });

  it('holds only the rows in sight, and says how many there are', async () => {
    const page = await open(new TestHost(onGallery, many));
    assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), '100001');
    assert.ok((await rowIndexes(page)).length < 20);
    assert.equal(await page.locator('.counts').innerText(), '100,000 pairs');
  });

  it('moves by keys, to the last row and back, without asking for what lies between', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    await page.locator('.grid').focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await activeRow(page), 'row-1');
    await page.keyboard.press('PageDown');
    const after = Number((await activeRow(page))?.slice(4));
    assert.ok(after > 2 && after < 12, `PageDown went to ${after}`);
    await page.keyboard.press('End');
    await page.locator('#row-99999 img').first().waitFor();
    assert.equal(await activeRow(page), 'row-99999');
    assert.equal(await page.locator('#row-99999').getAttribute('aria-rowindex'), '100001');
    await page.keyboard.press('Home');
    await page.locator('#row-0').waitFor();
    assert.equal(await activeRow(page), 'row-0');
    const starts = (host.asked('pairs') as PairsQuery[]).map(({ start }) => start);
    assert.deepEqual(starts.filter((start) => start > 100 && start < 99_850), []);
  });

  it('does not ask for rows that were scrolled past', async () => {
    const host = new TestHost(onGallery, many);
    host.delay = 60;
    const page = await open(host);
    host.calls.length = 0;
    await page.locator('.grid').evaluate(async (grid: PageElement) => {
      for (let step = 1; step <= 40; step++) {
        grid.scrollTop = step * 100_000;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });
    await page.locator('.grid .row img').first().waitFor();
    const pages = host.asked('pairs') as PairsQuery[];
    assert.ok(pages.length < 30, `${pages.length} pages for 40 places`);
    const pictures = host.asked('pairPictures') as PairPicturesQuery[];
    assert.ok(pictures.length < 60, `${pictures.length} pictures for 40 places`);
  });

  it('keeps few pictures and revokes the rest', async () => {
    const page = await open(new TestHost(onGallery, many));
    await page.locator('.grid').focus();
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('PageDown');
      await page.locator('.grid .row.active img').first().waitFor();
    }
    const live = await page.evaluate<number>('window.liveUrls.size');
    assert.ok(live <= 3 * 96 && live > 0, `${live} addresses live`);
  });

  it('asks for what the controls say', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    // The last time that the first page was asked for; pages beside it follow.
    const last = (): PairsQuery => (host.asked('pairs') as PairsQuery[]).filter(({ start }) => start === 0).at(-1)!;
    assert.deepEqual(last(), { run: RUN, sort: 'featureDistance', start: 0, end: 20 });
    const choices: [control: string, value: string, wanted: Partial<PairsQuery>][] = [
      ['distortion', 'gaussian-noise:0.04', { distortion: { name: 'gaussian-noise', strength: 0.04 } }],
      ['changed', 'changed', { changed: true }],
      ['sort', 'klDivergence', { sort: 'klDivergence' }],
      ['changed', 'kept', { changed: false }],
    ];
    let wanted: Partial<PairsQuery> = {};
    for (const [control, value, change] of choices) {
      wanted = { ...wanted, ...change };
      host.calls.length = 0;
      await page.locator(`select[name=${control}]`).selectOption(value);
      await settled(page);
      assert.deepEqual(last(), { run: RUN, sort: 'featureDistance', ...wanted, start: 0, end: 20 });
    }
    assert.match(await page.locator('.counts').innerText(), /^[\d,]+ of 100,000 pairs$/);
    await page.locator('.order').click();
    await until(page, `document.querySelector('model-stability-panel').shadowRoot.querySelector('model-stability-gallery').shadowRoot.querySelector('.order').innerText.includes('smallest')`);
    assert.equal(last().ascending, true);
  });

  /** Makes a choice and looks at each frame until its pairs are there: whether there was one with skeletons, or without rows. `begin` runs first. */
  const choosing = (page: Page, control: string, value: string, begin = ''): Promise<{ skeletons: boolean; empty: boolean }> => page.evaluate(`(async () => {
    const gallery = document.querySelector('model-stability-panel').shadowRoot.querySelector('model-stability-gallery').shadowRoot;
    const select = gallery.querySelector('select[name=${control}]');
    ${begin};
    select.value = '${value}';
    select.dispatchEvent(new Event('change'));
    let [skeletons, empty] = [false, false];
    do {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      skeletons ||= gallery.querySelector('.row .skeleton') !== null;
      empty ||= gallery.querySelector('.row') === null;
    } while (!gallery.querySelector('.grid[aria-busy=false]'));
    return { skeletons, empty };
  })()`);

  it('leaves the old pairs where they are until those of a new choice are there', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    await page.locator('.grid').evaluate((grid: PageElement) => { grid.scrollTop = 700 * 132; });
    await page.locator('#row-700 img').first().waitFor();
    // Without timers the gallery's patience does not end, however slow the machine is.
    assert.deepEqual(await choosing(page, 'changed', 'changed', 'window.setTimeout = () => 0'), { skeletons: false, empty: false });
    assert.equal(await page.locator('.grid').evaluate((grid: PageElement) => grid.scrollTop), 0);
    await page.locator('#row-0 .badge.changed').waitFor();
  });

  it('shows skeletons where pairs do not come soon', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    host.delay = 1000;
    assert.deepEqual(await choosing(page, 'changed', 'changed'), { skeletons: true, empty: false });
  });

  it('says that no pair passes, and shows pairs again when the filter is gone', async () => {
    const page = await open(new TestHost(onGallery, new GeneratedPairs(4)));
    await page.locator('select[name=changed]').selectOption('changed');
    await page.getByText('No pair passes the filter').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await settled(page);
    assert.equal(await page.locator('.grid .row').count(), 4);
  });

  it('names the amplification and asks for the difference with it', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    await page.locator('select[name=amplification]').selectOption('32');
    await page.locator('.grid .row img').first().waitFor();
    assert.equal(await page.getByRole('columnheader').nth(2).innerText(), '|A − B| × 32');
    assert.equal((host.asked('pairPictures') as PairPicturesQuery[]).at(-1)!.amplification, 32);
  });

  it('marks a changed label by word, sign and weight, and shows B’s new label among the bars', async () => {
    const page = await open(new TestHost(onGallery, many));
    await page.locator('select[name=changed]').selectOption('changed');
    const row = page.locator('.grid .row').first();
    await row.locator('.badge.changed').waitFor();
    assert.equal(await row.locator('.badge').innerText(), 'changed');
    assert.equal(await row.locator('.badge svg').count(), 1);
    const fresh = await row.locator('.label.new').innerText();
    assert.equal(await row.locator('.label.new').evaluate((label: PageElement) => label.tagName), 'B');
    assert.ok((await row.locator('.answer-label').allInnerTexts()).includes(fresh));
    await page.locator('select[name=changed]').selectOption('kept');
    await page.locator('.grid .row .badge.kept').first().waitFor();
    assert.equal(await page.locator('.grid .row .badge.changed').count(), 0);
  });

  it('opens a pair large, goes on by arrow keys, closes by Escape and gives the focus back', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    await page.locator('.grid').focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.locator('img').nth(2).waitFor();
    assert.equal(await dialog.getByRole('heading').innerText(), 'Pair 1 of 100,000');
    assert.equal((host.asked('pairPictures') as PairPicturesQuery[]).at(-1)!.size, 512);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await dialog.getByRole('heading').innerText(), 'Pair 3 of 100,000');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await dialog.getByRole('heading').innerText(), 'Pair 2 of 100,000');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await activeRow(page), 'row-1');
    await page.keyboard.press('ArrowDown');
    assert.equal(await activeRow(page), 'row-2');
  });

  it('says what went wrong, and tries again', async () => {
    const host = new TestHost(onGallery, many);
    host.failures.set('pairs', 'pairs.jsonl: line 17 is not a pair');
    opened = await browser.open(host);
    const { page } = opened;
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /pairs\.jsonl: line 17 is not a pair/);
    host.failures.clear();
    await page.getByRole('button', { name: 'Try Again' }).click();
    await page.locator('.grid .row img').first().waitFor();
  });

  it('shows a picture that cannot be read as such, and the rest of its row', async () => {
    const host = new TestHost(onGallery, many);
    host.failures.set('pairPictures', 'x.png: file ends early');
    opened = await browser.open(host);
    await opened.page.locator('.no-picture').first().waitFor();
    assert.equal(await opened.page.locator('.no-picture').first().getAttribute('title'), 'x.png: file ends early');
    assert.match(await pairText(opened.page), /\.png$/);
  });

  it('keeps sort, filter and place over being closed and opened', async () => {
    const host = new TestHost(onGallery, many);
    const page = await open(host);
    await page.locator('select[name=sort]').selectOption('pixelDifference');
    await page.locator('.grid').evaluate((grid: PageElement) => { grid.scrollTop = 5000 * 132; });
    await page.locator('#row-5000 img').first().waitFor();
    await until(page, `JSON.parse(sessionStorage.getItem('webview-state')).gallery.firstRow === 5000`);
    await page.reload();
    await page.locator('#row-5000 img').first().waitFor();
    assert.equal(await page.locator('select[name=sort]').inputValue(), 'pixelDifference');
    assert.equal(await page.locator('.grid').evaluate((grid: PageElement) => grid.scrollTop), 5000 * 132);
  });

  it('reaches every one of a million rows, more than a browser makes an element high for', async () => {
    const some = new GeneratedPairs(1000);
    const host = new TestHost(onGallery);
    host.answers.pairs = ({ start, end }) => Promise.resolve({
      total: 1_000_000, all: 1_000_000, maxFeatureDistance: 1,
      rows: Array.from({ length: Math.min(end, 1_000_000) - start }, (_, place) => ({ ...some.row((start + place) % 1000), line: start + place })),
    });
    const page = await open(host);
    /** Tops of the rows below the head, in pixels, and the place of the first one that is wholly in sight. */
    const places = (): Promise<{ gaps: number[]; first: number }> => page.locator('.grid').evaluate((grid: unknown) => {
      interface Box { querySelectorAll(selector: string): Iterable<Box>; getBoundingClientRect(): { top: number }; getAttribute(name: string): string }
      const top = (grid as Box).getBoundingClientRect().top + 26;
      const rows = [...(grid as Box).querySelectorAll('.row')].map((row) => ({ index: Number(row.getAttribute('data-index')), top: row.getBoundingClientRect().top - top })).sort((a, b) => a.index - b.index);
      return { gaps: rows.slice(1).map((row, at) => Math.round(row.top - rows[at]!.top)), first: rows.find((row) => row.top > -3)!.index };
    });
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await page.locator('#row-999999 img').first().waitFor();
    assert.ok(await page.locator('#row-999999').evaluate((row: unknown) => {
      interface Box { getBoundingClientRect(): { bottom: number }; closest(selector: string): Box }
      return Math.abs((row as Box).getBoundingClientRect().bottom - (row as Box).closest('.grid').getBoundingClientRect().bottom) < 2;
    }));
    await page.keyboard.press('ArrowUp');
    assert.equal(await activeRow(page), 'row-999998');
    await page.locator('.grid').evaluate((grid: PageElement) => { grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2; });
    await page.locator('#row-500000 img').first().waitFor();
    const { gaps, first } = await places();
    assert.deepEqual(gaps.filter((gap) => gap !== 132), []);
    assert.ok(Math.abs(first - 500_000) < 8, `${first} is first in the middle`);
    await page.keyboard.press('Home');
    await page.locator('#row-0 img').first().waitFor();
    assert.equal((await places()).first, 0);
  });

  for (const width of [780, 1000, 1800]) {
    it(`keeps all cells inside the row at ${width} pixels`, async () => {
      const page = await open(new TestHost(onGallery, many), { width });
      assert.deepEqual(await page.locator('.grid.wide .row').first().evaluate((row: PageElement) => ({ content: row.scrollHeight - row.clientHeight, width: row.scrollWidth - row.clientWidth })), { content: 0, width: 0 });
    });
  }

  for (const [kind, width] of [['slim', 320], ['narrow', 400], ['narrow', 500], ['narrow', 720]] as const) {
    it(`lays the row out over several lines at ${width} pixels, nothing outside its row`, async () => {
      const page = await open(new TestHost(onGallery, many), { width, height: 900 });
      await settled(page);
      const over = await page.locator(`.grid.${kind} .row`).first().evaluate((row: PageElement) => ({ content: row.scrollHeight - row.clientHeight, width: row.scrollWidth - row.clientWidth }));
      assert.deepEqual(over, { content: 0, width: 0 });
      await page.locator('.grid').focus();
      await page.keyboard.press('End');
      await page.locator('#row-99999 img').first().waitFor();
    });
  }

  it('leaves a row in sight its elements while it scrolls', async () => {
    const page = await open(new TestHost(onGallery, many));
    await settled(page);
    // By steps of a third of a row, so that now one row more is in sight and now one less.
    const moved = await page.evaluate<{ others: number; first: number }>(`(async () => {
      const grid = document.querySelector('model-stability-panel').shadowRoot.querySelector('model-stability-gallery').shadowRoot.querySelector('.grid');
      const rows = () => new Map([...grid.querySelectorAll('.row')].map((row) => [Number(row.dataset.index), row]));
      let others = 0;
      for (let [step, before] = [0, rows()]; step < 24; step++) {
        grid.scrollTop += 45;
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        const after = rows();
        for (const [index, row] of after) if (before.has(index) && before.get(index) !== row) others++;
        before = after;
      }
      return { others, first: Math.min(...rows().keys()) };
    })()`);
    assert.deepEqual(moved, { others: 0, first: Math.floor(24 * 45 / 132) - 3 });
  });

  it('stays at its row when it becomes narrow', async () => {
    const page = await open(new TestHost(onGallery, many));
    await page.locator('.grid').evaluate((grid: PageElement) => { grid.scrollTop = 700 * 132; });
    await page.locator('#row-700 img').first().waitFor();
    await page.setViewportSize({ width: 400, height: 800 });
    await page.locator('.grid.narrow #row-700 img').first().waitFor();
    assert.equal(await page.locator('.grid').evaluate((grid: PageElement) => grid.scrollTop), 700 * 164);
  });

  it('has pairs of before, control and stabilized to choose from', async () => {
    const host = new TestHost({ run: '/runs/two', result: stabilization('/runs/two', 720), view: 'gallery' }, new GeneratedPairs(2880));
    const page = await open(host);
    assert.equal((host.asked('pairs') as PairsQuery[]).at(-1)!.run, '/runs/two/before');
    await page.locator('select[name=source]').selectOption({ label: 'stabilized' });
    await settled(page);
    assert.equal((host.asked('pairs') as PairsQuery[]).at(-1)!.run, '/runs/two/after');
  });

  for (const [name, pairs, words] of [['no pairs', 0, 'This run holds no pairs'], ['one pair', 1, '1 pair']] as const) {
    it(`a run with ${name}`, async () => {
      opened = await browser.open(new TestHost({ ...onGallery, result: evaluation(1) }, new GeneratedPairs(pairs)));
      await opened.page.getByText(words, { exact: true }).waitFor();
      assert.equal(await opened.page.locator('.grid .row').count(), pairs);
    });
  }
});
