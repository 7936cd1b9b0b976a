import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { evaluate } from '../../src/engine/evaluate.ts';
import { findPreprocessing } from '../../src/engine/findPreprocessing.ts';
import type { PreprocessingOptions } from '../../src/engine/options.ts';
import type { Preprocessing } from '../../src/engine/results.ts';
import { exampleModels, examplePictures, quiet, smallModel, temporaryFolder, testJob, writeModel, writePictures, writeText } from './engineHarness.ts';

const imageNet = { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'rgb' } as const;
const scaling = ({ range, mean, std, channels }: Preprocessing): object => ({ range, mean, std, channels });

describe('finding the preprocessing', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  // The right answers are those that the networks were trained with (examples/training/train.py).
  const cases: { name: string; model: string; images: Parameters<typeof examplePictures>[0]; limit: number; present: PreprocessingOptions; right: object }[] = [
    { name: 'patches told to be 0 to 255', model: exampleModels.patches, images: 'patches/test', limit: 90, present: { range: '0-255' }, right: imageNet },
    { name: 'patches with red and blue exchanged', model: exampleModels.patchesTensorFlowJs, images: 'patches/test', limit: 90, present: { ...imageNet, mean: [...imageNet.mean], std: [...imageNet.std], channels: 'bgr' }, right: imageNet },
    { name: 'digits told to be −1 to 1', model: exampleModels.digits, images: 'digits/train', limit: 1000, present: { range: '-1-1' }, right: { range: '0-1', mean: null, std: null, channels: 'gray' } },
  ];
  for (const { name, model, images, limit, present, right } of cases) {
    it(`finds what the network was trained with: ${name}`, async () => {
      const search = await findPreprocessing({ model, images: examplePictures(images), preprocessing: present, limit }, quiet());
      const [best] = search.trials;
      assert.deepEqual(scaling(best!.preprocessing), right);
      assert.equal(best!.present, false);
      const before = search.trials.find((trial) => trial.present)!;
      assert.ok(before.p! < 0.001 && before.precisionAt1!.high < best!.precisionAt1!.low, `${before.p}`);
      assert.match(search.verdict, /is better than the present preprocessing/);
    });
  }

  it('counts the same right answers as an evaluation with that preprocessing', async () => {
    const options = { model: exampleModels.patches, images: examplePictures('patches/test'), limit: 45, seed: 3 };
    const { trials } = await findPreprocessing(options, quiet());
    for (const index of [0, 4, 9]) {
      const { preprocessing, precisionAt1 } = trials[index]!;
      const { range, mean, std, channels, resize } = preprocessing;
      const chosen = { range, channels, resize, ...(mean ? { mean } : {}), ...(std ? { std } : {}) };
      const { clean } = await evaluate({ ...options, run: join(folder, `run-${index}`), preprocessing: chosen, distortions: [{ name: 'crop', strength: 10 }] }, quiet());
      assert.deepEqual(precisionAt1, clean!.precisionAt1, JSON.stringify(preprocessing));
    }
  });

  it('without labels goes by what the answers tell, not by confidence alone', async () => {
    const flat = join(folder, 'flat');
    mkdirSync(flat, { recursive: true });
    for (const name of readdirSync(examplePictures('patches/test'))) {
      for (const file of readdirSync(join(examplePictures('patches/test'), name)).slice(0, 10)) copyFileSync(join(examplePictures('patches/test'), name, file), join(flat, `${name}-${file}`));
    }
    const { trials, verdict } = await findPreprocessing({ model: exampleModels.patches, images: flat, preprocessing: { range: '0-255' } }, quiet());
    assert.deepEqual(scaling(trials[0]!.preprocessing), imageNet);
    assert.deepEqual([trials[0]!.precisionAt1, trials[0]!.p, trials[1]!.p], [null, null, null]);
    assert.match(verdict, /Without labels this is a hint, no proof\.$/);
    for (const { information } of trials) assert.ok(information >= 0 && information <= Math.log(9), 'at most what nine classes can tell');
  });

  it('says that a model that answers everything alike tells nothing', async () => {
    const model = writeModel(join(folder, 'small.onnx'), smallModel());
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } }).png().toBuffer();
    for (const name of ['a.png', 'b.png']) writeText(join(folder, 'same', name), picture);
    const { trials, warnings } = await findPreprocessing({ model, images: join(folder, 'same') }, quiet());
    for (const { information, differentLabels } of trials) assert.deepEqual([Math.round(information * 1e9), differentLabels], [0, 1]);
    assert.deepEqual(warnings, ['Every picture is given the same label, however it is prepared.']);
  });

  it('tries each scaling and order once, and ways of resizing only where they differ', async () => {
    const model = writeModel(join(folder, 'resize.onnx'), smallModel());
    const square = await findPreprocessing({ model, images: await writePictures(join(folder, 'square'), ['a.png', 'b.png'], 8) }, quiet());
    assert.equal(square.trials.length, 10 + 3, 'five scalings, rgb and bgr; a square is another picture only where less than all of it is kept');
    assert.equal(new Set(square.trials.map(({ preprocessing }) => JSON.stringify(preprocessing))).size, 10 + 3);
    const wide = await sharp({ create: { width: 40, height: 8, channels: 3, background: 'white' } }).composite([{ input: { create: { width: 10, height: 8, channels: 3, background: 'red' } }, left: 0, top: 0 }]).png().toBuffer();
    writeText(join(folder, 'wide', 'a.png'), wide);
    const { trials } = await findPreprocessing({ model, images: join(folder, 'wide') }, quiet());
    assert.equal(trials.length, 10 + 3 * 3, 'the best three scalings with three more ways');
    assert.equal(trials.filter(({ present }) => present).length, 1);
  });

  it('is the same for the same seed, and takes another sample for another', async () => {
    const run = async (seed: number): Promise<unknown> => (await findPreprocessing({ model: exampleModels.digits, images: examplePictures('digits/test'), limit: 20, seed }, quiet())).trials;
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  });

  it('leaves out what cannot be read, counts it, and refuses where nothing can be', async () => {
    const model = writeModel(join(folder, 'skip.onnx'), smallModel());
    const images = await writePictures(join(folder, 'skip'), ['a.png', 'b.png']);
    writeText(join(images, 'c.png'), 'no picture');
    const search = await findPreprocessing({ model, images }, quiet());
    assert.deepEqual([search.images.total, search.images.evaluated, search.images.skipped.map(({ path }) => path)], [3, 2, ['c.png']]);
    writeText(join(folder, 'none', 'c.png'), 'no picture');
    await assert.rejects(findPreprocessing({ model, images: join(folder, 'none') }, quiet()), { name: 'UserError', message: /^none of the 1 pictures can be read: c\.png: / });
    const one = writeModel(join(folder, 'one.onnx'), smallModel({ classes: 1 }));
    await assert.rejects(findPreprocessing({ model: one, images }, quiet()), { name: 'UserError', message: /one\.onnx cannot be found: it answers with one number, not with classes$/ });
  });

  it('stops when it is cancelled', async () => {
    const { job } = testJob(({ done }, abort) => { if (done === 2) abort(); });
    await assert.rejects(findPreprocessing({ model: exampleModels.digits, images: examplePictures('digits/test') }, job), { name: 'CancelledError' });
  });
});
