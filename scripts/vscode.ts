/**
 * `npm run vscode`: opens the real VS Code workbench, with this extension in it, on the example workspace or on the folder that
 * is given, in a browser on this machine. Ends with Ctrl+C.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { out, root } from '../test/vscode/harness/paths.ts';
import { installCheckout, startServer } from '../test/vscode/harness/server.ts';
import { setupServer } from '../test/vscode/harness/setup.ts';
import { workbenchUrl } from '../test/vscode/harness/workbench.ts';

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { linux: 'xdg-open', darwin: 'open' };

/** Opens an address in the user's browser where that can be done; otherwise the printed address is there to be clicked. */
function openBrowser(url: string): void {
  const opener = OPENERS[process.platform];
  if (!opener || (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'])) return;
  spawn(opener, [url], { stdio: 'ignore', detached: true }).on('error', (error) => console.log(`no browser was opened: ${error.message}`)).unref();
}

async function main(): Promise<void> {
  const folder = path.resolve(process.argv[2] ?? path.join(root, 'examples', 'workspace'));
  setupServer();
  const dataFolder = path.join(out, 'vscode');
  mkdirSync(dataFolder, { recursive: true });
  installCheckout(dataFolder);
  const server = await startServer({ dataFolder, settings: { 'files.simpleDialog.enable': false } });
  const url = workbenchUrl(server, folder);
  console.log(`VS Code is open on ${folder}:\n\n  ${url}\n\nRight-click a model file there: Evaluate Model Stability. Ctrl+C ends it.`);
  openBrowser(url);
}

void main();
