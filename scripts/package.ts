/**
 * Makes the VSIX of one platform: `npm run package [-- TARGET]`, without a target for this machine. Everything that goes into
 * it is gathered in `out/package/TARGET`; `.vscodeignore` is an allow-list on top, so that nothing slips in.
 */
import { createVSIX } from '@vscode/vsce';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runtimePackages, TARGETS } from './runtimePackages.ts';
import type { RuntimePackage, Target } from './runtimePackages.ts';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'out', 'package');

/** Files of the repository that a VSIX holds beside the bundles. */
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'media', 'l10n', 'schemas', 'package.nls.json', 'package.nls.de.json', '.vscodeignore'];

/** Parts of the manifest that only concern developing. */
const DEVELOPING = ['scripts', 'dependencies', 'devDependencies', 'optionalDependencies', 'bin', 'private'];

interface Manifest {
  version: string;
  [key: string]: unknown;
}

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;

/** The target of this machine. */
export function thisTarget(): Target {
  const target = TARGETS.find((name) => name === `${process.platform}-${process.arch}`);
  if (!target) throw new Error(`no VSIX is made for this platform: ${process.platform}-${process.arch}`);
  return target;
}

/** The VSIX file of a target. */
export function vsixFile(target: Target): string {
  return path.join(out, `model-stability-${target}-${manifest.version}.vsix`);
}

/** Folder of an installed package: the project's, or, for another platform's binaries, one that npm fills for it. */
function installedPackage(name: string, target: Target): string {
  const own = path.join(root, 'node_modules', name);
  if (existsSync(own)) return own;
  const foreign = path.join(out, `packages-${target}`);
  const folder = path.join(foreign, 'node_modules', name);
  if (!existsSync(folder)) fetchPackage(name, target, foreign);
  return folder;
}

/** Version of a package that sharp names, so that its parts fit together. */
function versionFor(name: string): string {
  const sharp = JSON.parse(readFileSync(path.join(root, 'node_modules', 'sharp', 'package.json'), 'utf8')) as { optionalDependencies: Record<string, string> };
  const version = sharp.optionalDependencies[name] ?? (name === '@img/sharp-wasm32' ? sharp.optionalDependencies['@img/sharp-linux-x64'] : undefined);
  if (!version) throw new Error(`no version is known of ${name}`);
  return version;
}

function fetchPackage(name: string, target: Target, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [platform, architecture] = target.split('-') as [string, string];
  const cpu = name.endsWith('wasm32') ? 'wasm32' : architecture;
  // `--force`: npm refuses a package made for another processor otherwise.
  const flags = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force', '--loglevel=error', `--os=${platform}`, `--cpu=${cpu}`];
  execFileSync('npm', ['install', ...flags, `${name}@${versionFor(name)}`], { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
}

function copyPackage({ name, files }: RuntimePackage, target: Target, destination: string): void {
  const source = installedPackage(name, target);
  for (const entry of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    const file = entry.replaceAll(path.sep, '/');
    if (!files.test(file) && !/^(package\.json|licen[cs]e[^/]*)$/i.test(file)) continue;
    if (statSync(path.join(source, file)).isDirectory()) continue;
    mkdirSync(path.dirname(path.join(destination, name, file)), { recursive: true });
    copyFileSync(path.join(source, file), path.join(destination, name, file));
  }
}

/** The manifest without what only concerns developing, and without dependencies: they are in `dist/node_modules`. */
function writeManifest(folder: string): void {
  const shipped = Object.fromEntries(Object.entries(manifest).filter(([key]) => !DEVELOPING.includes(key)));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(shipped, null, 2)}\n`);
}

/** Gathers and packs; returns the VSIX file. */
export async function packageExtension(target: Target): Promise<string> {
  const folder = path.join(out, target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(process.execPath, [path.join(root, 'esbuild.mjs'), '--production', `--outdir=${path.join(folder, 'dist')}`], { cwd: root, stdio: 'inherit' });
  for (const item of runtimePackages(target)) copyPackage(item, target, path.join(folder, 'dist', 'node_modules'));
  for (const document of DOCUMENTS) {
    if (existsSync(path.join(root, document))) cpSync(path.join(root, document), path.join(folder, document), { recursive: true });
  }
  writeManifest(folder);
  await createVSIX({ cwd: folder, target, packagePath: vsixFile(target), dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
  return vsixFile(target);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const wanted = process.argv[2] ?? thisTarget();
  const target = TARGETS.find((name) => name === wanted);
  if (!target) throw new Error(`unknown target: ${wanted}; known are ${TARGETS.join(', ')}`);
  void packageExtension(target).then((file) => console.log(`${path.relative(root, file)}: ${(statSync(file).size / 1e6).toFixed(1)} MB`));
}
