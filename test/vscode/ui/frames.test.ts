import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Sequence } from '../../../src/engine/results.ts';
import type { StoredJob } from '../../../src/engine/runs/storedJob.ts';
import { root } from '../harness/paths.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const JOB = 90_000;
/** What the patch classifier was trained with (examples/training/train.py). */
const RIGHT = { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'rgb' };

describe('video frames and preprocessing in VS Code', function () {
  this.timeout(150_000);
  const suite = new VscodeSuite({
    name: 'frames', perClass: 6,
    prepare: ({ file, writeJson }) => {
      for (const name of ['acanthus', 'garlic']) cpSync(path.join(root, 'examples', 'workspace', 'frames', name), file('frames', name), { recursive: true });
      writeJson({ 'modelStability.images': 'pictures', 'modelStability.preprocessing.range': '0-255' }, '.vscode', 'settings.json');
    },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });

  /** Runs the command and adopts the best that it found with one click. */
  const adoptBest = async (sentence: RegExp): Promise<void> => {
    await suite.workbench.runCommand('Model Stability: Find Preprocessing');
    const found = suite.workbench.notification('is better than the present preprocessing');
    await found.waitFor({ timeout: JOB });
    await suite.workbench.screenshot('find-preprocessing');
    await found.getByRole('button', { name: 'Use the Best' }).click();
    await suite.workbench.notification(sentence).waitFor();
  };

  it('finds the preprocessing, and one click writes the best into the settings of the folder', async () => {
    await adoptBest(/stands in the settings of the folder now/);
    const settings = suite.readJson('.vscode', 'settings.json') as Record<string, unknown>;
    for (const [key, value] of Object.entries(RIGHT)) assert.deepEqual(settings[`modelStability.preprocessing.${key}`], value, key);
    assert.equal(settings['modelStability.images'], 'pictures');
  });

  it('writes it into model-stability.json where there is one, and leaves the rest of it', async () => {
    suite.writeJson({ images: 'pictures', range: '-1-1', threads: 1 }, 'model-stability.json');
    await adoptBest(/stands in model-stability\.json now/);
    const { images, threads, resize, interpolation, ...scaling } = suite.readJson('model-stability.json') as Record<string, unknown>;
    assert.deepEqual([images, threads, resize, interpolation], ['pictures', 1, 'stretch', 'bilinear']);
    assert.deepEqual(scaling, RIGHT);
    assert.match(readFileSync(suite.file('model-stability.json'), 'utf8'), /^ {4}"images"/m, 'with the file’s own indentation');
  });

  it('evaluates a folder of video frames and steps from flip to flip', async () => {
    await suite.workbench.runCommand('Model Stability: Evaluate Video Frames');
    await suite.workbench.chooseFolder(suite.file('frames'));
    const panel = await suite.workbench.webview('model-stability-sequence', JOB);
    const { clips, labelInstability } = suite.readRun(suite.runs[0]!) as Sequence;
    assert.deepEqual(clips.map(({ name, frames }) => [name, frames]), [['acanthus', 40], ['garlic', 40]]);
    await panel.getByText(`(${labelInstability.count} of 78)`).waitFor();
    await panel.locator('.sequence-two img').nth(1).waitFor();
    const sentence = panel.locator('.sequence-sentence');
    const before = await sentence.innerText();
    await panel.getByRole('button', { name: 'Next Flip' }).click();
    await sentence.filter({ hasText: 'Label changed from' }).filter({ hasNotText: before.split('.')[0]! }).waitFor();
    await suite.workbench.screenshot('sequence');
    await suite.workbench.notification(`the label changed ${labelInstability.count} times from one frame to the next`).waitFor();
  });

  it('runs the frames again from the tree of runs, with the same options', async () => {
    const [first] = suite.runs;
    await suite.side.openRuns();
    const rows = suite.side.runs('of neighbouring frames');
    await suite.workbench.chooseFromMenu(rows.first(), 'Run Again with the Same Options');
    await rows.nth(1).waitFor({ timeout: JOB });
    assert.equal(suite.runs.length, 2);
    const { kind, options } = suite.readJson('.model-stability', 'runs', first!, 'options.json') as StoredJob;
    const again = suite.readJson('.model-stability', 'runs', suite.runs[1]!, 'options.json') as StoredJob;
    assert.deepEqual(again, { kind, options: { ...options, run: again.options.run } });
    const flips = (run: string) => (suite.readRun(run) as Sequence).clips.map(({ name, frames, flips: count }) => [name, frames, count]);
    assert.deepEqual(flips(suite.runs[1]!), flips(first!));
  });
});
