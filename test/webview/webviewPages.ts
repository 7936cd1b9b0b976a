import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type TestHost, WebviewBrowser } from './webviewPage.ts';

type Opening = Parameters<WebviewBrowser['open']>[1];

/** Pages of the webviews, as tests of one `describe` open them. */
interface WebviewPages {
  /** Opens a page, which is closed after the test and must have been without fault: no error, nothing refused, no request elsewhere. */
  open: (host: TestHost, opening?: Opening) => Promise<Page>;
  /** There within tests only. */
  browser: () => WebviewBrowser;
}

/** Starts a browser before the tests of the `describe` that calls this and stops it after them. `usual` is how its pages are opened. */
export function webviewPages(usual: Opening = {}): WebviewPages {
  let browser: WebviewBrowser;
  let opened: Awaited<ReturnType<WebviewBrowser['open']>>[] = [];
  before(async () => { browser = await WebviewBrowser.start(); });
  after(() => browser.stop());
  afterEach(async () => {
    const faults = await Promise.all(opened.map((page) => page.faults()));
    await Promise.all(opened.map(({ page }) => page.context().close()));
    opened = [];
    assert.deepEqual(faults.flat(), []);
  });
  return {
    browser: () => browser,
    open: async (host, opening) => {
      const page = await browser.open(host, { ...usual, ...opening });
      opened.push(page);
      return page.page;
    },
  };
}
