import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CancelledError } from '../../src/engine/job.ts';
import type { StabilizeOptions } from '../../src/engine/options.ts';
import type { Progress } from '../../src/engine/results.ts';
import { readRun } from '../../src/engine/runs/runFolder.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { hashesBelow, quiet, sha256, testJob } from './engineHarness.ts';
import { abortAt, stabilizations } from './stabilizeHarness.ts';

describe('stabilize', function () {
  this.timeout(120_000);
  const { prepared, run } = stabilizations();

  describe('resumed after a stop', () => {
    const cases: [name: string, where: (progress: Progress) => boolean][] = [
      ['in the middle of the training pictures\' features', ({ step, done }) => step === 'features of the training pictures' && done === 20],
      ['in the middle of the validation pictures\' features', ({ step, done }) => step === 'features of the validation pictures' && done === 5],
      ['before the first epoch', ({ step, done }) => step.startsWith('training, α = 0') && done === 0],
      ['in the middle of the control\'s training', ({ step, done }) => step.startsWith('training, α = 0') && done === 2],
      ['in the middle of the training', ({ step, done }) => step.startsWith('training, α = 1') && done === 2],
      ['in the middle of the evaluation', ({ step, done }) => step.startsWith('evaluating') && done === 4],
    ];
    let whole: string;
    before(async () => (whole = sha256((await run(prepared({ epochs: 4 }))).output)));
    for (const [name, where] of cases) {
      it(`${name}, it gives the same file`, async () => {
        const options = prepared({ epochs: 4 });
        const original = hashesBelow(dirname(options.model));
        await assert.rejects(stabilize(options, abortAt(where)), CancelledError);
        await assert.rejects(readRun(options.run), { message: 'the run run was cancelled' });
        assert.deepEqual(hashesBelow(dirname(options.model)), original, 'the model\'s folder was touched');
        assert.equal(sha256((await run({ ...options, resume: true })).output), whole);
      });
    }

    it('does not make the features of a picture twice', async () => {
      const options = prepared();
      await assert.rejects(stabilize(options, abortAt(({ step, done }) => step === 'features of the validation pictures' && done === 5)), CancelledError);
      const first: Record<string, number> = {};
      await stabilize({ ...options, resume: true }, testJob(({ step, done }) => {
        // The first report of a step is its beginning, the second what was found done.
        if (step.startsWith('features') && done > 0) first[step] ??= done;
      }).job);
      assert.equal(first['features of the training pictures'], 72);
      assert.ok(first['features of the validation pictures']! >= 5);
    });

    const others: [Partial<StabilizeOptions>, string][] = [
      [{ learningRate: 0.01 }, 'its learning rate was 0.001, now it is 0.01'], [{ alpha: 0.5 }, 'its alpha was 1, now it is 0.5'],
      [{ sigma: undefined }, 'its sigma was 0.1, now it is not given'], [{ seed: 5 }, 'its seed was 0, now it is 5'], [{ limit: 100 }, 'the pictures are others now'],
      [{ divergence: 'js' }, 'its divergence was cross-entropy, now it is js'], [{ epochs: 9 }, 'its epochs was 3, now it is 9'], [{ testShare: 0.3 }, 'its test share was 0.2, now it is 0.3'],
      [{ featureLayer: '/Flatten' }, 'its feature layer was /Relu_2_output_0, now it is /Flatten_output_0'],
    ];
    it('with another option is an error that names it', async () => {
      const options = prepared();
      await assert.rejects(stabilize(options, abortAt(({ done }) => done === 3)), CancelledError);
      for (const [other, difference] of others) {
        await assert.rejects(stabilize({ ...options, ...other, resume: true }, quiet()), { name: 'UserError', message: `the run in ${options.run} cannot be resumed: ${difference}` });
      }
      await run({ ...options, resume: true });
      await assert.rejects(stabilize({ ...options, resume: true }, quiet()), { name: 'UserError', message: `the run in ${options.run} is finished: there is nothing to resume` });
      assert.equal((await readRun(options.run)).state, 'done');
    });

    it('needs a run', async () => {
      const options = prepared();
      await assert.rejects(stabilize({ ...options, resume: true }, quiet()), { name: 'UserError', message: `there is no run in ${options.run}` });
      assert.ok(!existsSync(options.run));
    });
  });
});
