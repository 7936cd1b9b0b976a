/** `npm run test:electron`: the tests of the extension host in a VS Code that `@vscode/test-electron` downloads. */
import { runTests } from '@vscode/test-electron';
import { exampleWorkspace } from './harness/exampleWorkspace.ts';
import { buildHostTests } from './harness/hostTests.ts';
import { root } from './harness/paths.ts';

async function main(): Promise<void> {
  const workspace = exampleWorkspace(1);
  try {
    process.exitCode = await runTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: await buildHostTests(),
      launchArgs: [workspace.folder, '--disable-extensions', '--disable-workspace-trust'],
    });
  } finally {
    workspace.remove();
  }
}

void main();
