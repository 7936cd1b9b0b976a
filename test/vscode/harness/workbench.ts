import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { eventually } from './eventually.ts';
import { findBrowser, out } from './paths.ts';
import type { Server } from './server.ts';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // No name but this machine's resolves: this proves that nothing needs the internet.
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
];

/**
 * How long a webview may stay without its page before all are loaded anew, in milliseconds. VS Code's frame waits for the event that
 * its service worker has taken control, and waits for ever where that event came before it listened, as happens on a machine under load.
 */
const EMPTY_WEBVIEW = 15_000;

/** A headless Chromium. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === null) throw new Error('no Chromium was found: npm run setup');
  return await chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/**
 * A webview asks for its service worker anew although one is there and in control, and for an update of it. Chromium answers both
 * only after its own look for an update, which follows every page by seconds, and now and then by 50. The server's files do not
 * change while it runs, so that the one that is there is the answer.
 */
const KEPT_SERVICE_WORKER = `{
  const { prototype } = globalThis.ServiceWorkerContainer ?? { prototype: null };
  const register = prototype?.register;
  if (register) prototype.register = async function (script, options) {
    const known = await this.getRegistration();
    if (this.controller === null || known?.active?.scriptURL !== new URL(script, location.href).href) return await register.call(this, script, options);
    known.update = () => Promise.resolve(known);
    return known;
  };
}`;

/** A page of the size of a laptop's screen. */
export async function newPage(browser: Browser, colorScheme: 'dark' | 'light' = 'dark'): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1500, height: 950 }, reducedMotion: 'reduce', colorScheme });
  await context.addInitScript(KEPT_SERVICE_WORKER);
  return await context.newPage();
}

/** A file of this machine as the workbench names it. */
export function remoteUri(server: Server, file: string): string {
  return `vscode-remote://127.0.0.1:${server.port}${file}`;
}

/** Address of the workbench on a folder; `payload` are the pairs that VS Code's own integration tests use. */
export function workbenchUrl(server: Server, folder: string, payload: [string, string][] = []): string {
  const query = new URLSearchParams({ folder, payload: JSON.stringify([['skipWelcome', 'true'], ['skipReleaseNotes', 'true'], ...payload]) });
  return `${server.url}/?${query.toString()}`;
}

/** Drives one workbench as a user does. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the workbench on a folder and waits for its explorer. */
  async open(server: Server, folder: string): Promise<void> {
    await this.page.goto(workbenchUrl(server, folder), { waitUntil: 'domcontentloaded' });
    await this.explorerRow().first().waitFor({ timeout: 60_000 });
  }

  /** Loads the window anew, as "Reload Window" does; editors come back. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: 'domcontentloaded' });
    await this.explorerRow().first().waitFor({ timeout: 60_000 });
  }

  /** Runs a command by its title through the palette. */
  async runCommand(title: string): Promise<void> {
    await (await this.findCommand(title)).click();
  }

  /** Opens the palette at a command, as often as it takes for the extension to have registered its commands. */
  async findCommand(title: string): Promise<Locator> {
    const row = this.quickPickRow(title);
    const input = this.quickInput();
    for (const end = Date.now() + 30_000; ;) {
      try {
        // A webview that has the focus and is just being replaced swallows the key.
        await this.page.keyboard.press('F1');
        await input.waitFor({ timeout: 3000 });
        await input.fill(`>${title}`, { timeout: 3000 });
        await row.waitFor({ timeout: 1500 });
        return row;
      } catch (error) {
        if (Date.now() > end) throw error;
        await this.page.keyboard.press('Escape');
        await input.waitFor({ state: 'hidden' });
      }
    }
  }

  quickInput(): Locator {
    return this.page.locator('.quick-input-widget input[type="text"]');
  }

  quickPickRow(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
  }

  /** Answers the dialog for a folder by typing its path, once the dialog shows the folder that it starts in. */
  async chooseFolder(folder: string): Promise<void> {
    const input = this.quickInput();
    await this.quickPickRow('..').waitFor();
    await input.fill(`${folder}/`);
    await this.quickPickRow(readdirSync(folder).sort()[0]!).waitFor();
    await this.page.locator('.quick-input-widget .monaco-button', { hasText: /Use These (Pictures|Frames)|OK/ }).first().click();
    await input.waitFor({ state: 'hidden' });
  }

  /** Answers the dialog for a file to write by typing its path, once the dialog shows the folder that it starts in. */
  async chooseFile(file: string): Promise<void> {
    const input = this.quickInput();
    await this.quickPickRow('..').waitFor();
    // While the dialog still reads its folder it puts a name of its own behind what is typed.
    await eventually(async () => {
      await input.fill(file);
      await this.page.waitForTimeout(300);
      return await input.inputValue() === file || undefined;
    }, `the dialog does not keep ${file}`);
    await this.page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
  }

  explorerRow(name?: string): Locator {
    const rows = this.page.locator('.explorer-folders-view .monaco-list-row');
    return name === undefined ? rows : rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** Unfolds folders of the explorer one after the other, the last name being a file or folder that must then be there. */
  async unfold(...names: string[]): Promise<void> {
    for (const [index, name] of names.entries()) {
      const row = this.explorerRow(name).first();
      await row.waitFor();
      if (index < names.length - 1 && await row.getAttribute('aria-expanded') === 'false') await row.click();
    }
  }

  /** Opens a file by the quick open box. */
  async openFile(file: string): Promise<void> {
    // A key that falls while a webview takes the focus reaches neither: it is pressed until the box is there.
    for (const end = Date.now() + 30_000; ;) {
      await this.page.keyboard.press('Control+P');
      try {
        await this.quickInput().waitFor({ timeout: 3000 });
        break;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
    await this.quickInput().fill(file);
    // The box also offers files that only resemble the one asked for.
    const name = this.page.locator('.label-name').filter({ has: this.page.getByText(path.basename(file), { exact: true }) });
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ has: name }).first().click();
  }

  /** Opens a model of the workspace's `models` in its editor, and waits for that. */
  async openModel(name: string): Promise<Frame> {
    await this.openFile(`models/${name}`);
    return await this.webview('model-stability-model');
  }

  /** Right-clicks a file of the explorer and returns the titles of its menu. */
  async contextMenu(name: string): Promise<string[]> {
    await this.explorerRow(name).first().click({ button: 'right' });
    const items = this.menuItem();
    await items.first().waitFor();
    return await items.allInnerTexts();
  }

  /**
   * Chooses an item of the menu that a right click on `row` opens. By the keyboard, since a menu takes no click at once after it
   * was opened; and again where the menu is gone before the key, as when a panel that is still opening takes the focus.
   */
  async chooseFromMenu(row: Locator, title: string): Promise<void> {
    const focused = this.page.locator('.context-view .monaco-menu .action-item.focused', { hasText: title }).locator('.action-menu-item');
    for (const end = Date.now() + 30_000; ;) {
      try {
        await row.click({ button: 'right' });
        await this.menuItem(title).hover({ timeout: 3000 });
        await focused.press('Enter', { timeout: 3000 });
        break;
      } catch (error) {
        if (Date.now() > end) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
    await this.menuItem(title).waitFor({ state: 'hidden' });
  }

  private menuItem(title?: string): Locator {
    const items = this.page.locator('.context-view .monaco-menu .action-item');
    return title === undefined ? items : items.filter({ hasText: title }).first();
  }

  /** The notification whose text holds `text`. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text }).first();
  }

  /** The document of the webview in which `selector` is visible: workbench > outer frame > the extension's own page. */
  async webview(selector: string, timeout = 60_000): Promise<Frame> {
    const end = Date.now() + timeout;
    for (let stuckSince = Date.now(); ;) {
      for (const frame of this.page.frames()) {
        if (frame.parentFrame()?.parentFrame() && await showsSelector(frame, selector)) return frame;
      }
      if (!this.page.frames().some(isEmptyWebview)) stuckSince = Date.now();
      if (Date.now() > stuckSince + EMPTY_WEBVIEW) {
        await this.runCommand('Developer: Reload Webviews');
        stuckSince = Date.now();
      }
      if (Date.now() > end) throw new Error(`no webview shows ${selector}; frames: ${this.page.frames().map((frame) => frame.url()).join(' | ')}`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Leaves a screenshot in `out/screenshots`. */
  async screenshot(name: string): Promise<void> {
    const folder = path.join(out, 'screenshots');
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
  }
}

/** Whether a frame is VS Code's own around a webview, without the extension's page in it. */
function isEmptyWebview(frame: Frame): boolean {
  return frame.url().includes('/webview/browser/pre/index.html') && frame.childFrames().length === 0;
}

async function showsSelector(frame: Frame, selector: string): Promise<boolean> {
  try {
    return await frame.locator(selector).first().isVisible() && await frame.evaluate('document.readyState') === 'complete';
  } catch {
    // The frame was replaced while it was looked at; the next look sees the new one.
    return false;
  }
}
