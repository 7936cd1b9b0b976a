// Bundles every process of the extension into dist/. `--watch` keeps doing so; `--production` makes small bundles, without
// source maps and the command line, for a VSIX; `--outdir=DIR` puts them elsewhere.
import { build, context } from 'esbuild';
import { existsSync } from 'node:fs';

const production = process.argv.includes('--production');
const outdir = process.argv.find((argument) => argument.startsWith('--outdir='))?.slice('--outdir='.length) ?? 'dist';

/** Loaded at run time from node_modules: native binaries, and what is big and seldom needed. */
const external = ['vscode', 'sharp', 'onnxruntime-node', 'onnxruntime-web', '@tensorflow/*'];
const common = { bundle: true, sourcemap: production ? false : 'linked', legalComments: production ? 'eof' : 'none', minify: production, logLevel: 'warning' };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', external };
const entry = (options) => options.entryPoints.every((file) => existsSync(file)) ? [options] : [];

const bundles = [
  ...entry({ ...node, entryPoints: ['src/extension/main.ts'], outfile: `${outdir}/extension.js` }),
  ...entry({ ...node, entryPoints: ['src/worker.ts'], outfile: `${outdir}/worker.js` }),
  ...entry({ ...node, entryPoints: ['src/engine/inference/pictureThread.ts'], outfile: `${outdir}/pictureThread.js` }),
  ...production ? [] : entry({ ...node, entryPoints: ['src/cli.ts'], outfile: `${outdir}/cli.js`, banner: { js: '#!/usr/bin/env node' } }),
  ...entry({ ...common, platform: 'browser', format: 'esm', target: 'es2022', entryPoints: ['webview-ui/panel.ts'], outdir: `${outdir}/webview` }),
  ...entry({ ...common, platform: 'browser', format: 'esm', target: 'es2022', entryPoints: ['webview-ui/modelEditor.ts'], outdir: `${outdir}/webview` }),
];

if (process.argv.includes('--watch')) {
  for (const bundle of bundles) await (await context(bundle)).watch();
} else {
  await Promise.all(bundles.map((bundle) => build(bundle)));
}
