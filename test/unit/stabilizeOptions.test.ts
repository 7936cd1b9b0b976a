import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CancelledError } from '../../src/engine/job.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { exampleModels, quiet, sha256 } from './engineHarness.ts';
import { abortAt, stabilizations, weightsHash } from './stabilizeHarness.ts';

/** Every way to train, each with what of it the report must say. */
const ways: [name: string, options: Partial<StabilizeOptions>, said: object][] = [
  ['coloured noise', { noise: 'coloured' }, { noise: 'coloured' }],
  ['distortions in place of noise', { trainDistortions: [{ name: 'jpeg', strength: 20 }, { name: 'thumbnail', strength: 300 }], sigma: undefined }, { trainDistortions: [{ name: 'jpeg', strength: 20 }, { name: 'thumbnail', strength: 300 }], sigma: 0 }],
  ['three views', { views: 3 }, { views: 3, divergence: 'js' }],
  ['an α that rises', { alphaWarmup: 2 }, { alphaWarmup: 2 }],
  ['a cosine schedule', { schedule: 'cosine' }, { schedule: 'cosine' }],
  ['a clipped gradient', { clipNorm: 0.1 }, { clipNorm: 0.1 }],
  ['batches in parts', { microBatch: 8 }, { microBatch: 8 }],
  ['embeddings held to their own', { objective: 'embedding', train: 'last:1' }, { objective: 'embedding', targets: 'own embeddings' }],
  ['triplets', { objective: 'triplet', train: 'last:1', margin: 0.2 }, { objective: 'triplet', targets: 'triplets', margin: 0.2 }],
  ['the whole network', { train: 'all' }, { train: 'all' }],
];

describe('stabilize with', function () {
  this.timeout(120_000);
  const { prepared, run } = stabilizations();
  // Without a validation share the last epoch is the best as long as the training loss falls.
  const short = (options: Partial<StabilizeOptions>): StabilizeOptions => prepared({ limit: 100, epochs: 3, learningRate: 1e-3, validationShare: 0, ...options });
  let plain: string;
  before(async () => (plain = await weightsHash((await run(short({}))).output)));

  for (const [name, options, said] of ways) {
    it(`${name} says so, can be stopped and resumed with the same result, and gives other weights than without`, async () => {
      const result = await run(short(options));
      for (const [key, value] of Object.entries(said)) assert.deepEqual(result.options[key as keyof typeof result.options], value, key);
      assert.notEqual(await weightsHash(result.output), plain);
      const hash = sha256(result.output);
      const again = short(options);
      await assert.rejects(stabilize(again, abortAt(({ step, done }) => step.startsWith('training, α = 1') && done === 1)), CancelledError);
      assert.equal(sha256((await run({ ...again, resume: true })).output), hash);
    });

    it(`${name}, α = 0 is the control bit for bit`, async () => {
      const result = await run(short({ ...options, alpha: 0 }));
      assert.deepEqual(result.overControl.distortions.map(({ labelInstability }) => labelInstability!.difference), [0, 0]);
      assert.deepEqual(result.control.distortions.map(({ klDivergence }) => klDivergence), result.after.distortions.map(({ klDivergence }) => klDivergence));
    });
  }

  it('distortions in place of noise marks what was trained on', async () => {
    const result = await run(short({ trainDistortions: [{ name: 'jpeg', strength: 20 }], sigma: undefined }));
    for (const name of ['before', 'control', 'after'] as const) assert.deepEqual(result[name].distortions.map((each) => [each.name, each.trainedOn ?? false]), [['gaussian-noise', false], ['jpeg', true]]);
    const noisy = await run(short({}));
    assert.deepEqual(noisy.after.distortions.map((each) => each.trainedOn ?? false), [true, false]);
  });

  const contradictions: [Partial<StabilizeOptions>, string][] = [
    [{ views: 3, divergence: 'kl' }, 'three views are compared by the divergence js, not kl'],
    [{ views: 3, objective: 'embedding' }, 'three views go with the objective classification, not embedding'],
    [{ trainDistortions: [{ name: 'jpeg', strength: 20 }] }, 'give either noise (--sigma) or distortions (--train-distortion) to train with, not both'],
    [{ trainDistortions: [{ name: 'jpeg', strength: 20 }], sigma: undefined, noise: 'coloured' }, 'give either noise (--noise) or distortions (--train-distortion) to train with, not both'],
    [{ trainDistortions: [{ name: 'blurr', strength: 20 }], sigma: undefined }, 'unknown distortion: blurr (known: '],
  ];
  it('options that exclude each other is an error that names them', async () => {
    for (const [options, message] of contradictions) {
      const given = short(options);
      await assert.rejects(stabilize(given, quiet()), (error: Error) => error.name === 'UserError' && error.message.startsWith(message));
      assert.ok(!existsSync(join(dirname(given.run), 'run', 'run.json')));
    }
  });

  it('the TensorFlow.js example gives a file too where the whole network is trained', async () => {
    const result = await run({ ...prepared({ limit: 60, epochs: 1, train: 'all' }, exampleModels.digitsTensorFlowJs) });
    assert.ok(result.trained.parameters > 10_000);
  });
});
