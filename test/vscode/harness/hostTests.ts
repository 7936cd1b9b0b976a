/**
 * Runs the tests of `test/vscode/host` inside the extension host of the VS Code server: the same entry that
 * `@vscode/test-electron` runs in a downloaded VS Code.
 */
import { build } from 'esbuild';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import { out, root } from './paths.ts';
import { startServer } from './server.ts';
import type { Server } from './server.ts';
import { launchBrowser, newPage, remoteUri, workbenchUrl } from './workbench.ts';

/** Mocha's counts, as its JSON reporter writes them. */
export interface Counts {
  passes: number;
  failures: number;
  pending: number;
}

/** Bundles the tests for the extension host, which loads CommonJS; returns their folder. */
export async function buildHostTests(): Promise<string> {
  const source = path.join(root, 'test', 'vscode', 'host');
  const outdir = path.join(out, 'host-tests');
  await build({
    entryPoints: readdirSync(source).map((file) => path.join(source, file)),
    outdir, bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['vscode', 'mocha'], sourcemap: 'inline', logLevel: 'warning',
  });
  return outdir;
}

/** What the workbench itself says in its log, which it mixes with what the tests print. */
const OWN_OUTPUT = /^( {2}|\s*$|\s*\d+ (passing|failing)|Error|\s*at )/;

/** An extension host that dies never reports, and the workbench takes its end for success: the server's log has it. */
const HOST_DIED = /Extension Host Process exited with code: (\S+), signal: (\w+)/;

/** Waits for the exit code of the extension host, which the workbench passes to a function of VS Code's own name. */
async function exitCode(page: Page, server: Server, address: string, limit: number): Promise<number> {
  let watch: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  const result = new Promise<number>((resolve, reject) => {
    void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    timer = setTimeout(() => reject(new Error(`the extension host gave no result in ${limit / 1000} s:\n${server.log()}`)), limit);
    watch = setInterval(() => {
      const died = HOST_DIED.exec(server.log());
      // The workbench may be about to report the same end as a regular one.
      if (died) setTimeout(() => reject(new Error(`the extension host died (code ${died[1]!}, signal ${died[2]!})`)), 2000);
    }, 500);
    page.once('crash', () => reject(new Error('the page crashed')));
  });
  await page.exposeFunction('codeAutomationLog', (_type: string, values: unknown[]) => {
    const text = format(...values);
    if (process.env['E2E_VERBOSE'] || OWN_OUTPUT.test(text)) console.log(text);
  });
  try {
    await page.goto(address);
    return await result;
  } finally {
    clearInterval(watch);
    clearTimeout(timer);
  }
}

/** Runs the tests on a workspace; throws where the host ends without having reported a passed test. */
export async function runHostTests(workspace: string, limit = 180_000): Promise<Counts> {
  const tests = await buildHostTests();
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), 'model-stability-host-'));
  mkdirSync(out, { recursive: true });
  const report = path.join(dataFolder, 'report.json');
  const server = await startServer({ dataFolder, development: true, env: { MODEL_STABILITY_REPORT: report } });
  const browser = await launchBrowser();
  try {
    const page = await newPage(browser);
    const address = workbenchUrl(server, workspace, [
      ['extensionDevelopmentPath', remoteUri(server, root)], ['extensionTestsPath', remoteUri(server, tests)],
    ]);
    const code = await exitCode(page, server, address, limit);
    if (!existsSync(report)) throw new Error(`the extension host ended with ${code} and no report:\n${server.log()}`);
    const { stats } = JSON.parse(readFileSync(report, 'utf8')) as { stats: Counts };
    if (code === 0 && stats.passes === 0) throw new Error('the extension host ran no test');
    return stats;
  } finally {
    await browser.close();
    await server.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}
