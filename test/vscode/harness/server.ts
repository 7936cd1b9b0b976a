import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, serverNode, serverRoot } from './paths.ts';

/** Settings that keep the workbench quiet: nothing is fetched, nothing pops up. */
const QUIET_SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'window.restoreWindows': 'none',
  // The dialog for folders is then one of the workbench, which a test can type into.
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  // Dark or light as the browser asks for.
  'window.autoDetectColorScheme': true,
};

/** Where a server keeps its data, and what it is started with. */
export interface ServerOptions {
  /** Folder for settings, logs and extensions; made where it is missing. */
  dataFolder: string;
  settings?: Record<string, unknown>;
  env?: Record<string, string>;
  /** Honour `extensionDevelopmentPath` and `extensionTestsPath` of the address; a built workbench ignores them otherwise. */
  development?: boolean;
  /** The display language; VS Code's own words stay English, since no language pack has them. */
  language?: string;
  /** Whether workspaces have to be trusted by the user; tests trust them by themselves. */
  workspaceTrust?: boolean;
}

/** A running VS Code server. */
export interface Server {
  url: string;
  port: number;
  /** Process id of the server, and id of the process group that all its children are in. */
  pid: number;
  /** What the server has printed so far. */
  log(): string;
  stop(): Promise<void>;
}

const READY = /Extension host agent listening on (\d+)/;
const START_LIMIT = 60_000;

function folders(dataFolder: string): { server: string; user: string; extensions: string } {
  const result = { server: path.join(dataFolder, 'server'), user: path.join(dataFolder, 'user'), extensions: path.join(dataFolder, 'extensions') };
  for (const folder of Object.values(result)) mkdirSync(folder, { recursive: true });
  mkdirSync(path.join(result.user, 'User'), { recursive: true });
  return result;
}

/** The environment without what npm, a surrounding VS Code or a debugger put there; and without a gallery of extensions. */
function serverEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VSCODE_|NODE_OPTIONS$|ELECTRON_)/.test(name));
  return { ...Object.fromEntries(kept), EXTENSIONS_GALLERY: '{}', ...extra };
}

function commandLine(dataFolder: string): string[] {
  const { server, user, extensions } = folders(dataFolder);
  return [
    path.join(serverRoot, 'out', 'server-main.js'), '--accept-server-license-terms', '--telemetry-level', 'off',
    '--server-data-dir', server, '--user-data-dir', user, '--extensions-dir', extensions,
  ];
}

/** Makes a language one that VS Code can be displayed in, as an empty language pack would. */
function addLanguage(dataFolder: string, language: string): void {
  const { user } = folders(dataFolder);
  const translations = path.join(user, `translations.${language}.json`);
  writeFileSync(translations, JSON.stringify({ contents: {} }));
  writeFileSync(path.join(user, 'languagepacks.json'), JSON.stringify({ [language]: { hash: language, label: language, extensions: [{ extensionIdentifier: { id: `test.${language}`, uuid: '' }, version: '1.0.0' }], translations: { vscode: translations } } }));
}

/** Starts a server on a free port of this machine. It ends with this process, however that ends. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { dataFolder, settings = {}, env = {}, development = false, workspaceTrust = false, language } = options;
  if (language !== undefined) addLanguage(dataFolder, language);
  const args = [
    ...commandLine(dataFolder), '--host', '127.0.0.1', '--port', '0', '--without-connection-token',
    '--disable-update-check', '--disable-getting-started-override',
    ...(language === undefined ? [] : ['--locale', language]),
    ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
    ...(development ? ['--enable-smoke-test-driver'] : []),
  ];
  const settingsFile = path.join(folders(dataFolder).user, 'User', 'settings.json');
  writeFileSync(settingsFile, JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
  // A process group of its own, so that extension host and file watcher go with it.
  const child = spawn(serverNode, args, { env: serverEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  endWithThisProcess(child);
  const port = await listeningPort(child, () => output);
  return { url: `http://127.0.0.1:${port}`, port, pid: child.pid!, log: () => output, stop: () => stopGroup(child) };
}

function listeningPort(child: ChildProcess, output: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the VS Code server ${why}:\n${output()}`));
    const timer = setTimeout(() => fail('did not start in time'), START_LIMIT);
    child.stdout?.on('data', () => {
      const port = READY.exec(output())?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    const ended = (why: string) => {
      clearTimeout(timer);
      fail(why);
    };
    child.once('error', (error) => ended(`cannot be started (npm run setup installs it): ${error.message}`));
    child.once('exit', (code) => ended(`ended with exit code ${String(code)}`));
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group is gone already: that is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Servers that this process has started. What is left of them ends with it, by one listener for all. */
const started = new Set<ChildProcess>();

function endWithThisProcess(child: ChildProcess): void {
  if (started.size === 0) {
    process.once('exit', () => {
      for (const server of started) killGroup(server, 'SIGKILL');
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }
  started.add(child);
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}

/**
 * Installs the checkout as an extension: a copy of what is built, since VS Code knows an extension by the real path of its
 * files. (As an extension in development it could stay where it is, but then the workbench shows no notifications.)
 */
export function installCheckout(dataFolder: string): void {
  const folder = path.join(folders(dataFolder).extensions, 'model-stability.model-stability-checkout');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const file of ['package.json', 'package.nls.json', 'package.nls.de.json']) copyFileSync(path.join(root, file), path.join(folder, file));
  for (const part of ['dist', 'media', 'l10n', 'schemas']) cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
}

/** Installs an extension of the harness, which stands beside this file. */
export function installHelper(dataFolder: string, name: string): void {
  cpSync(path.join(import.meta.dirname, name), path.join(folders(dataFolder).extensions, `test.${name}-1.0.0`), { recursive: true });
}

/** Installs a VSIX file as "Install from VSIX" does; returns what the server says. */
export function installVsix(dataFolder: string, vsix: string): string {
  return execFileSync(serverNode, [...commandLine(dataFolder), '--install-extension', vsix], { encoding: 'utf8', env: serverEnvironment({}) });
}
