/**
 * `npm run screenshots`: the panel's views from a real evaluation and a real stabilization in the real VS Code. Dark and light go to
 * `media/screenshots`, for the README and the walkthrough; both high contrasts to `out/screenshots`, to be looked at.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { exampleWorkspace } from '../test/vscode/harness/exampleWorkspace.ts';
import { root } from '../test/vscode/harness/paths.ts';
import { setup } from '../test/vscode/harness/setup.ts';
import { openVscode } from '../test/vscode/harness/vscodeSession.ts';

/** Time that a job may take, in milliseconds. */
const JOB = 300_000;

interface Theme {
  name: string;
  colorScheme: 'dark' | 'light';
  folder: string;
  settings?: Record<string, string | boolean>;
}

const media = path.join(root, 'media', 'screenshots');
const looked = path.join(root, 'out', 'screenshots');
const highContrast = (colorTheme: string) => ({ 'window.autoDetectColorScheme': false, 'workbench.colorTheme': colorTheme });
const THEMES: Theme[] = [
  { name: 'dark', colorScheme: 'dark', folder: media },
  { name: 'light', colorScheme: 'light', folder: media },
  { name: 'high-contrast-dark', colorScheme: 'dark', folder: looked, settings: highContrast('Default High Contrast') },
  { name: 'high-contrast-light', colorScheme: 'light', folder: looked, settings: highContrast('Default High Contrast Light') },
];

async function takeScreenshots(theme: Theme): Promise<void> {
  const workspace = exampleWorkspace();
  const vscode = await openVscode(workspace.folder, { colorScheme: theme.colorScheme, settings: { 'modelStability.images': 'pictures', ...theme.settings } });
  try {
    const { page, workbench } = vscode;
    const shot = async (name: string) => {
      await workbench.runCommand('Notifications: Clear All Notifications');
      // With a palette the files have a third of the size, and nobody sees it.
      await sharp(await page.screenshot({ animations: 'disabled' })).png({ palette: true, quality: 95, effort: 8 }).toFile(path.join(theme.folder, `${name}-${theme.name}.png`));
    };
    await workbench.unfold('models', 'patches.onnx');
    await workbench.openFile('models/patches.onnx');
    const editor = await workbench.webview('model-stability-model');
    await editor.getByRole('heading', { name: 'Operators' }).waitFor();
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
    const view = (name: string) => wide.getByRole('tab', { name, exact: true }).click();
    await wide.getByRole('table', { name: 'Measures for each distortion' }).waitFor();
    await shot('overview');
    await view('Gallery');
    await wide.getByRole('grid').locator('img').nth(8).waitFor();
    await shot('gallery');
    await wide.getByRole('grid').press('Enter');
    await wide.getByRole('dialog').locator('img').nth(2).waitFor();
    await shot('pair');
    await wide.getByRole('dialog').press('Escape');
    await view('Distances');
    await wide.getByRole('slider', { name: 'Threshold' }).waitFor();
    await shot('distances');
    await wide.getByRole('button', { name: 'Stabilize', exact: true }).click();
    await wide.getByRole('tab', { name: 'Compare', exact: true, selected: true }).waitFor({ timeout: JOB });
    await wide.getByRole('table', { name: 'Label instability for each distortion' }).waitFor();
    await shot('compare');
    await view('Sweep');
    await wide.getByRole('grid').first().waitFor();
    await shot('sweep');
  } finally {
    await vscode.close();
    workspace.remove();
  }
}

async function main(): Promise<void> {
  setup();
  for (const theme of THEMES) {
    mkdirSync(theme.folder, { recursive: true });
    await takeScreenshots(theme);
  }
  console.log(`written: ${[media, looked].map((folder) => path.relative(root, folder)).join(', ')}`);
}

void main();
