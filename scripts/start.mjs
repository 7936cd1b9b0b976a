/**
 * `npm start`: the main job on real input. Installs what is missing, builds, makes the example workspace, evaluates the patch
 * classifier on pictures that it was not trained with, stabilizes it, and measures again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const workspace = path.join('examples', 'workspace');
const runs = path.join(workspace, '.model-stability', 'runs');
const model = path.join(workspace, 'models', 'patches.onnx');

/** Runs a program with its output on ours; ends the whole with its status where it is not among `allowed`. */
function run(command, args, allowed = [0], output = 'inherit') {
  const result = spawnSync(command, args, { cwd: root, stdio: ['inherit', output, 'inherit'], shell: command === 'npm' && process.platform === 'win32' });
  if (result.error) throw result.error;
  if (!allowed.includes(result.status ?? 1)) process.exit(result.status ?? 1);
}

function title(text) {
  console.log(`\n── ${text}\n`);
}

/** Runs the command line. Status 3 says that a result was not accepted, which is a result as well. */
function modelStability(...args) {
  run(process.execPath, [path.join('dist', 'cli.js'), ...args], [0, 3]);
}

/** Runs it for the run folder alone. */
function quietly(...args) {
  run(process.execPath, [path.join('dist', 'cli.js'), ...args], [0, 3], 'ignore');
}

if (!existsSync(path.join(root, 'node_modules', 'esbuild'))) run('npm', ['install', '--no-audit', '--no-fund']);
run(process.execPath, ['esbuild.mjs']);
run(process.execPath, [path.join('examples', 'makeWorkspace.mjs')]);
const [before, stabilization, after] = ['start-before', 'start-stabilize', 'start-after'].map((name) => path.join(runs, name));
for (const folder of [before, stabilization, after]) rmSync(path.join(root, folder), { recursive: true, force: true });
const output = path.join(workspace, 'models', 'patches.stabilized.onnx');
const rejected = path.join(workspace, 'models', 'patches.rejected.onnx');
for (const file of [output, rejected]) rmSync(path.join(root, file), { force: true });
const testPictures = path.join(workspace, 'patches', 'test');

title(`1. How stable is ${model}? Its answers on 720 pictures that it was not trained with`);
modelStability('evaluate', model, '--images', testPictures, '--run', before);

title('2. Stabilize it: the last layer is trained again, so that its answers hold when pictures change a little');
modelStability('stabilize', model, '--images', path.join(workspace, 'patches', 'train'), '--run', stabilization, '--output', output);

const made = existsSync(path.join(root, output)) ? output : rejected;
title(`3. The new file on the pictures of step 1 (B), beside the original (A)`);
quietly('evaluate', made, '--images', testPictures, '--run', after);
modelStability('compare', before, after);

title('See it in VS Code');
console.log(`npm run vscode                                          the real workbench, in a browser on this machine
code --extensionDevelopmentPath="${root}" "${path.join(root, workspace)}"     for those who have VS Code

Open models/patches.onnx, or the panel by the command "Model Stability: Open Distortion Gallery".`);
