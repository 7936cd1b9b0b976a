import { existsSync } from 'node:fs';
import path from 'node:path';

/** The checkout. */
export const root = path.resolve(import.meta.dirname, '../../..');

/** Where the VS Code server is installed; `MODEL_STABILITY_E2E` puts it where several checkouts can share it. */
export const home = path.resolve(process.env['MODEL_STABILITY_E2E'] ?? path.join(root, '.e2e'));

/** The VS Code server inside the package `code-server`, which runs without code-server's own wrapper. */
export const serverRoot = path.join(home, 'node_modules', 'code-server', 'lib', 'vscode');

/** Node that runs the server: the version it asks for, from a package, since VS Code is strict about it. */
export const serverNode = path.join(home, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');

/** Where the tests leave screenshots and reports. */
export const out = path.join(root, 'out');

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];

/** The browser that drives the tests: `CHROMIUM` where it is set, else the first on the search path; null where there is none. */
export function findBrowser(): string | null {
  const chosen = process.env['CHROMIUM'];
  if (chosen) return chosen;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const files = BROWSERS.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return files.find((file) => existsSync(file)) ?? null;
}
