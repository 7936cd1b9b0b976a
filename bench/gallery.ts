/**
 * Opening, scrolling, sorting and filtering a run of 100,000 pairs in the real webview bundle in a real Chromium, its pairs read
 * by the real worker from a run folder: first rows, frames, blank frames, new rows after a choice, memory; medians over several
 * openings. `npm run build && npx tsx bench/gallery.ts [openings]`.
 *
 * What it must reach: first rows under 500 ms, rows of another sort or filter under 100 ms, 50 frames a second while scrolling, no
 * blank frame longer than 100 ms, under 250 MB in the webview and in the worker, the bundle under 400 kB compressed.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { PairsWriter } from '../src/engine/runs/pairsFile.ts';
import { WorkerProcess } from '../src/workerProcess.ts';
import { CLASS_NAMES, DISTORTIONS, GeneratedPairs, stabilization } from '../test/webview/runs.ts';
import { TestHost, WebviewBrowser } from '../test/webview/webviewPage.ts';
import { benchFolder } from './setup.ts';

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
  choices: Record<string, number>;
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

/** What is chosen in the toolbar, one after the other, each on top of what was chosen before. */
const CHOICES: [name: string, control: string, value: string][] = [
  ['another sort', 'select[name=sort]', 'klDivergence'], ['only changed labels', 'select[name=changed]', 'changed'], ['one distortion', 'select[name=distortion]', 'jpeg:50'],
  ['a class', 'input[name=label]', 'acanthus-mollis'], ['part of a file name', 'input[name=search]', '00'], ['newly broken', 'select[name=against]', 'broken'],
];

/** Milliseconds from a choice in the toolbar to the frame with the first rows that follow from it. */
const choosing = (selector: string, value: string): string => `(async () => {
  const gallery = document.querySelector('model-stability-panel').shadowRoot.querySelector('model-stability-gallery').shadowRoot;
  const control = gallery.querySelector(${JSON.stringify(selector)});
  const wanted = ${JSON.stringify(value)};
  control.value = control.options ? [...control.options].map((option) => option.value).find((option) => option.startsWith(wanted)) : wanted;
  const begun = performance.now();
  for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve));
  while (!gallery.querySelector('.row .distance-value')) await new Promise((resolve) => requestAnimationFrame(resolve));
  await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - begun;
})()`;

/** The folders of two evaluations with 100,000 pairs each, made where they are missing. */
async function makeRuns(pairs: GeneratedPairs): Promise<string> {
  const run = join(benchFolder, 'gallery');
  for (const part of ['before', 'after']) {
    const folder = join(run, part);
    if (existsSync(join(folder, 'pairs.index'))) continue;
    mkdirSync(folder, { recursive: true });
    const writer = new PairsWriter(folder, null);
    for (let line = 0; line < pairs.length; line++) {
      const { line: _, rank: __, ...generated } = pairs.row(line);
      // A picture has one class and a pair for each distortion, as in a real run.
      const picture = Math.floor(line / DISTORTIONS.length);
      const truth = CLASS_NAMES[picture % CLASS_NAMES.length]!;
      const pair = { ...generated, truth, image: `${truth}/${String(picture).padStart(6, '0')}.png` };
      await writer.add(part === 'before' || line % 3 > 0 ? pair : { ...pair, labelB: pair.labelA === pair.labelB ? 'another' : pair.labelA });
    }
    await writer.close();
  }
  return run;
}

async function open(browser: WebviewBrowser, run: string, worker: WorkerProcess, pairs: GeneratedPairs): Promise<Opening> {
  const result = stabilization(run, PAIRS / 4);
  const host = new TestHost({ run, result, view: 'gallery' }, pairs);
  host.answers.pairs = (query) => worker.call('pairs', query);
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
  const choices: Record<string, number> = {};
  await page.locator('select[name=source]').selectOption({ label: 'stabilized' });
  await page.locator('.grid .row .distance-value').first().waitFor();
  for (const [name, control, value] of CHOICES) choices[name] = await page.evaluate<number>(choosing(control, value));
  const opening = {
    firstRows, firstPictures, frame: median(lengths), frame95: lengths[Math.floor(lengths.length * 0.95)]!, frameMax: lengths.at(-1)!,
    blankMax: Math.max(wheel.blankMax, drag.blankMax), skeletonReading: wheel.skeletonMax, skeletonDragging: drag.skeletonMax, jumpToText, choices,
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
  const run = await makeRuns(pairs);
  const browser = await WebviewBrowser.start();
  const measured: Opening[] = [];
  let workerMemory = 0;
  for (let opening = 0; opening < openings; opening++) {
    // A new worker each time: the first page is read with nothing in memory.
    const worker = new WorkerProcess({ file: resolve('dist/worker.js'), progress: () => undefined, log: () => undefined });
    await worker.call('listRuns', { folder: run });
    measured.push(await open(browser, run, worker, pairs));
    workerMemory = Math.max(workerMemory, residentOf(worker.pid));
    worker.stop();
  }
  await browser.stop();
  const of = (value: (opening: Opening) => number): string => median(measured.map(value)).toFixed(1);
  const lines: [string, string][] = [
    ['first rows, ms after navigation (must be < 500)', of(({ firstRows }) => firstRows)], ['first pictures, ms', of(({ firstPictures }) => firstPictures)],
    ...CHOICES.map(([name]): [string, string] => [`rows after a choice, ms (must be < 100): ${name}`, of(({ choices }) => choices[name]!)]),
    ['frame while scrolling, ms (must be < 20): median', of(({ frame }) => frame)], ['  95th percentile', of(({ frame95 }) => frame95)], ['  longest', of(({ frameMax }) => frameMax)],
    ['longest time without any row in sight, ms (must be < 100)', of(({ blankMax }) => blankMax)], ['longest time with skeletons only, ms: at a reading pace (20 rows a second)', of(({ skeletonReading }) => skeletonReading)],
    ['  dragging through the whole run in 2 s', of(({ skeletonDragging }) => skeletonDragging)],
    ['from the end to the first row with its text, ms', of(({ jumpToText }) => jumpToText)],
    ['JavaScript heap after scrolling, MB', of(({ heap }) => heap)], ['memory of the page’s process, MB (must be < 250)', of((opening) => opening.process)], ['rows in the document', of(({ rows }) => rows)],
    ['memory of the worker, MB (must be < 250)', workerMemory.toFixed(1)],
    ['panel.js, kB minified', (browser.content('/panel.js').length / 1000).toFixed(0)], ['  compressed (must be < 400)', (gzipSync(browser.content('/panel.js')).length / 1000).toFixed(0)],
  ];
  console.log(`${PAIRS.toLocaleString('en')} pairs, medians of ${openings} openings`);
  for (const [name, value] of lines) console.log(`${value.padStart(8)}  ${name}`);
}

/** Resident memory of a process in MB (Linux; elsewhere not a number). */
function residentOf(pid: number | undefined): number {
  const file = `/proc/${String(pid)}/status`;
  return existsSync(file) ? Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]) * 1024 / 1e6 : NaN;
}

void main();
