/**
 * Opens the real bundles in a real Chromium, under the product's content policy, with a host in this process that answers from
 * generated runs. Nothing is faked on the webview's side but `acquireVsCodeApi`, which only VS Code has.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { LayerInfo } from '../../src/engine/results.ts';
import type { HostMethods, PairPictures, PairsPage, PanelState, WebviewReply, WebviewRequest } from '../../src/protocol.ts';
import { pairPictures } from './pictures.ts';
import { GeneratedPairs, MODEL, modelInfo } from './runs.ts';

const root = path.resolve(__dirname, '../..');
export const THEMES = ['dark', 'light', 'high-contrast-dark', 'high-contrast-light'] as const;
export type Theme = (typeof THEMES)[number];
const BODY_CLASS: Record<Theme, string> = { dark: 'vscode-dark', light: 'vscode-light', 'high-contrast-dark': 'vscode-high-contrast', 'high-contrast-light': 'vscode-high-contrast vscode-high-contrast-light' };
const CHROMIUM_FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--enable-precise-memory-info', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
];

/** A state of the panel with a model and nothing else. */
export const emptyState: PanelState = {
  model: { path: MODEL, name: 'patches.onnx' }, info: modelInfo, modelError: null, trusted: true, images: '/pictures/patches-test', choices: { featureLayer: null, train: null }, job: null, jobError: null,
  runs: [], run: null, result: null, runError: null, comparison: null, view: 'overview',
};

/** The host's side: its state, what it was asked, and how it answers. */
export class TestHost {
  state: PanelState;
  pairs: GeneratedPairs;
  readonly calls: WebviewRequest[] = [];
  layers: LayerInfo[] | null = [];
  /** Milliseconds that every page and picture takes. */
  delay = 0;
  /** Makes a method fail with a sentence. */
  readonly failures = new Map<keyof HostMethods, string>();
  /** Where a method is not answered from generated pairs. */
  readonly answers: Partial<Pick<HostMethods, 'pairs' | 'pairPictures'>> = {};
  private page: Page | null = null;

  constructor(state: Partial<PanelState>, pairs = new GeneratedPairs(0)) {
    this.state = { ...emptyState, ...state };
    this.pairs = pairs;
  }

  /** Requests of one method, their parameters in the order in which they came. */
  asked(method: keyof HostMethods): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ params }) => params);
  }

  attach(page: Page): void {
    this.page = page;
  }

  /** Changes the state and pushes it, as the extension does. */
  async push(change: Partial<PanelState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await this.page?.evaluate(`window.postMessage(${JSON.stringify({ event: 'state', state: this.state })}, '*')`);
  }

  async answer(request: WebviewRequest): Promise<WebviewReply> {
    this.calls.push(request);
    const failure = this.failures.get(request.method);
    if (failure !== undefined) return { id: request.id, ok: false, error: { message: failure, kind: 'user' } };
    return { id: request.id, ok: true, result: await this.result(request) };
  }

  private async result({ method, params }: WebviewRequest): Promise<unknown> {
    if (method === 'ready') return this.state;
    if (method === 'layers') return this.layers;
    if (method === 'openPanel') this.state = { ...this.state, ...(params as Pick<PanelState, 'view'>) };
    if (this.delay > 0 && (method === 'pairs' || method === 'pairPictures')) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (method === 'pairs' && this.answers.pairs) return this.answers.pairs(params as Parameters<HostMethods['pairs']>[0]);
    if (method === 'pairs') return this.pairs.page(params as Parameters<HostMethods['pairs']>[0]) satisfies PairsPage;
    if (method === 'distances') return this.pairs.distances(params as Parameters<HostMethods['distances']>[0]);
    if (method === 'savePair') return true;
    if (method !== 'pairPictures') return undefined;
    const pictures: PairPictures = await (this.answers.pairPictures ?? pairPictures)(params as Parameters<HostMethods['pairPictures']>[0]);
    const bytes = (value: Uint8Array) => ({ base64: Buffer.from(value).toString('base64') });
    return { ...pictures, a: bytes(pictures.a), b: bytes(pictures.b), difference: bytes(pictures.difference) };
  }
}

/** A running browser and the server of its pages. */
export class WebviewBrowser {
  readonly browser: Browser;
  private readonly server: Server;
  private readonly files: Map<string, string>;

  private constructor(browser: Browser, server: Server, files: Map<string, string>) {
    this.browser = browser;
    this.server = server;
    this.files = files;
  }

  /** `checkout` is where the bundles are made of. */
  static async start(checkout = root): Promise<WebviewBrowser> {
    const files = await pageFiles(checkout);
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const [, page, theme] = /^\/(panel|modelEditor)\.(.+)\.html$/.exec(url.pathname) ?? [];
      const content = page ? html(page, theme as Theme, url.searchParams.get('language') ?? 'en') : files.get(url.pathname);
      response.writeHead(content === undefined ? 404 : 200, { 'content-type': `${{ '.js': 'text/javascript', '.css': 'text/css' }[path.extname(url.pathname)] ?? 'text/html'}; charset=utf-8` });
      response.end(content ?? '');
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', headless: true, args: CHROMIUM_FLAGS });
    return new WebviewBrowser(browser, server, files);
  }

  /** Opens a webview; every error of its page, refused load and remote request ends up in `faults`. */
  async open(host: TestHost, { page: bundle = 'panel', theme = 'dark', language = 'en', width = 1100, height = 800 }: { page?: 'panel' | 'modelEditor'; theme?: Theme; language?: string; width?: number; height?: number } = {}): Promise<{ page: Page; faults: () => Promise<string[]> }> {
    const context = await this.browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const found: string[] = [];
    page.on('pageerror', (error) => found.push(`error: ${error.message}`));
    page.on('console', (entry) => { if (entry.type() === 'error') found.push(`console: ${entry.text()}`); });
    page.on('request', (request) => { if (!request.url().startsWith(this.origin) && !request.url().startsWith('blob:')) found.push(`request: ${request.url()}`); });
    await page.exposeFunction('hostMessage', (request: WebviewRequest) => host.answer(request));
    host.attach(page);
    await page.goto(`${this.origin}/${bundle}.${theme}.html?language=${language}`);
    return { page, faults: async () => [...found, ...await page.evaluate<string[]>('window.violations')] };
  }

  /** The text of a bundle, for the bench. */
  content(file: string): string {
    return this.files.get(file) ?? '';
  }

  private get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The page that the extension makes, with the theme's variables where VS Code would set them. */
const html = (page: string, theme: Theme, language: string): string => `<!DOCTYPE html>
<html lang="${language}"><head><meta charset="utf-8"><title>Model Stability</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-test'; style-src 'self'; img-src 'self' blob:; font-src 'self'">
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/base.css"><link rel="stylesheet" href="/${theme}.css">
<script nonce="test" src="/vscodeApi.js"></script></head>
<body class="${BODY_CLASS[theme]}"><script type="module" nonce="test" src="/${page}.js"></script></body></html>`;

async function pageFiles(checkout: string): Promise<Map<string, string>> {
  const common = { bundle: true, platform: 'browser', target: 'es2022', write: false, minify: true, absWorkingDir: checkout, outdir: 'unused' } as const;
  const [pages, shim] = await Promise.all([
    build({ ...common, format: 'esm', entryPoints: ['webview-ui/panel.ts', 'webview-ui/modelEditor.ts'] }),
    build({ ...common, absWorkingDir: root, format: 'iife', entryPoints: ['test/webview/page/vscodeApi.ts'] }),
  ]);
  const files = [...pages.outputFiles, ...shim.outputFiles].map((file): [string, string] => [`/${path.basename(file.path)}`, file.text]);
  const themes = ['base', ...THEMES].map((name): [string, string] => [`/${name}.css`, readFileSync(path.join(__dirname, 'themes', `${name}.css`), 'utf8')]);
  return new Map([...files, ...themes, ['/icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>']]);
}
