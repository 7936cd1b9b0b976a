import assert from 'node:assert/strict';
import { Command, CommanderError } from 'commander';
import { addStabilizeOptions, stabilizeOptions, type Given } from '../../src/cli/options.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';

/** What the engine is given for some words of the command line. */
function read(...words: string[]): StabilizeOptions {
  const command = addStabilizeOptions(new Command('stabilize').exitOverride().configureOutput({ writeErr: () => undefined }));
  command.parse(['--images', 'pictures', ...words], { from: 'user' });
  return stabilizeOptions('model.onnx', { images: 'pictures', ...command.opts<Given>() });
}

describe('options of training on the command line', () => {
  const cases: [words: string, options: Partial<StabilizeOptions>][] = [
    ['--objective triplet --margin 0.3', { objective: 'triplet', margin: 0.3 }],
    ['--noise coloured --views 3', { noise: 'coloured', views: 3 }],
    ['--train-distortion jpeg:20 --train-distortion crop', { trainDistortions: [{ name: 'jpeg', strength: 20 }, { name: 'crop', strength: 10 }] }],
    ['--alpha-warmup 5 --schedule cosine --clip-norm 1.5', { alphaWarmup: 5, schedule: 'cosine', clipNorm: 1.5 }],
    ['--update-statistics --micro-batch 4', { updateStatistics: true, microBatch: 4 }],
    ['--sweep', { sweep: 'grid' }],
    ['--sweep random --sweep-points 9', { sweep: 'random', sweepPoints: 9 }],
    ['--device gpu', { device: 'gpu' }],
  ];
  for (const [words, options] of cases) {
    it(words, () => {
      const { model: _model, images: _images, run: _run, preprocessing: _preprocessing, ...found } = read(...words.split(' '));
      assert.deepEqual(found, options);
    });
  }

  for (const words of ['--objective ranking', '--margin -1', '--noise pink', '--views 4', '--train-distortion blurr', '--alpha-warmup 0.5', '--schedule steps', '--clip-norm 0', '--micro-batch 0', '--sweep wide', '--sweep-points 0', '--device tpu']) {
    it(`${words} is refused`, () => assert.throws(() => read(...words.split(' ')), CommanderError));
  }
});
