import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EvaluateOptions } from '../../../src/engine/options.ts';
import type { Evaluation } from '../../../src/engine/results.ts';
import { WorkerProcess } from '../../../src/workerProcess.ts';
import { packageExtension, thisTarget } from '../../../scripts/package.ts';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { installVsix } from '../harness/server.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';

/** All that a VSIX may hold, beside the packages below. */
const FILES = [
  /^package(\.nls(\.de)?)?\.json$/, /^l10n\/bundle\.l10n\.de\.json$/, /^schemas\/model-stability\.schema\.json$/, /^readme\.md$/i, /^changelog\.md$/i, /^licen[cs]e(\.txt|\.md)?$/i, /^\.vsixmanifest$/,
  /^media\/((screenshots|walkthrough)\/)?[^/]+\.(png|svg)$/, /^dist\/(extension|worker|pictureThread)\.js$/, /^dist\/webview\/(panel|modelEditor)\.(js|css)$/,
];

/** The packages that it may hold, by their folder in `dist/node_modules`. */
const PACKAGES = [
  'onnxruntime-common', 'onnxruntime-node', 'sharp', '@img/colour', 'detect-libc', 'semver', '@emnapi/runtime', 'tslib',
  '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-layers', 'long', 'seedrandom',
  ...[thisTarget(), `libvips-${thisTarget()}`, 'wasm32'].map((name) => `@img/sharp-${name}`),
];

/** Kinds of files that a package may bring: code, binaries, licences, what Node needs to find them. */
const PACKAGE_FILES = /(\.(js|cjs|mjs|json|node|wasm|dll)|\.so(\.[\d.]+)?|\.dylib|LICENSE[^/]*|README\.md)$/i;

function isAllowed(file: string): boolean {
  const inPackage = /^dist\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  return inPackage === undefined ? FILES.some((pattern) => pattern.test(file)) : PACKAGES.includes(inPackage) && PACKAGE_FILES.test(file);
}

describe('the VSIX', function () {
  this.timeout(300_000);
  let dataFolder: string;
  let extension: string;
  let workspace: TestWorkspace;
  let vscode: VscodeSession | undefined;

  before(async () => {
    dataFolder = mkdtempSync(path.join(os.tmpdir(), 'model-stability-vsix-'));
    workspace = exampleWorkspace(5);
    const vsix = await packageExtension(thisTarget());
    console.log(`      ${path.basename(vsix)}: ${(statSync(vsix).size / 1e6).toFixed(1)} MB`);
    assert.match(installVsix(dataFolder, vsix), /successfully installed/);
    const extensions = path.join(dataFolder, 'extensions');
    extension = path.join(extensions, readdirSync(extensions).find((name) => name.startsWith('model-stability.model-stability-'))!);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await vscode?.workbench.screenshot(`failed-vsix-${this.currentTest.title.replace(/\W+/g, '-')}`);
    await vscode?.close();
    vscode = undefined;
  });

  after(() => {
    rmSync(dataFolder, { recursive: true, force: true });
    workspace.remove();
  });

  it('holds nothing but what is named here', () => {
    const files = readdirSync(extension, { recursive: true, encoding: 'utf8' })
      .filter((file) => statSync(path.join(extension, file)).isFile())
      .map((file) => file.replaceAll(path.sep, '/'));
    assert.deepEqual(files.filter((file) => !isAllowed(file)), []);
    for (const needed of ['dist/extension.js', 'dist/worker.js', 'dist/pictureThread.js', 'dist/webview/panel.js', 'dist/webview/modelEditor.js']) {
      assert.ok(files.includes(needed), `${needed} is missing`);
    }
  });

  /** Right click, evaluate, table: the whole path, in the installed extension. */
  async function evaluateInVscode(): Promise<string> {
    vscode = await openVscode(workspace.folder, {
      dataFolder, installed: true, settings: { 'modelStability.images': 'pictures' },
    });
    const { workbench } = vscode;
    await workbench.unfold('models', 'patches.onnx');
    await workbench.chooseFromMenu(workbench.explorerRow('patches.onnx').first(), 'Evaluate Model Stability');
    const panel = await workbench.webview('model-stability-panel', 120_000);
    const table = panel.getByRole('table', { name: 'Measures for each distortion' });
    await table.waitFor({ timeout: 120_000 });
    return await table.innerText();
  }

  it('installs, and evaluates a model', async () => {
    assert.match(await evaluateInVscode(), /gaussian-noise/);
    await vscode!.workbench.screenshot('vsix');
    assert.deepEqual(await vscode!.leaked(), []);
  });

  /** Evaluates in a worker of the installed extension, as its jobs do. */
  async function evaluateInWorker(run: string, options: Partial<EvaluateOptions>): Promise<{ evaluation: Evaluation; maps: string }> {
    const worker = new WorkerProcess({ file: path.join(extension, 'dist', 'worker.js'), progress: () => undefined, log: () => undefined });
    try {
      const evaluation = await worker.call('evaluate', {
        model: path.join(workspace.folder, 'models', 'patches.onnx'), images: path.join(workspace.folder, 'pictures'), run: path.join(workspace.folder, run), ...options,
      });
      return { evaluation, maps: process.platform === 'linux' ? readFileSync(`/proc/${worker.pid!}/maps`, 'utf8') : '' };
    } finally {
      worker.stop();
    }
  }

  it('holds the second engine', async () => {
    const { evaluation } = await evaluateInWorker('second', { engine: 'tensorflow', limit: 2, distortions: [{ name: 'jpeg', strength: 50 }] });
    assert.match(evaluation.method.engine, /^TensorFlow\.js .*, wasm$/);
  });

  if (process.platform === 'linux') {
    it('holds sharp as WebAssembly for Electron, which reads the same pictures', async () => {
      const evaluate = async (build: 'native' | 'wasm') => {
        process.env['MODEL_STABILITY_SHARP'] = build;
        const { evaluation, maps } = await evaluateInWorker(build, {});
        return { loaded: maps.includes('libvips'), clean: evaluation.clean?.precisionAt1.value, evaluated: evaluation.images.evaluated };
      };
      const native = await evaluate('native');
      const wasm = await evaluate('wasm');
      assert.deepEqual(wasm, { ...native, loaded: false });
      assert.ok(native.loaded, 'the native library was not loaded where it can be');
    });
  }
});
