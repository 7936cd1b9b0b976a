/**
 * The panel on a run with 100,000 pairs in the real VS Code (its server, driven in a real Chromium): from a click in the tree of
 * runs, on a tab, on a choice in the toolbar, to the frame in which what follows is painted, and the memory of what takes part.
 *     npm run build && npx tsx bench/vscodePanel.ts [openings]
 *
 * The figures contain everything that happens on this machine: the extension host, the worker, VS Code's making of the webview, the
 * loading of the bundle. The first opening has everything to load; the others find the worker and VS Code's frame used before.
 *
 * What it must reach: first figures under 500 ms after the click, rows of another sort or filter under 100 ms, under 250 MB in the
 * webview and in the extension host.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Frame } from 'playwright-core';
import { WorkerProcess } from '../src/workerProcess.ts';
import { openVscode, workersOf, type VscodeSession } from '../test/vscode/harness/vscodeSession.ts';
import { SideViews } from '../test/vscode/harness/sideViews.ts';
import { expectations, measureChoices } from './galleryChoices.ts';
import { PAGE_TOOLS } from './galleryPage.ts';
import { largeRun, PAIRS } from './largeRun.ts';
import { processMemory, type ProcessMemory } from './processMemory.ts';
import { median } from './setup.ts';

/** In every frame: when it becomes the panel's, tells when the first figures were painted. */
const WATCH_PANEL = `${PAGE_TOOLS}
  const arm = setInterval(() => {
    if (!bench.panel()) return;
    clearInterval(arm);
    bench.drawn(() => bench.panel()?.querySelector('#view')?.textContent.trim()).then((at) => measured('figures', at));
  }, 2);`;

/** Tells when the button of the mouse was let go, which is when the click takes effect. */
const WATCH_CLICK = `addEventListener('click', ({ timeStamp }) => measured('click', performance.timeOrigin + timeStamp), true);`;

/** The window of VS Code with the tree of runs in sight. */
class Window {
  readonly #session: VscodeSession;
  readonly #times = new Map<string, number>();
  #heard: (() => void) | undefined;

  constructor(session: VscodeSession) {
    this.#session = session;
  }

  async prepare(): Promise<void> {
    const { page, workbench } = this.#session;
    await page.context().exposeFunction('measured', (name: string, at: number) => {
      this.#times.set(name, at);
      this.#heard?.();
    });
    await page.context().addInitScript({ content: WATCH_PANEL });
    await page.evaluate(WATCH_CLICK);
    await new SideViews(workbench).openRuns();
    await this.#run.waitFor();
  }

  get #run() {
    return new SideViews(this.#session.workbench).runs(/ at /).first();
  }

  /** Clicks on the run and waits for the panel: milliseconds between. */
  async openPanel(): Promise<number> {
    this.#times.clear();
    const there = new Promise<void>((done) => {
      this.#heard = () => {
        if (this.#times.has('figures')) done();
      };
    });
    await this.#run.click();
    await there;
    return this.#times.get('figures')! - this.#times.get('click')!;
  }

  panel(): Promise<Frame> {
    return this.#session.workbench.webview('model-stability-panel');
  }

  async closePanel(): Promise<void> {
    const tab = this.#session.page.locator('.tab', { hasText: 'Model Stability' }).first();
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'detached' });
    await this.#session.page.waitForTimeout(1000);
  }

  /** Memory in MB of the processes that take part; the webview's frames live in the process of the window. */
  async memory(): Promise<{ host: ProcessMemory; worker: ProcessMemory; window: number }> {
    const [worker] = workersOf(this.#session.server);
    const browser = await this.#session.page.context().browser()!.newBrowserCDPSession();
    const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
    await browser.detach();
    const windows = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => processMemory(id).proportional);
    return { host: processMemory(parentOf(worker!)), worker: processMemory(worker!), window: windows.reduce((sum, size) => sum + size, 0) };
  }
}

/** The process that started another one: of a worker, the extension host. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

async function main(): Promise<void> {
  const openings = Number(process.argv[2] ?? 5);
  const { workspace, run } = await largeRun();
  const reference = new WorkerProcess({ file: resolve('dist', 'worker.js'), progress: () => undefined, log: () => undefined });
  const expect = expectations(run, reference);
  const session = await openVscode(workspace);
  const measured: Record<string, number[]> = {};
  const add = (name: string, value: number): void => { (measured[name] ??= []).push(value); };
  try {
    const window = new Window(session);
    await window.prepare();
    await session.page.waitForTimeout(3000);
    const before = await window.memory();
    for (let opening = 0; opening < openings; opening++) {
      add('first figures after a click on the run, ms (must be < 500)', await window.openPanel());
      const panel = await window.panel();
      add('first rows after a click on the tab of the gallery, ms', await panel.evaluate<number>(`bench.openGallery(${JSON.stringify(await expect({}))})`));
      for (const [name, time] of Object.entries(await measureChoices(panel, run, expect))) add(`rows after a choice, ms (must be < 100): ${name}`, time);
      const { host, worker, window: pages } = await window.memory();
      add('memory of the extension host, MB, resident (must be < 250)', host.resident);
      add('  of it before the panel was opened', before.host.resident);
      add('  the same with its share of what VS Code’s processes share', host.proportional);
      add('  of it before the panel was opened, so counted', before.host.proportional);
      add('memory of the worker, MB', worker.proportional);
      add('memory of the window and its webviews, MB', pages);
      add('  of it the panel: more than before (must be < 250)', pages - before.window);
      await window.closePanel();
    }
  } finally {
    await session.close();
    reference.stop();
  }
  console.log(`${PAIRS.toLocaleString('en')} pairs in VS Code: the first opening, the median of ${openings}, the largest`);
  for (const [name, values] of Object.entries(measured)) console.log(`${[values[0]!, median(values), Math.max(...values)].map((value) => value.toFixed(0).padStart(7)).join(' ')}  ${name}`);
}

void main();
