/** `npm run generate:kernels`: compiles the pixel kernels and writes the module as text that any bundler and runtime can take. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '..', 'src', 'engine', 'kernels');
const work = mkdtempSync(path.join(os.tmpdir(), 'kernels-'));
try {
  writeFileSync(path.join(work, 'kernels.ts'), readFileSync(path.join(folder, 'kernels.as')));
  const options = ['kernels.ts', '-o', 'kernels.wasm', '--optimizeLevel', '3', '--runtime', 'stub', '--enable', 'simd', '--noAssert'];
  execFileSync('npx', ['--yes', '-p', 'assemblyscript@0.28.20', 'asc', ...options], { cwd: work, stdio: 'inherit', shell: process.platform === 'win32' });
  const lines = readFileSync(path.join(work, 'kernels.wasm')).toString('base64').match(/.{1,120}/g);
  writeFileSync(path.join(folder, 'kernelsWasm.ts'), `/** kernels.as, compiled: made by \`npm run generate:kernels\`. */\nexport const kernelsWasm = [\n${lines.map((line) => `  '${line}',\n`).join('')}].join('');\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
