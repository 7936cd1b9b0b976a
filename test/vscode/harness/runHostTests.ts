/** Runs the tests of the extension host on a copy of the example models, as a program; counts go to `MODEL_STABILITY_REPORT`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exampleWorkspace } from './exampleWorkspace.ts';
import { runHostTests } from './hostTests.ts';

async function main(): Promise<void> {
  const workspace = exampleWorkspace(1);
  try {
    const stats = await runHostTests(workspace.folder);
    const report = process.env['MODEL_STABILITY_REPORT'];
    if (report) {
      mkdirSync(path.dirname(report), { recursive: true });
      writeFileSync(report, JSON.stringify({ stats }));
    }
    process.exitCode = stats.failures > 0 ? 1 : 0;
  } finally {
    workspace.remove();
  }
}

void main();
