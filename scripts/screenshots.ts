/**
 * `npm run screenshots`: every view, from real jobs in the real VS Code. Dark and light go to `media/screenshots`, for the README;
 * both high contrasts to `out/screenshots`, to be looked at; pictures of the walkthrough, which shows them small, to
 * `media/walkthrough`.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Page } from 'playwright-core';
import sharp from 'sharp';
import { exampleWorkspace } from '../test/vscode/harness/exampleWorkspace.ts';
import { root } from '../test/vscode/harness/paths.ts';
import { setup } from '../test/vscode/harness/setup.ts';
import { openVscode, type VscodeSession } from '../test/vscode/harness/vscodeSession.ts';

/** Time that a job may take, in milliseconds. */
const JOB = 600_000;

/** Bytes of a picture, at most: the sharpest palette that keeps to it is taken. */
const MOST_BYTES = 120_000;
const QUALITIES = [95, 80, 65, 50, 35, 20];

const WINDOW = { width: 1280, height: 860 };
/** The walkthrough shows its pictures about this wide. */
const SMALL_WINDOW = { width: 820, height: 640 };

interface Theme {
  name: string;
  colorScheme: 'dark' | 'light';
  /** What the workbench is marked with. */
  mark: string;
  folder: string;
  settings: Record<string, string | boolean>;
}

const media = path.join(root, 'media', 'screenshots');
const tour = path.join(root, 'media', 'walkthrough');
const looked = path.join(root, 'out', 'screenshots');
const PICTURES = { 'modelStability.images': 'pictures' };
const usual = { 'window.autoDetectColorScheme': true };
const highContrast = (colorTheme: string) => ({ 'window.autoDetectColorScheme': false, 'workbench.colorTheme': colorTheme });
const THEMES: Theme[] = [
  { name: 'dark', colorScheme: 'dark', mark: 'vs-dark', folder: media, settings: usual },
  { name: 'light', colorScheme: 'light', mark: 'vs', folder: media, settings: usual },
  { name: 'high-contrast-dark', colorScheme: 'dark', mark: 'hc-black', folder: looked, settings: highContrast('Default High Contrast') },
  { name: 'high-contrast-light', colorScheme: 'light', mark: 'hc-light', folder: looked, settings: highContrast('Default High Contrast Light') },
];

/** Takes what is on screen in every theme, one after the other. */
class Camera {
  readonly #vscode: VscodeSession;
  readonly #settings: string;

  constructor(vscode: VscodeSession, folder: string) {
    this.#vscode = vscode;
    this.#settings = path.join(folder, '.vscode', 'settings.json');
  }

  get #page(): Page {
    return this.#vscode.page;
  }

  /** Pictures of the whole window. */
  async shoot(name: string): Promise<void> {
    for (const theme of THEMES) {
      await this.#dress(theme);
      await save(await this.#page.screenshot({ animations: 'disabled' }), path.join(theme.folder, `${name}-${theme.name}.png`));
    }
    await this.#dress(THEMES[0]!);
  }

  /** Pictures of the editor alone, as large as the walkthrough shows them. */
  async shootSmall(name: string): Promise<void> {
    await this.#page.setViewportSize(SMALL_WINDOW);
    const editor = this.#page.locator('.part.editor');
    for (const theme of THEMES.filter(({ folder }) => folder === media)) {
      await this.#dress(theme);
      await save(await editor.screenshot({ animations: 'disabled' }), path.join(tour, `${name}-${theme.name}.png`));
    }
    await this.#page.setViewportSize(WINDOW);
    await this.#dress(THEMES[0]!);
  }

  async #dress({ colorScheme, mark, settings }: Theme): Promise<void> {
    await this.#page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Where it last clicked the pointer may call up a hint.
    await this.#page.mouse.move(0, 0);
    writeFileSync(this.#settings, JSON.stringify({ ...PICTURES, ...settings }));
    await this.#page.locator(`.monaco-workbench.${mark}`).waitFor();
    // The webview is told after the workbench; two frames later it is drawn.
    await this.#page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 400))');
  }
}

async function save(picture: Buffer, file: string): Promise<void> {
  for (const quality of QUALITIES) {
    const bytes = await sharp(picture).png({ palette: true, quality, effort: 8, dither: 0.6 }).toBuffer();
    if (bytes.length > MOST_BYTES && quality !== QUALITIES.at(-1)) continue;
    writeFileSync(file, bytes);
    return;
  }
}

async function takeScreenshots(): Promise<void> {
  const workspace = exampleWorkspace();
  const clips = path.join(root, 'examples', 'workspace', 'frames');
  for (const clip of ['acanthus', 'garlic']) cpSync(path.join(clips, clip), path.join(workspace.folder, 'frames', clip), { recursive: true });
  mkdirSync(path.join(workspace.folder, '.vscode'));
  writeFileSync(path.join(workspace.folder, '.vscode', 'settings.json'), JSON.stringify({ ...PICTURES, ...usual }));
  const vscode = await openVscode(workspace.folder, { settings: { 'workbench.startupEditor': 'none' } });
  try {
    const { page, workbench } = vscode;
    await page.setViewportSize(WINDOW);
    // What a job says in the corner would lie on what it shows.
    await workbench.runCommand('Notifications: Toggle Do Not Disturb Mode');
    const camera = new Camera(vscode, workspace.folder);
    await workbench.unfold('models', 'patches.onnx');
    await workbench.openFile('models/patches.onnx');
    const editor = await workbench.webview('model-stability-model');
    await editor.getByRole('heading', { name: 'Operators' }).waitFor();
    await camera.shoot('model');
    await workbench.runCommand('View: Toggle Primary Side Bar Visibility');
    await camera.shootSmall('model');
    await editor.getByRole('table', { name: 'Layers of the network' }).scrollIntoViewIfNeeded();
    await camera.shoot('layers');
    await editor.getByRole('button', { name: 'Evaluate', exact: true }).click();
    const panel = await workbench.webview('model-stability-panel', JOB);
    await panel.getByRole('table', { name: 'Measures for each distortion' }).waitFor({ timeout: JOB });
    // Without the model's page the panel has the room that it has on a large screen.
    const tab = page.locator('.tab', { hasText: 'patches.onnx' });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'hidden' });
    await views(vscode, camera, path.join(workspace.folder, 'frames'));
  } finally {
    await vscode.close();
    workspace.remove();
  }
}

async function views({ workbench }: VscodeSession, camera: Camera, frames: string): Promise<void> {
  const panel = await workbench.webview('model-stability-panel');
  const open = (name: string): Promise<void> => panel.getByRole('tab', { name, exact: true }).click();
  await panel.getByRole('table', { name: 'Measures for each distortion' }).waitFor();
  await camera.shoot('overview');
  await camera.shootSmall('overview');
  await open('Gallery');
  await panel.getByRole('grid').locator('img').nth(8).waitFor();
  await camera.shoot('gallery');
  await camera.shootSmall('gallery');
  await panel.getByRole('grid').press('Enter');
  // The farthest pair is noisy: its picture would be three times as large as that of the next one.
  await panel.getByRole('button', { name: 'Next pair' }).click();
  await panel.getByRole('heading', { name: 'Pair 2 of' }).waitFor();
  await panel.getByRole('dialog').locator('img').nth(2).waitFor();
  await camera.shoot('pair');
  await panel.getByRole('dialog').press('Escape');
  await open('Distances');
  await panel.getByRole('slider', { name: 'Threshold' }).waitFor();
  await camera.shoot('distances');
  await training(panel, camera);
  await panel.getByRole('tab', { name: 'Compare', exact: true, selected: true }).waitFor({ timeout: JOB });
  await panel.getByRole('table', { name: 'Label instability for each distortion' }).waitFor();
  await camera.shoot('compare');
  await camera.shootSmall('compare');
  await open('Sweep');
  await panel.getByRole('grid').first().waitFor();
  await camera.shoot('sweep');
  await sequence(workbench, camera, frames);
}

/** A training under way; it waits while it is taken. */
async function training(panel: Frame, camera: Camera): Promise<void> {
  await panel.getByRole('button', { name: 'Stabilize', exact: true }).click();
  await panel.getByRole('tab', { name: 'Training', exact: true }).click();
  await panel.locator('.training-chart .flag').first().waitFor({ timeout: JOB });
  await panel.getByRole('button', { name: 'Pause' }).click();
  await panel.getByRole('button', { name: 'Go On' }).waitFor();
  await camera.shoot('training');
  await panel.getByRole('button', { name: 'Go On' }).click();
}

async function sequence(workbench: VscodeSession['workbench'], camera: Camera, frames: string): Promise<void> {
  await workbench.runCommand('Model Stability: Evaluate Video Frames');
  await workbench.chooseFolder(frames);
  const panel = await workbench.webview('model-stability-sequence', JOB);
  await panel.getByRole('button', { name: 'Next Flip' }).click();
  await panel.locator('.sequence-two img').nth(1).waitFor();
  await camera.shoot('sequence');
}

async function main(): Promise<void> {
  setup();
  for (const folder of [media, tour, looked]) mkdirSync(folder, { recursive: true });
  await takeScreenshots();
  console.log(`written: ${[media, tour, looked].map((folder) => path.relative(root, folder)).join(', ')}`);
}

void main();
