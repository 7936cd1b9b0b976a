/**
 * `npm test`: installs what is missing, runs every stage even after one has failed, and ends with the line
 * `N passed, N failed`. Stages can be named: `npm test -- unit worker`. With `--fresh-clone`, `npm start` runs too, in a clone
 * of the last commit without anything installed, as a new user has it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const inModules = (file) => path.join(root, 'node_modules', file);

/** A stage that takes longer than this hangs, in milliseconds: it is ended, and has failed. */
const longestStage = 20 * 60_000;

/** Runs a program with its output on ours; true where it succeeded. */
function run(command, args, env = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env }, shell: process.platform === 'win32', timeout: longestStage, killSignal: 'SIGKILL' });
  if (result.error) console.error(result.error.message);
  return result.status === 0;
}

const node = (...args) => (env) => run(process.execPath, args, env);
const mocha = (pattern) => node(inModules('mocha/bin/mocha.js'), '--import=tsx', '--reporter', 'test/reporter.cjs', pattern);
const tsc = inModules('typescript/bin/tsc');

/** What is prepared before the stages, where it is missing or old. A failure here ends the run. */
const preparations = [
  ['packages', () => existsSync(inModules('mocha')) || run('npm', ['install', '--no-audit', '--no-fund'])],
  ['Chromium and the VS Code server', node('--import', 'tsx', 'test/vscode/harness/setup.ts')],
  ['bundles', node('esbuild.mjs')],
  ['example workspace', node('examples/makeWorkspace.mjs')],
];

/**
 * The tests of the second engine once more, on TensorFlow's own library: installed where that is possible, and said loudly where it
 * is not, for then it was only tested on WebAssembly, in the unit tests.
 */
function nativeTensorFlow(env) {
  const setup = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/setupTensorflow.ts', '--no-link', '--limit', '170'], { cwd: root, encoding: 'utf8' });
  process.stdout.write(setup.stdout ?? '');
  if (setup.status !== 0) {
    console.log(`TensorFlow native could not be had: ${(setup.stderr ?? '').trim().split('\n').at(-1)}; tested on wasm only`);
    return 'not to be had';
  }
  const place = path.join(root, 'out', 'tensorflow', 'node_modules', '@tensorflow', 'tfjs-node');
  return mocha('test/unit/{tensorflow*,gradientObjectives}.test.ts')({ ...env, MODEL_STABILITY_TENSORFLOW: 'native', MODEL_STABILITY_TFJS_NODE: place });
}

/** `npm start` in a clone of this repository. */
function startInFreshClone() {
  const clone = mkdtempSync(path.join(os.tmpdir(), 'model-stability-clone-'));
  try {
    return run('git', ['clone', '--quiet', root, clone]) && run('npm', ['--prefix', clone, 'start']);
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
}

/** A stage either reports mocha's counts, or counts as one test. */
const stages = [
  { name: 'types', run: node(tsc, '-p', 'tsconfig.json') },
  { name: 'webview types', run: node(tsc, '-p', 'webview-ui/tsconfig.json') },
  { name: 'lint', run: node(inModules('eslint/bin/eslint.js'), '.', '--max-warnings', '0') },
  { name: 'dead code', run: node(inModules('knip/bin/knip.js')) },
  { name: 'unit', counts: true, run: mocha('test/unit/**/*.test.ts') },
  { name: 'tensorflow', counts: true, run: nativeTensorFlow },
  { name: 'worker', counts: true, run: mocha('test/worker/**/*.test.ts') },
  { name: 'webview', counts: true, run: mocha('test/webview/**/*.test.ts') },
  { name: 'extension host', counts: true, run: node('--import', 'tsx', 'test/vscode/harness/runHostTests.ts') },
  { name: 'vscode', counts: true, run: mocha('test/vscode/ui/**/*.test.ts') },
  { name: 'vsix', counts: true, run: mocha('test/vscode/vsix/**/*.test.ts') },
  { name: 'start in a fresh clone', only: '--fresh-clone', run: startInFreshClone },
];

/** Runs a stage and returns its counts. A stage that failed without a failed test, or ran none, is a failure of its own. */
function countsOf(stage) {
  const report = path.join(root, 'out', 'reports', `${stage.name}.json`);
  rmSync(report, { force: true });
  const succeeded = stage.run({ MODEL_STABILITY_REPORT: report });
  if (!stage.counts || succeeded === 'not to be had') return succeeded ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { passes, failures, pending } = JSON.parse(readFileSync(report, 'utf8')).stats;
  // A skipped test shows nothing, so that it counts as failed.
  const failed = failures + pending;
  return { passed: passes, failed: failed === 0 && (!succeeded || passes === 0) ? 1 : failed };
}

function main() {
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = wanted.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown) throw new Error(`unknown stage: ${unknown}; known are ${stages.map((stage) => stage.name).join(', ')}`);
  for (const [name, prepare] of preparations) {
    if (!prepare()) {
      console.error(`could not prepare: ${name}`);
      console.log('0 passed, 1 failed');
      return 1;
    }
  }
  const results = [];
  for (const stage of stages) {
    if (wanted.length > 0 && !wanted.includes(stage.name)) continue;
    if (stage.only && !wanted.includes(stage.name) && !process.argv.includes(stage.only)) continue;
    console.log(`\n── ${stage.name}`);
    const started = performance.now();
    results.push({ name: stage.name, ...countsOf(stage), seconds: (performance.now() - started) / 1000 });
  }
  console.log('');
  for (const { name, passed, failed, seconds } of results) {
    console.log(`${failed > 0 ? 'failed' : 'ok    '}  ${name.padEnd(22)} ${String(passed).padStart(4)} passed ${String(failed).padStart(3)} failed ${seconds.toFixed(1).padStart(7)} s`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') > 0 ? 1 : 0;
}

process.exitCode = main();
