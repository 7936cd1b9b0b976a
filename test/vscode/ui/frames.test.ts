import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Sequence } from '../../../src/engine/results.ts';
import { exampleWorkspace } from '../harness/exampleWorkspace.ts';
import type { TestWorkspace } from '../harness/exampleWorkspace.ts';
import { root } from '../harness/paths.ts';
import { openVscode } from '../harness/vscodeSession.ts';
import type { VscodeSession } from '../harness/vscodeSession.ts';
import type { Workbench } from '../harness/workbench.ts';

const JOB = 90_000;
/** What the patch classifier was trained with (examples/training/train.py). */
const RIGHT = { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'rgb' };

describe('video frames and preprocessing in VS Code', function () {
  this.timeout(150_000);
  let workspace: TestWorkspace;
  let vscode: VscodeSession;
  let workbench: Workbench;

  const file = (...parts: string[]): string => path.join(workspace.folder, ...parts);
  const readJson = (...parts: string[]): Record<string, unknown> => JSON.parse(readFileSync(file(...parts), 'utf8')) as Record<string, unknown>;
  const writeJson = (content: object, ...parts: string[]): void => {
    mkdirSync(path.dirname(file(...parts)), { recursive: true });
    writeFileSync(file(...parts), `${JSON.stringify(content, null, 4)}\n`);
  };
  /** Runs the command and adopts the best that it found with one click. */
  const adoptBest = async (sentence: RegExp): Promise<void> => {
    await workbench.runCommand('Model Stability: Find Preprocessing');
    const found = workbench.notification('is better than the present preprocessing');
    await found.waitFor({ timeout: JOB });
    await workbench.screenshot('find-preprocessing');
    await found.getByRole('button', { name: 'Use the Best' }).click();
    await workbench.notification(sentence).waitFor();
  };

  before(async () => {
    workspace = exampleWorkspace(6);
    for (const name of ['acanthus', 'garlic']) cpSync(path.join(root, 'examples', 'workspace', 'frames', name), file('frames', name), { recursive: true });
    writeJson({ 'modelStability.images': 'pictures', 'modelStability.preprocessing.range': '0-255' }, '.vscode', 'settings.json');
    vscode = await openVscode(workspace.folder);
    workbench = vscode.workbench;
    await workbench.openFile('models/patches.onnx');
    await workbench.webview('model-stability-model');
  });

  after(async () => {
    await vscode.close();
    workspace.remove();
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await workbench.screenshot(`failed-frames-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('finds the preprocessing, and one click writes the best into the settings of the folder', async () => {
    await adoptBest(/stands in the settings of the folder now/);
    const settings = readJson('.vscode', 'settings.json');
    for (const [key, value] of Object.entries(RIGHT)) assert.deepEqual(settings[`modelStability.preprocessing.${key}`], value, key);
    assert.equal(settings['modelStability.images'], 'pictures');
  });

  it('writes it into model-stability.json where there is one, and leaves the rest of it', async () => {
    writeJson({ images: 'pictures', range: '-1-1', threads: 1 }, 'model-stability.json');
    await adoptBest(/stands in model-stability\.json now/);
    const { images, threads, resize, interpolation, ...scaling } = readJson('model-stability.json');
    assert.deepEqual([images, threads, resize, interpolation], ['pictures', 1, 'stretch', 'bilinear']);
    assert.deepEqual(scaling, RIGHT);
    assert.match(readFileSync(file('model-stability.json'), 'utf8'), /^ {4}"images"/m, 'with the file’s own indentation');
  });

  it('evaluates a folder of video frames and steps from flip to flip', async () => {
    await workbench.runCommand('Model Stability: Evaluate Video Frames');
    await workbench.chooseFolder(file('frames'));
    const panel = await workbench.webview('model-stability-sequence', JOB);
    const run = path.join(file('.model-stability', 'runs'), readdirSync(file('.model-stability', 'runs'))[0]!);
    const { clips, labelInstability } = JSON.parse(readFileSync(path.join(run, 'run.json'), 'utf8')) as Sequence;
    assert.deepEqual(clips.map(({ name, frames }) => [name, frames]), [['acanthus', 40], ['garlic', 40]]);
    await panel.getByText(`(${labelInstability.count} of 78)`).waitFor();
    await panel.locator('.sequence-two img').nth(1).waitFor();
    const sentence = panel.locator('.sequence-sentence');
    const before = await sentence.innerText();
    await panel.getByRole('button', { name: 'Next Flip' }).click();
    await sentence.filter({ hasText: 'Label changed from' }).filter({ hasNotText: before.split('.')[0]! }).waitFor();
    await workbench.screenshot('sequence');
    await workbench.notification(`the label changed ${labelInstability.count} times from one frame to the next`).waitFor();
  });
});
