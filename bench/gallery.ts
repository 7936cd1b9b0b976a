/**
 * Opening, scrolling, sorting and filtering a run of 100,000 pairs in the real webview bundle in a real Chromium, pairs and
 * pictures made by the real worker from a run folder: medians over several openings, each with a worker and a page of its own.
 *     npm run build && npx tsx bench/gallery.ts [openings] [checkout …]
 * Built checkouts that are named are measured in turn, and the ratios of the first two are printed; else it is this one.
 *
 * What the figures contain. A *click on the run*: reading it by the worker, then a new document with the bundle, which is loaded,
 * compiled and run, until the frame with the first figures, or rows, is painted; not VS Code's own work to make a webview (see
 * `vscodePanel.ts`). A *choice* in the toolbar: the time to the end of the frame in which the first row is the one that the worker
 * says and the count is right; each choice is made alone, from all pairs by feature distance, with all pictures there. Messages go
 * through the debugging protocol of the browser as text, which takes about as long as VS Code's.
 *
 * What it must reach: first figures and rows under 500 ms after the click, rows of another sort or filter under 100 ms, 50 frames a
 * second while scrolling, no blank frame longer than 100 ms, under 250 MB in the webview and in the worker, the bundle under 400 kB
 * compressed.
 */
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import type { PanelView } from '../src/protocol.ts';
import { WorkerProcess } from '../src/workerProcess.ts';
import { TestHost, WebviewBrowser } from '../test/webview/webviewPage.ts';
import { choiceNames, expectations, measureChoices, type Expect } from './galleryChoices.ts';
import { PAGE_TOOLS, scrolling, watchOpening, type ExpectedRow, type Scrolled } from './galleryPage.ts';
import { largeRun, PAIRS, type LargeRun } from './largeRun.ts';
import { processMemory } from './processMemory.ts';
import { median } from './setup.ts';

/** One figure of an opening, in the unit that its name says; what it must be below, where something is asked for. */
const FIGURES = {
  figures: 'first figures of the overview, ms after a click on the run (must be < 500)',
  tab: 'first rows, ms after a click on the tab of the gallery',
  rows: 'first rows, ms after a click on the run with the gallery open (must be < 500)',
  pictures: '  all pictures in sight',
  ...Object.fromEntries(choiceNames.map((name) => [name, `rows after a choice, ms (must be < 100): ${name}`])),
  frame: 'frame while scrolling, ms (must be < 20): median',
  frame95: '  95th percentile',
  frameMax: '  longest',
  busyFrame: 'processor time of the page’s main thread for a frame, ms: at a reading pace (20 rows a second)',
  busyDraggedFrame: '  dragging through the whole run in 2 s',
  blank: 'longest time without any row in sight, ms (must be < 100)',
  skeletonReading: 'longest time with skeletons only, ms: at a reading pace (20 rows a second)',
  skeletonDragging: '  dragging through the whole run in 2 s',
  jump: 'from the end to the first row with its text, ms',
  busyOpening: 'processor time of the page’s main thread, ms: from the click on the run to all pictures in sight',
  busyChoosing: '  all choices, with their pictures and the ways back',
  heap: 'JavaScript heap after scrolling, MB',
  page: 'memory of the page’s process, MB (must be < 250)',
  worker: 'memory of the worker, MB (must be < 250)',
};
type Figures = Partial<Record<keyof typeof FIGURES, number>>;

/** A checkout that is measured, with its page in a browser of its own. */
interface Subject {
  checkout: string;
  browser: WebviewBrowser;
  openings: Figures[];
}

const startWorker = (checkout: string): WorkerProcess => new WorkerProcess({ file: join(checkout, 'dist', 'worker.js'), progress: () => undefined, log: () => undefined });

/** A page that a worker of its own answers, on the run, as after a click on it while a model is looked at. */
async function clickOnRun({ checkout, browser }: Subject, { run, result }: LargeRun, view: PanelView, expected: ExpectedRow) {
  const worker = startWorker(checkout);
  // The tree of runs has asked for its list.
  await worker.call('listRuns', { folder: join(run, '..') });
  const host = new TestHost({ run, result, view });
  host.answers.pairs = (query) => worker.call('pairs', query);
  host.answers.pairPictures = (query) => worker.call('pairPictures', query);
  const { page, faults } = await browser.open(host, { page: 'modelEditor' });
  const times: Record<string, number> = {};
  let measured: (name: string, at: number) => void = () => undefined;
  await page.exposeFunction('measured', (name: string, at: number) => measured(name, at));
  await page.addInitScript({ content: `${PAGE_TOOLS} ${watchOpening(expected)}` });
  const wanted = view === 'gallery' ? 'pictures' : 'figures';
  const there = new Promise<void>((resolve) => {
    measured = (name, at) => {
      times[name] = at - clicked;
      if (name === wanted) resolve();
    };
  });
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  let busyBefore = 0;
  // Since the page was made: of one document after the other.
  const busy = async (): Promise<number> => 1000 * (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')!.value - busyBefore;

  busyBefore = await busy();
  const clicked = performance.timeOrigin + performance.now();
  await worker.call('openRun', { run });
  await page.evaluate("setTimeout(() => { location.href = '/panel.dark.html'; })");
  await there;
  const close = async (): Promise<void> => {
    const found = await faults();
    if (found.length > 0) throw new Error(found.join('\n'));
    await page.context().close();
    worker.stop();
  };
  return { page, worker, times, busy, close };
}

async function measureOpening(subject: Subject, large: LargeRun, expect: Expect): Promise<Figures> {
  const first = await expect({});
  const overview = await clickOnRun(subject, large, 'overview', first);
  const figures: Figures = { figures: overview.times['figures']!, tab: await overview.page.evaluate<number>(`bench.openGallery(${JSON.stringify(first)})`) };
  await overview.close();
  const { page, worker, times, busy, close } = await clickOnRun(subject, large, 'gallery', first);
  const busyOpening = await busy();
  Object.assign(figures, { rows: times['rows'], pictures: times['pictures'], busyOpening }, await measureScrolling(page, busy));
  const begun = await busy();
  Object.assign(figures, await measureChoices(page, large.run, expect));
  figures['busyChoosing'] = await busy() - begun;
  Object.assign(figures, { heap: await heapOf(page), page: await pageMemory(subject.browser), worker: processMemory(worker.pid!).resident });
  await close();
  return figures;
}

async function measureScrolling(page: Page, busy: () => Promise<number>): Promise<Figures> {
  const before = await busy();
  const reading = await page.evaluate<Scrolled>(scrolling('grid.scrollTop += 45', 180));
  const between = await busy();
  const dragging = await page.evaluate<Scrolled>(scrolling('grid.scrollTop = (step + 1) * (grid.scrollHeight / 125)', 120));
  const after = await busy();
  const begun = await page.evaluate<number>('performance.now()');
  await page.locator('.grid').focus();
  await page.keyboard.press('Home');
  await page.locator('#row-0 .distance-value').waitFor();
  const jump = await page.evaluate<number>('performance.now()') - begun;
  const lengths = [...reading.lengths, ...dragging.lengths].sort((a, b) => a - b);
  return {
    frame: median(lengths), frame95: lengths[Math.floor(lengths.length * 0.95)]!, frameMax: lengths.at(-1)!, jump,
    busyFrame: (between - before) / reading.lengths.length, busyDraggedFrame: (after - between) / dragging.lengths.length,
    blank: Math.max(reading.blankMax, dragging.blankMax), skeletonReading: reading.skeletonMax, skeletonDragging: dragging.skeletonMax,
  };
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

/** Memory of the largest page process in MB, its own share of what is shared counted. */
async function pageMemory({ browser }: WebviewBrowser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => processMemory(id).proportional));
}

async function main(): Promise<void> {
  const [openings = '5', ...named] = process.argv.slice(2);
  const large = await largeRun();
  const subjects: Subject[] = [];
  for (const checkout of (named.length > 0 ? named : ['.']).map((folder) => resolve(folder))) subjects.push({ checkout, browser: await WebviewBrowser.start(checkout), openings: [] });
  const reference = startWorker(subjects[0]!.checkout);
  const expect = expectations(large.run, reference);
  for (let opening = 0; opening < Number(openings); opening++) {
    for (const subject of opening % 2 === 0 ? subjects : subjects.toReversed()) subject.openings.push(await measureOpening(subject, large, expect));
  }
  reference.stop();
  for (const { browser } of subjects) await browser.stop();
  report(subjects);
}

function report(subjects: Subject[]): void {
  const row = (values: number[], digits: number, name: string): void => {
    const ratio = values.length > 1 ? `× ${(values[0]! / values[1]!).toFixed(2)}` : '';
    console.log([...values.map((value) => value.toFixed(digits).padStart(9)), ratio.padStart(values.length > 1 ? 8 : 0), ` ${name}`].join(''));
  };
  console.log(`${PAIRS.toLocaleString('en')} pairs, medians of ${subjects[0]!.openings.length} openings${subjects.length > 1 ? `: ${subjects.map(({ checkout }) => checkout).join(', ')}, ratio` : ''}`);
  for (const [figure, name] of Object.entries(FIGURES)) row(subjects.map(({ openings }) => median(openings.map((opening) => opening[figure as keyof Figures] ?? NaN))), 1, name);
  const bundles = subjects.map(({ browser }) => browser.content('/panel.js'));
  row(bundles.map((bundle) => bundle.length / 1000), 0, 'panel.js, kB minified');
  row(bundles.map((bundle) => gzipSync(bundle).length / 1000), 0, '  compressed (must be < 400)');
}

void main();
