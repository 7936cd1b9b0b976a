import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page, Request } from 'playwright-core';
import { installCheckout, installHelper, startServer } from './server.ts';
import type { Server, ServerOptions } from './server.ts';
import { launchBrowser, newPage, Workbench } from './workbench.ts';

/** A VS Code with the extension in it, open on a folder, and a browser that drives it. */
export interface VscodeSession {
  server: Server;
  page: Page;
  workbench: Workbench;
  /** What the page and its webviews said was forbidden by a content policy. */
  policyErrors: string[];
  /** Addresses of other machines that were really asked for. */
  leaked(): Promise<string[]>;
  close(): Promise<void>;
}

/** How a session differs from the usual one. */
export interface SessionOptions extends Partial<ServerOptions> {
  colorScheme?: 'dark' | 'light';
  /** The extension is the one installed in `dataFolder`, not the checkout. */
  installed?: boolean;
  /** An extension of the harness that is there too. */
  helper?: 'toolCaller';
}

/** Starts a server and opens its workbench on a folder. */
export async function openVscode(folder: string, options: SessionOptions = {}): Promise<VscodeSession> {
  const { colorScheme = 'dark', installed = false, helper, ...rest } = options;
  const ownData = rest.dataFolder === undefined;
  const dataFolder = rest.dataFolder ?? mkdtempSync(path.join(os.tmpdir(), 'model-stability-vscode-'));
  if (!installed) installCheckout(dataFolder);
  if (helper) installHelper(dataFolder, helper);
  const server = await startServer({ ...rest, dataFolder });
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.stop();
    if (ownData) rmSync(dataFolder, { recursive: true, force: true });
  };
  try {
    browser = await launchBrowser();
    const page = await newPage(browser, colorScheme);
    const policyErrors: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text()) && message.location().url.includes('vscode-resource')) policyErrors.push(message.text());
    });
    const outside = watchOutside(page);
    const workbench = new Workbench(page);
    await workbench.open(server, folder);
    return { server, page, workbench, policyErrors, leaked: () => reallySent(outside), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function watchOutside(page: Page): Request[] {
  const requests: Request[] = [];
  page.context().on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^(https?|wss?):$/.test(protocol) && hostname !== '127.0.0.1' && !request.serviceWorker()) requests.push(request);
  });
  return requests;
}

/** Requests that no service worker answered: VS Code's webviews have addresses of their own that never leave the machine. */
async function reallySent(requests: Request[]): Promise<string[]> {
  const sent = await Promise.all(requests.map(async (request) => {
    const response = await request.response().catch(() => null);
    return response?.fromServiceWorker() ? null : request.url();
  }));
  return sent.filter((url) => url !== null);
}

/** Process ids of the workers below a server, oldest first. */
export function workersOf(server: Server): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => isWorkerIn(server.pid, pid)).sort((a, b) => a - b);
}

function isWorkerIn(group: number, pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(processGroup) === group && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path.join('dist', 'worker.js'));
  } catch {
    // The process ended while it was looked at, so that it is none.
    return false;
  }
}
