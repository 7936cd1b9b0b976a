/**
 * Installs what the tests in a real VS Code need: the VS Code server out of the npm package `code-server`, the Node it asks
 * for, and Debian's Chromium where no browser is found. Nothing is compiled, and the second time nothing is done.
 * Run it as a program, or call `setup()`.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findBrowser, home, serverRoot } from './paths.ts';

/** VS Code 1.139.1, which runs on Node 24. */
const PACKAGES = ['code-server@4.139.1', `node-${process.platform}-${process.arch}@24.21.0`];

/** Parts of the server that no test touches, 220 MB of its 730. */
const UNUSED = ['node_modules/@github', 'node_modules/@microsoft/mxc-sdk', 'extensions/copilot'];

const NPM_FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

function run(command: string, args: string[], cwd?: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/** Installs Debian's Chromium where no browser is found; fails with a sentence where that cannot be done. */
export function setupBrowser(): void {
  if (findBrowser()) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error('no Chromium was found: install it, or name it in the environment variable CHROMIUM');
  }
  console.log('installing Chromium …');
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core']);
}

/** Installs the VS Code server below `home`. Its install scripts build parts that need a compiler and that nothing here uses. */
export function setupServer(): void {
  const stamp = path.join(home, `installed-${PACKAGES.join('-')}`);
  if (!existsSync(stamp)) {
    installServer();
    writeFileSync(stamp, '');
  }
  for (const [module, shim] of [['@vscode/spdlog', 'spdlog'], ['@vscode/native-watchdog', 'native-watchdog']] as const) {
    copyFileSync(path.join(import.meta.dirname, 'shims', `${shim}.cjs`), path.join(serverRoot, 'node_modules', module, 'index.js'));
  }
}

function installServer(): void {
  console.log(`installing the VS Code server into ${home} …`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', ...NPM_FLAGS, ...PACKAGES], home);
  // `npm ci` refuses the lock file that the package carries; `install` keeps to its versions.
  run('npm', ['install', '--omit=dev', ...NPM_FLAGS], serverRoot);
  for (const part of UNUSED) rmSync(path.join(serverRoot, part), { recursive: true, force: true });
}

/** Everything that the tests in VS Code need. */
export function setup(): void {
  setupBrowser();
  setupServer();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) setup();
