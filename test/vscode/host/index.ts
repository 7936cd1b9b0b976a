/**
 * Entry of the tests that run inside the extension host: what `extensionTestsPath` names, for `@vscode/test-electron` and for
 * the VS Code server alike.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/** Runs every `*.test.js` beside this file; rejects when one fails. Counts go to the file that `MODEL_STABILITY_REPORT` names. */
export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 60_000, reporter: 'spec' });
  for (const file of readdirSync(__dirname)) {
    if (file.endsWith('.test.js')) mocha.addFile(path.join(__dirname, file));
  }
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const report = process.env['MODEL_STABILITY_REPORT'];
      if (report) writeFileSync(report, JSON.stringify({ stats: runner.stats }));
      if (failures > 0) reject(new Error(`${failures} tests failed`));
      else resolve();
    });
  });
}
