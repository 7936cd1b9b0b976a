import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { breathe, CancelledError, UserError, type Job } from '../../job.ts';
import { say } from '../../sentences.ts';

/** The version that the engine was tested with, and the C library that it is built on where its own cannot be had. */
const versions = { tfjsNode: '4.22.0', tensorflow: '2.21.0' } as const;

/** Newer forms of what `@tensorflow/tfjs-node` brings along, without their known faults; package.json has the same. */
const overrides = { '@mapbox/node-pre-gyp': '2.0.3', 'adm-zip': '0.6.1', 'https-proxy-agent': '5.0.1', tar: '7.5.23' };

/** Machines for which the Python wheel holds the C library under its own name; on others the own installer is the only way. */
const wheelMachines: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };

export interface InstallOptions {
  /** Folder that is made and filled, about 1.5 GB. */
  folder: string;
  /** A Node.js 20 or newer: VS Code's own cannot build. Default: `node` on the path. */
  node?: string;
}

/**
 * Installs `@tensorflow/tfjs-node` into a folder of its own and returns the package's folder, for MODEL_STABILITY_TFJS_NODE: by its
 * own installer, or, where the host of its downloads is not reachable, built on the C library inside the `tensorflow-cpu` wheel
 * that pip fetches (needs pip, make and a C++ compiler). What is installed already and loads is left as it is; an installation
 * that fails or is cancelled leaves no folder. Throws a `UserError` that says which step failed.
 */
export async function installTensorFlow({ folder, node = 'node' }: InstallOptions, job: Job): Promise<string> {
  const place = path.join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  if (existsSync(place) && await loads(node, place, job)) return place;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    await install(place, folder, node, job);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw job.signal.aborted ? new CancelledError() : error;
  }
  return place;
}

async function install(place: string, folder: string, node: string, job: Job): Promise<void> {
  const description = { private: true, dependencies: { '@tensorflow/tfjs-node': versions.tfjsNode }, overrides: { '@tensorflow/tfjs-node': overrides } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(description, null, 2));
  begin(job, say('installingPackage', { name: `@tensorflow/tfjs-node ${versions.tfjsNode}` }));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], folder, job);
  try {
    begin(job, say('fetchingOwnLibrary'));
    await run(node, ['scripts/install.js'], place, job);
    if (await loads(node, place, job)) return;
    job.log('its own installer gave nothing that can be loaded');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    job.log(`its own installer failed: ${error.message}`);
  }
  await buildOnWheel(place, folder, node, job);
  if (!await loads(node, place, job)) throw new UserError(`@tensorflow/tfjs-node was built in ${place}, but cannot be loaded`);
}

/** A step that begins; how long it takes depends on the line and the machine, so that no share is told. */
function begin(job: Job, step: string): void {
  job.log(step);
  job.progress({ step, unit: 'steps', done: 0, total: 0 });
}

/** Puts the C library of the `tensorflow-cpu` wheel into the package and compiles its binding against it. */
async function buildOnWheel(place: string, folder: string, node: string, job: Job): Promise<void> {
  const machine = process.platform === 'linux' ? wheelMachines[process.arch] : undefined;
  if (machine === undefined) throw new UserError(`@tensorflow/tfjs-node could not be installed: its own installer failed, and there is no other way on ${process.platform} ${process.arch}`);
  const wheels = path.join(folder, 'wheel');
  begin(job, say('fetchingLibrary', { version: versions.tensorflow }));
  // The wheel of one Python version is asked for by name, whichever Python runs pip: only the C library in it is used.
  await run('python3', [
    '-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311',
    '--platform', `manylinux_2_27_${machine}`, '--dest', wheels, `tensorflow-cpu==${versions.tensorflow}`,
  ], folder, job);
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new UserError('pip fetched no wheel of tensorflow-cpu');
  await run('python3', ['-c', unpacking, path.join(wheels, wheel), folder], folder, job);
  const deps = path.join(place, 'deps');
  const library = path.join(deps, 'lib');
  await rm(deps, { recursive: true, force: true });
  await mkdir(library, { recursive: true });
  const unpacked = path.join(folder, 'tensorflow');
  await cp(path.join(unpacked, 'include'), path.join(deps, 'include'), { recursive: true });
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) await cp(path.join(unpacked, name), path.join(library, name));
  await symlink('libtensorflow_cc.so.2', path.join(library, 'libtensorflow.so'));
  await symlink('libtensorflow_cc.so.2', path.join(library, 'libtensorflow.so.2'));
  await symlink('libtensorflow_framework.so.2', path.join(library, 'libtensorflow_framework.so'));
  await Promise.all([unpacked, wheels].map((each) => rm(each, { recursive: true, force: true })));
  begin(job, say('compilingBinding'));
  const tool = path.join(folder, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');
  await run(node, [tool, 'install', '--build-from-source', ...await headers(node, job)], place, job);
}

/** A Python program that unpacks what is needed of a wheel (argument 1) into a folder (argument 2). */
const unpacking = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wanted = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name in wanted or name.startswith('tensorflow/include/')])
`;

/** Where the headers of Node.js lie beside its program, so that they need not be fetched. */
async function headers(node: string, job: Job): Promise<string[]> {
  const program = (await run(node, ['-p', 'process.execPath'], process.cwd(), job)).trim();
  const root = path.dirname(path.dirname(program));
  return existsSync(path.join(root, 'include', 'node', 'node_api.h')) ? [`--nodedir=${root}`] : [];
}

/** Whether the package can be loaded and computes. Newer Node.js lacks functions that it calls; see `restoreUtil` in backend.ts. */
async function loads(node: string, place: string, job: Job): Promise<boolean> {
  const program = `
    const util = require('node:util');
    for (const name of ['isNullOrUndefined', 'isArray', 'isString', 'isBoolean', 'isNumber']) util[name] ??= () => false;
    const tf = require(${JSON.stringify(place)});
    if (tf.getBackend() !== 'tensorflow' || tf.add(1, 2).dataSync()[0] !== 3) process.exit(1);`;
  try {
    await run(node, ['--eval', program], process.cwd(), job);
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return false;
  }
}

/** Runs a program to its end and returns what it printed; its last line of complaint is the error's. A cancel ends it and all that it has started. */
async function run(command: string, args: readonly string[], cwd: string, job: Job): Promise<string> {
  await breathe(job);
  const named = `${path.basename(command)} ${args.find((argument) => !argument.startsWith('-')) ?? ''}`.trim();
  const environment = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const child = spawn(command, [...args], {
    cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32',
    // npm is a script of the shell there.
    shell: process.platform === 'win32' && command === 'npm',
  });
  const end = (): void => endGroup(child);
  job.signal.addEventListener('abort', end);
  process.once('exit', end);
  let [printed, complaints] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (complaints = (complaints + bytes.toString()).slice(-8192)));
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (error) => reject(new UserError(isMissing(error) ? `${path.basename(command)} was not found on this machine: it is needed to install TensorFlow` : `${named} could not be started: ${error.message}`, { cause: error })));
      child.on('close', resolve);
    });
    if (job.signal.aborted) throw new CancelledError();
    if (status === 0) return printed;
    const lines = complaints.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^(Node\.js v|at |\}|npm (warn|notice))/.test(line));
    const line = lines.find((each) => /\berror: /i.test(each)) ?? lines.at(-1) ?? `exit status ${String(status)}`;
    throw new UserError(`${named} failed: ${line}`);
  } finally {
    job.signal.removeEventListener('abort', end);
    process.removeListener('exit', end);
  }
}

function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT';
}

/** Ends a program with what it has started: npm, pip and make work through others. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in this moment.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
