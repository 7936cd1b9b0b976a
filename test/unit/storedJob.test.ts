import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText } from '../../src/engine/configText.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { hashModels } from '../../src/engine/hashModels.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { listRuns } from '../../src/engine/runs/listRuns.ts';
import { readStoredJob, withStoredJob } from '../../src/engine/runs/storedJob.ts';
import { renameRun } from '../../src/engine/runs/runName.ts';
import { sequence } from '../../src/engine/sequence.ts';
import { exampleModels, examplePictures, quiet, temporaryFolder, writeText } from './engineHarness.ts';

describe('what a run was asked for', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const run = join(folder, 'runs', 'one');
  const options = () => ({ model: exampleModels.digits, images: examplePictures('digits/test'), run, limit: 20, seed: 5, threads: 1, distortions: [{ name: 'jpeg', strength: 40 }] });

  before(async () => {
    await withStoredJob({ kind: 'evaluate', options: options() }, () => evaluate(options(), quiet()));
  });

  it('stays in its folder', async () => {
    assert.deepEqual(await readStoredJob(run), { kind: 'evaluate', options: options() });
  });

  it('is told by the result where nothing was kept', async () => {
    const bare = join(folder, 'bare');
    await evaluate({ ...options(), run: bare }, quiet());
    const { kind, options: told } = await readStoredJob(bare);
    assert.deepEqual([kind, told], ['evaluate', { model: exampleModels.digits, images: examplePictures('digits/test'), run: bare, seed: 5, distortions: options().distortions }]);
  });

  it('is kept of video frames too, and told by their result', async () => {
    const { distortions: _distortions, ...rest } = options();
    const [kept, bare] = [join(folder, 'frames'), join(folder, 'bare-frames')];
    await withStoredJob({ kind: 'sequence', options: { ...rest, run: kept } }, () => sequence({ ...rest, run: kept }, quiet()));
    await sequence({ ...rest, run: bare }, quiet());
    assert.deepEqual(await readStoredJob(kept), { kind: 'sequence', options: { ...rest, run: kept } });
    assert.deepEqual(await readStoredJob(bare), { kind: 'sequence', options: { model: rest.model, images: rest.images, run: bare, seed: 5 } });
  });

  it('leaves nothing where the job left no run', async () => {
    const none = join(folder, 'none');
    const failing = withStoredJob({ kind: 'evaluate', options: { ...options(), run: none } }, () => Promise.reject(new Error('before the run began')));
    await assert.rejects(failing, /before the run began/);
    assert.ok(!existsSync(none));
  });

  it('becomes a configuration that keeps its gates', async () => {
    const file = writeText(join(folder, 'model-stability.json'), JSON.stringify({ seed: 9, maxLabelInstability: 0.2 }));
    const text = await configText({ file, run, options: { alpha: 0.5, seed: 1 } });
    const { images, ...rest } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(rest, { limit: 20, seed: 5, threads: 1, distortion: ['jpeg:40'], alpha: 0.5, maxLabelInstability: 0.2 });
    assert.equal(join(folder, images as string), examplePictures('digits/test'));
  });

  const damaged: [name: string, content: string, message: RegExp][] = [
    ['no JSON', '{', /options of the run in .*one-damaged cannot be read: options\.json is no JSON/],
    ['another JSON', '{"kind":"bake"}', /options\.json is damaged/],
  ];
  for (const [name, content, message] of damaged) {
    it(`that is ${name} is an error that names the run`, async () => {
      const broken = join(folder, 'one-damaged');
      mkdirSync(broken, { recursive: true });
      writeText(join(broken, 'options.json'), content);
      await assert.rejects(readStoredJob(broken), { name: 'UserError', message });
    });
  }

  describe('the name of a run', () => {
    const nameOf = async (): Promise<string | undefined> => (await listRuns(join(folder, 'runs')))[0]?.name;

    it('stays in its folder, is listed, and is taken away by an empty one', async () => {
      await renameRun(run, '  low quality ');
      assert.equal(await nameOf(), 'low quality');
      await renameRun(run, ' ');
      assert.equal(await nameOf(), undefined);
    });

    it('that is damaged hides nothing', async () => {
      writeText(join(run, 'name.json'), '{"name": 3');
      assert.equal(await nameOf(), undefined);
      assert.equal((await listRuns(join(folder, 'runs'))).length, 1);
    });

    it('is refused where there is no run, or when it is endless', async () => {
      await assert.rejects(renameRun(join(folder, 'nowhere'), 'x'), { name: 'UserError', message: /^there is no run in/ });
      await assert.rejects(renameRun(run, 'x'.repeat(201)), { name: 'UserError', message: /at most 200/ });
    });
  });

  it('models are found by their content; what is no model is named in the log', async () => {
    const lines: string[] = [];
    const other = writeText(join(folder, 'notes.onnx'), 'no model');
    const { sha256 } = await inspect({ model: exampleModels.digits });
    assert.deepEqual(await hashModels([exampleModels.digits, other], (line) => lines.push(line)), { [exampleModels.digits]: sha256 });
    assert.deepEqual(lines.map((line) => line.includes('notes.onnx')), [true]);
    assert.equal(readFileSync(other, 'utf8'), 'no model');
  });
});
