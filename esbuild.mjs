// Bundles every process of the extension into dist/. `--watch` keeps doing so.
import { build, context } from 'esbuild';
import { existsSync } from 'node:fs';

/** Loaded at run time from node_modules: native binaries, and what is big and seldom needed. */
const external = ['vscode', 'sharp', 'onnxruntime-node', 'onnxruntime-web', '@tensorflow/*'];
const common = { bundle: true, sourcemap: 'linked', legalComments: 'none', minify: process.argv.includes('--production'), logLevel: 'warning' };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', external };
const entry = (options) => options.entryPoints.every((file) => existsSync(file)) ? [options] : [];

const bundles = [
  ...entry({ ...node, entryPoints: ['src/extension/main.ts'], outfile: 'dist/extension.js' }),
  ...entry({ ...node, entryPoints: ['src/worker.ts'], outfile: 'dist/worker.js' }),
  ...entry({ ...node, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', banner: { js: '#!/usr/bin/env node' } }),
  ...entry({ ...common, platform: 'browser', format: 'esm', target: 'es2022', entryPoints: ['webview-ui/panel.ts'], outdir: 'dist/webview' }),
  ...entry({ ...common, platform: 'browser', format: 'esm', target: 'es2022', entryPoints: ['webview-ui/modelEditor.ts'], outdir: 'dist/webview' }),
];

if (process.argv.includes('--watch')) {
  for (const bundle of bundles) await (await context(bundle)).watch();
} else {
  await Promise.all(bundles.map((bundle) => build(bundle)));
}
