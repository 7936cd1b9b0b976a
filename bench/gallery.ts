/**
 * Opening and scrolling a run of 100,000 pairs in the real webview bundle in a real Chromium: first rows, frames, blank frames
 * and memory, as medians over several openings. `npx tsx bench/gallery.ts [openings]`.
 *
 * What it must reach: first rows under 1 s, no blank frame longer than 100 ms, under 200 MB in the webview.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { evaluation, GeneratedPairs } from '../test/webview/runs.ts';
import { TestHost, WebviewBrowser } from '../test/webview/webviewPage.ts';

const PAIRS = 100_000;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** What one opening measured; times in milliseconds, memory in MB. */
interface Opening {
  firstRows: number;
  firstPictures: number;
  frame: number;
  frame95: number;
  frameMax: number;
  blankMax: number;
  skeletonReading: number;
  skeletonDragging: number;
  jumpToText: number;
  heap: number;
  process: number;
  rows: number;
}

/** Scrolls as `move` says for `frames` frames; per frame its length and how much of the window has no row, and no text. */
const scrolling = (move: string, frames: number): string => `(async () => {
  const gallery = document.querySelector('model-stability-panel').shadowRoot.querySelector('model-stability-gallery').shadowRoot;
  const grid = gallery.querySelector('.grid');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const seen = (selector) => {
    const window = grid.getBoundingClientRect();
    return [...grid.querySelectorAll(selector)].some((row) => { const box = row.getBoundingClientRect(); return box.bottom > window.top + 26 && box.top < window.bottom && box.top < window.top + 26 + 132; });
  };
  const lengths = [];
  let blank = 0, blankMax = 0, skeleton = 0, skeletonMax = 0;
  let last = await frame();
  for (let step = 0; step < ${frames}; step++) {
    ${move};
    const now = await frame();
    const length = now - last;
    last = now;
    lengths.push(length);
    blank = seen('.row') ? 0 : blank + length;
    skeleton = seen('.row .distance-value') ? 0 : skeleton + length;
    blankMax = Math.max(blankMax, blank);
    skeletonMax = Math.max(skeletonMax, skeleton);
  }
  return { lengths, blankMax, skeletonMax };
})()`;

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

/** Memory of the largest page process in MB, its own share of what is shared counted (Linux; elsewhere not a number). */
async function processOf({ browser }: WebviewBrowser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => {
    const file = `/proc/${id}/smaps_rollup`;
    return existsSync(file) ? Number(/^Pss:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]) * 1024 / 1e6 : NaN;
  });
  return Math.max(...sizes);
}

async function open(browser: WebviewBrowser, pairs: GeneratedPairs): Promise<Opening> {
  const host = new TestHost({ run: '/runs/one', result: evaluation(PAIRS / 4), view: 'gallery' }, pairs);
  const { page, faults } = await browser.open(host);
  await page.locator('.grid .row .distance-value').first().waitFor();
  const firstRows = await page.evaluate<number>('window.firstRows');
  await page.locator('.grid .row img').first().waitFor();
  const firstPictures = await page.evaluate<number>('performance.now()');
  interface Scrolled { lengths: number[]; blankMax: number; skeletonMax: number }
  const wheel = await page.evaluate<Scrolled>(scrolling('grid.scrollTop += 45', 180));
  const drag = await page.evaluate<Scrolled>(scrolling('grid.scrollTop = (step + 1) * (grid.scrollHeight / 125)', 120));
  const before = await page.evaluate<number>('performance.now()');
  await page.locator('.grid').focus();
  await page.keyboard.press('Home');
  await page.locator('#row-0 .distance-value').waitFor();
  const jumpToText = await page.evaluate<number>('performance.now()') - before;
  const lengths = [...wheel.lengths, ...drag.lengths].sort((a, b) => a - b);
  const opening = {
    firstRows, firstPictures, frame: median(lengths), frame95: lengths[Math.floor(lengths.length * 0.95)]!, frameMax: lengths.at(-1)!,
    blankMax: Math.max(wheel.blankMax, drag.blankMax), skeletonReading: wheel.skeletonMax, skeletonDragging: drag.skeletonMax, jumpToText,
    heap: await heapOf(page), process: await processOf(browser), rows: await page.locator('.grid .row').count(),
  };
  const found = await faults();
  if (found.length > 0) throw new Error(found.join('\n'));
  await page.context().close();
  return opening;
}

async function main(): Promise<void> {
  const openings = Number(process.argv[2] ?? 5);
  const pairs = new GeneratedPairs(PAIRS);
  // Sorting belongs to the host, which keeps an index; here it is done before the clock starts.
  pairs.page({ run: '/runs/one', sort: 'featureDistance', start: 0, end: 1 });
  const browser = await WebviewBrowser.start();
  const measured: Opening[] = [];
  for (let opening = 0; opening < openings; opening++) measured.push(await open(browser, pairs));
  await browser.stop();
  const of = (name: keyof Opening): string => median(measured.map((opening) => opening[name])).toFixed(1);
  const lines: [string, string][] = [
    ['first rows, ms after navigation (must be < 1000)', of('firstRows')], ['first pictures, ms', of('firstPictures')],
    ['frame while scrolling, ms: median', of('frame')], ['  95th percentile', of('frame95')], ['  longest', of('frameMax')],
    ['longest time without any row in sight, ms (must be < 100)', of('blankMax')], ['longest time with skeletons only, ms: at a reading pace (20 rows a second)', of('skeletonReading')],
    ['  dragging through the whole run in 2 s', of('skeletonDragging')],
    ['from the end to the first row with its text, ms', of('jumpToText')],
    ['JavaScript heap after scrolling, MB', of('heap')], ['memory of the page’s process, MB (must be < 200)', of('process')], ['rows in the document', of('rows')],
    ['panel.js, kB minified', (browser.size('/panel.js') / 1000).toFixed(0)],
  ];
  console.log(`${PAIRS.toLocaleString('en')} pairs, medians of ${openings} openings`);
  for (const [name, value] of lines) console.log(`${value.padStart(8)}  ${name}`);
}

void main();
