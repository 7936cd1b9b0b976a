/**
 * `npm run screenshots`: the pictures of the README, in `media/screenshots`, from a real evaluation and a real stabilization in
 * the real VS Code, dark and light.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { exampleWorkspace } from '../test/vscode/harness/exampleWorkspace.ts';
import { root } from '../test/vscode/harness/paths.ts';
import { setup } from '../test/vscode/harness/setup.ts';
import { openVscode } from '../test/vscode/harness/vscodeSession.ts';

const folder = path.join(root, 'media', 'screenshots');

/** Time that a job may take, in milliseconds. */
const JOB = 300_000;

async function takeScreenshots(theme: 'dark' | 'light'): Promise<void> {
  const workspace = exampleWorkspace();
  const vscode = await openVscode(workspace.folder, { colorScheme: theme, settings: { 'modelStability.images': 'pictures' } });
  try {
    const { page, workbench } = vscode;
    const shot = async (name: string) => {
      await workbench.runCommand('Notifications: Clear All Notifications');
      await page.screenshot({ path: path.join(folder, `${name}-${theme}.png`), animations: 'disabled' });
    };
    await workbench.unfold('models', 'patches.onnx');
    await workbench.openFile('models/patches.onnx');
    const editor = await workbench.webview('model-stability-model');
    await editor.getByText('Operators').waitFor();
    await shot('model');
    await editor.getByRole('button', { name: 'Evaluate', exact: true }).click();
    const panel = await workbench.webview('model-stability-panel', JOB);
    await panel.getByRole('table', { name: 'Measures for each distortion' }).waitFor({ timeout: JOB });
    // Without the editor, the panel has the room that it has on a large screen.
    const tab = page.locator('.tab', { hasText: 'patches.onnx' });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'hidden' });
    await workbench.runCommand('View: Toggle Primary Side Bar Visibility');
    const wide = await workbench.webview('model-stability-panel');
    await wide.getByRole('table', { name: 'Measures for each distortion' }).waitFor();
    await shot('overview');
    await wide.getByRole('tab', { name: 'Gallery' }).click();
    await wide.getByRole('grid').locator('img').nth(8).waitFor();
    await shot('gallery');
    await wide.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await wide.getByRole('table', { name: 'Label instability for each distortion' }).waitFor({ timeout: JOB });
    await shot('compare');
  } finally {
    await vscode.close();
    workspace.remove();
  }
}

async function main(): Promise<void> {
  setup();
  mkdirSync(folder, { recursive: true });
  for (const theme of ['dark', 'light'] as const) await takeScreenshots(theme);
  console.log(`written: ${path.relative(root, folder)}`);
}

void main();
