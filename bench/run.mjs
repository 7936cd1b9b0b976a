/**
 * Runs a bench from bundles, as the product runs, not through a compiler at run time.
 *     node bench/run.mjs evaluate [pictures] [rounds]
 *     node bench/run.mjs formats [rounds]
 *     node bench/run.mjs stabilize [pictures] [rounds]
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const [name, ...args] = process.argv.slice(2);
const outdir = path.join(root, 'dist', 'bench');
const options = { absWorkingDir: root, bundle: true, platform: 'node', format: 'cjs', target: 'node20', outdir, logLevel: 'warning', external: ['h5wasm', 'sharp', 'onnxruntime-node', 'onnxruntime-web', '@tensorflow/*'] };
await build({ ...options, entryPoints: [`bench/${name}.ts`, 'src/engine/inference/pictureThread.ts'], entryNames: '[name]' });
process.exitCode = spawnSync(process.execPath, [path.join(outdir, `${name}.js`), ...args], { cwd: root, stdio: 'inherit' }).status ?? 1;
