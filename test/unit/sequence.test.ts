import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { compareRuns } from '../../src/engine/compare.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import type { DatasetItem } from '../../src/engine/dataset.ts';
import type { Frame, Sequence } from '../../src/engine/results.ts';
import { listRuns } from '../../src/engine/runs/listRuns.ts';
import { readRun, readState } from '../../src/engine/runs/runFolder.ts';
import { clipCurves, framePicture, framesPage } from '../../src/engine/runs/sequenceView.ts';
import { sequence } from '../../src/engine/sequence.ts';
import { clipsOf } from '../../src/engine/sequence/clips.ts';
import { NeighbourPrecision } from '../../src/engine/sequence/neighbourPrecision.ts';
import { exampleModels, examplePictures, quiet, readPairsOf, smallModel, temporaryFolder, testJob, writeModel, writePictures, writeText } from './engineHarness.ts';

const items = (paths: readonly string[]): DatasetItem[] => paths.map((path) => ({ path, absolute: `/${path}`, label: null }));
const names = (paths: readonly string[], limit?: number): Record<string, string[]> => Object.fromEntries(clipsOf('/frames', items(paths), limit).map((clip) => [clip.name, clip.items.map(({ path }) => path)]));
const framesOf = (run: string): Frame[] => readFileSync(join(run, 'frames.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Frame);

describe('clips of frames', () => {
  const cases: [title: string, paths: string[], wanted: Record<string, string[]>, limit?: number][] = [
    ['numbers count as numbers', ['f10.png', 'f9.png', 'f100.png', 'f1.png'], { '': ['f1.png', 'f9.png', 'f10.png', 'f100.png'] }],
    ['each folder is a clip', ['b/2.png', 'a/10.png', 'b/1.png', 'a/2.png'], { a: ['a/2.png', 'a/10.png'], b: ['b/1.png', 'b/2.png'] }],
    ['folders in folders too, in natural order', ['c/clip10/1.png', 'c/clip2/1.png', 'c/clip2/2.png'], { 'c/clip2': ['c/clip2/1.png', 'c/clip2/2.png'], 'c/clip10': ['c/clip10/1.png'] }],
    ['a limit keeps the first frames', ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png'], { a: ['a/1.png', 'a/2.png'], b: ['b/1.png'] }, 3],
    ['names that differ in zeros have one order', ['01.png', '1.png', '001.png'], { '': ['001.png', '01.png', '1.png'] }],
  ];
  for (const [title, paths, wanted, limit] of cases) {
    it(title, () => {
      assert.deepEqual(names(paths, limit), wanted);
      assert.deepEqual(names(paths.toReversed(), limit), wanted);
    });
  }

  it('needs two frames in one folder', () => {
    assert.throws(() => names(['a/1.png', 'b/1.png']), { name: 'UserError', message: 'no folder of /frames holds two frames: nothing has a neighbour' });
  });
});

describe('pm-k', () => {
  /** By the definition: every frame of the stretch within k of the anchor is right. */
  const naive = (stretches: readonly boolean[][], k: number): [count: number, of: number] => {
    const holds = stretches.flatMap((right) => right.map((_, anchor) => right.every((each, frame) => each || Math.abs(frame - anchor) > k)));
    return [holds.filter(Boolean).length, holds.length];
  };
  const stretches = [[1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1], [0, 0], [], [1, 0, 1, 1, 1, 0]].map((row) => row.map(Boolean));

  it('is counted as it is defined', () => {
    const measured = new NeighbourPrecision();
    for (const stretch of stretches) {
      stretch.forEach((right) => measured.add(right));
      measured.cut();
    }
    const result = measured.result();
    assert.deepEqual(result.map(({ k }) => k), Array.from({ length: 11 }, (_, k) => k));
    for (const { k, precision } of result) assert.deepEqual([precision.count, precision.of], naive(stretches, k), `k = ${k}`);
  });

  it('is empty without labels', () => assert.deepEqual(new NeighbourPrecision().result(), []));
});

describe('sequences of video frames', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const run = join(folder, 'frames-run');
  let result: Sequence;
  const frames = (): string => examplePictures('frames');

  before(async () => {
    result = await sequence({ model: exampleModels.patches, images: frames(), run }, quiet());
  });

  it('gives the numbers that its frames give', () => {
    const lines = framesOf(run);
    assert.equal(lines.length, 360);
    const pairs = lines.slice(1).map((frame, index) => [lines[index]!, frame] as const).filter(([a, b]) => a.clip === b.clip);
    assert.equal(pairs.length, 9 * 39);
    const flips = pairs.filter(([a, b]) => a.label !== b.label);
    assert.deepEqual([result.labelInstability.count, result.labelInstability.of], [flips.length, pairs.length]);
    assert.ok(flips.length > 0);
    for (const [a, b] of pairs) assert.equal(b.change!.flip, a.label !== b.label);
    for (const [index, clip] of result.clips.entries()) {
      const own = lines.filter((frame) => frame.clip === index);
      assert.deepEqual([clip.start, clip.frames, clip.flips], [lines.indexOf(own[0]!), own.length, own.filter((frame) => frame.change?.flip).length]);
      assert.equal(own[0]!.change, null);
      const given = new Map(own.map(({ label }) => [label, own.filter((frame) => frame.label === label).length]));
      assert.deepEqual(clip.classes.filter((each) => each.frames > 0).map((each) => each.frames), [...given.values()].sort((a, b) => b - a).slice(0, 6));
      for (const { name, frames: count } of clip.classes) assert.equal(count, given.get(name) ?? 0);
    }
    assert.deepEqual([result.clean!.precisionAt1.count, result.neighbourPrecision[0]!.precision], [lines.filter((frame) => frame.label === frame.truth).length, result.clean!.precisionAt1]);
    assert.deepEqual([...new Set(lines.map((frame) => frame.truth))], result.clips.map((clip) => clip.name), 'a class folder a clip');
  });

  it('sees in a frame what an evaluation sees in that picture', async () => {
    const evaluation = join(folder, 'evaluation');
    await evaluate({ model: exampleModels.patches, images: frames(), run: evaluation, distortions: [{ name: 'crop', strength: 10 }] }, quiet());
    const tops = new Map(readPairsOf(evaluation).map(({ image, topA }) => [image, topA]));
    for (const { image, top } of framesOf(run)) assert.deepEqual(top, tops.get(image), image);
  });

  it('draws the probabilities of each clip’s own classes over time', async () => {
    for (const [index, clip] of result.clips.entries()) {
      const { probabilities, flips } = await clipCurves({ run, clip: index });
      const own = await framesPage({ run, start: clip.start, end: clip.start + clip.frames });
      assert.deepEqual(flips, own.flatMap((frame, at) => (frame.change?.flip ? [at] : [])));
      assert.deepEqual(probabilities.map((curve) => curve.length), clip.classes.map(() => 40));
      for (const [place, { name, meanProbability }] of clip.classes.entries()) {
        const curve = probabilities[place]!;
        assert.ok(Math.abs(curve.reduce((sum, value) => sum + value, 0) / 40 - meanProbability) < 1e-4, name);
        own.forEach((frame, at) => {
          const known = frame.top.find(([label]) => label === name);
          if (known) assert.ok(Math.abs(known[1] - curve[at]!) <= 5.1e-5, `${frame.image}: ${name}`);
        });
      }
    }
  });

  it('pages frames, and shows their pictures', async () => {
    assert.deepEqual((await framesPage({ run, start: 38, end: 42 })).map(({ image }) => image), ['acanthus/038.png', 'acanthus/039.png', 'airplane/000.png', 'airplane/001.png']);
    assert.deepEqual(await framesPage({ run, start: 360, end: 400 }), []);
    assert.equal((await framesPage({ run, start: -5, end: 400 })).length, 360);
    const { picture, width, height } = await framePicture({ run, frame: 41, size: 96 });
    const [shown, original] = await Promise.all([sharp(picture).raw().toBuffer(), sharp(join(frames(), 'airplane/001.png')).removeAlpha().toColourspace('srgb').raw().toBuffer()]);
    assert.deepEqual([width, height], [96, 96]);
    assert.ok(shown.equals(original), 'at the model’s input size nothing is lost');
    await assert.rejects(framePicture({ run, frame: 360, size: 96 }), { name: 'UserError', message: `the run in ${run} has no frame 360` });
    await assert.rejects(clipCurves({ run, clip: 9 }), { name: 'UserError', message: `the run in ${run} has no clip 9` });
  });

  it('is a run like others: listed, read, not compared', async () => {
    const [listed] = (await listRuns(folder)).filter((each) => each.run === run);
    assert.deepEqual([listed!.kind, listed!.state, listed!.summary], ['sequence', 'done', `${(100 * result.labelInstability.value).toFixed(1)} % of neighbouring frames differ in their label (${result.labelInstability.count} flips in 360 frames)`]);
    assert.deepEqual(await readRun(run), JSON.parse(JSON.stringify(result)));
    await assert.rejects(compareRuns(run, run), { name: 'UserError', message: /is of video frames: only evaluations and stabilizations are compared$/ });
    await assert.rejects(sequence({ model: exampleModels.patches, images: frames(), run }, quiet()), { name: 'UserError', message: `the run folder ${run} holds a run already` });
  });

  it('counts no pair across a frame that cannot be read, and none across clips', async () => {
    const images = await writePictures(join(folder, 'gaps'), ['a/1.png', 'a/2.png', 'a/4.png', 'b/1.png', 'b/2.png', 'c/2.png']);
    for (const broken of ['a/3.png', 'c/1.png', 'd/1.png']) writeText(join(images, broken), 'no picture');
    const gaps = join(folder, 'gaps-run');
    const { clips, labelInstability, images: counted, warnings } = await sequence({ model: writeModel(join(folder, 'small.onnx'), smallModel({ classes: 4 })), images, run: gaps }, quiet());
    assert.equal(labelInstability.of, 2, 'a/1–a/2 and b/1–b/2');
    assert.deepEqual(clips.map(({ name, start, frames: count }) => [name, start, count]), [['a', 0, 3], ['b', 3, 2], ['c', 5, 1]]);
    assert.deepEqual(counted.skipped.map(({ path }) => path), ['a/3.png', 'c/1.png', 'd/1.png']);
    assert.ok(warnings.some((warning) => warning.startsWith('3 of 9 frames could not be read')));
    assert.deepEqual(framesOf(gaps).map((frame) => frame.change === null), [true, false, true, true, false, true]);
    assert.equal((await clipCurves({ run: gaps, clip: 2 })).probabilities.length, 4);
  });

  it('a job that is cancelled leaves a run that says so', async () => {
    const cancelled = join(folder, 'cancelled');
    const { job } = testJob(({ done }, abort) => { if (done === 5) abort(); });
    await assert.rejects(sequence({ model: exampleModels.patches, images: frames(), run: cancelled }, job), { name: 'CancelledError' });
    const state = await readState(cancelled);
    assert.deepEqual([state?.state, state?.kind], ['cancelled', 'sequence']);
  });

  it('names what is damaged', async () => {
    const model = writeModel(join(folder, 'damaged.onnx'), smallModel());
    const images = await writePictures(join(folder, 'damaged'), ['1.png', '2.png', '3.png']);
    const damage: [title: string, file: string, work: (path: string) => void, message: RegExp][] = [
      ['cut short', 'frames.jsonl', (path) => truncateSync(path, 200), /its frames\.jsonl is damaged$/],
      ['longer', 'frames.jsonl', (path) => appendFileSync(path, '{}\n'), /its frames\.jsonl is damaged$/],
      ['missing', 'frames.jsonl', (path) => rmSync(path), /its frames\.jsonl is missing$/],
      ['cut short', 'frames.curves', (path) => truncateSync(path, 5), /its frames\.curves is missing or damaged$/],
      ['no JSON', 'run.json', (path) => writeFileSync(path, '{"kind":"sequence","runVersion":1}'), /its model is missing or damaged$/],
    ];
    for (const [index, [title, file, work, message]] of damage.entries()) {
      const damaged = join(folder, `damaged-${index}`);
      await sequence({ model, images, run: damaged }, quiet());
      work(join(damaged, file));
      await assert.rejects(clipCurves({ run: damaged, clip: 0 }), { name: 'UserError', message }, `${file} ${title}`);
    }
  });
});
