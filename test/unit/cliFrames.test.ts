import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreprocessingSearch, Sequence } from '../../src/engine/results.ts';
import { buildCommandLine, exampleModels, examplePictures, temporaryFolder } from './engineHarness.ts';

describe('the command line on pictures as they are', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let program: string;
  before(() => { program = buildCommandLine(); });

  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', cwd: folder });

  it('sequence prints one JSON object, which is the run’s, and a table for people', () => {
    const args = ['sequence', exampleModels.patches, '--images', examplePictures('frames'), '--limit', '80'];
    const json = run(...args, '--run', join(folder, 'run'), '--json');
    assert.deepEqual([json.status, json.stderr], [0, '']);
    const result = JSON.parse(json.stdout) as Sequence;
    assert.deepEqual([result.kind, result.images.evaluated, result.clips.map(({ name }) => name)], ['sequence', 80, ['acanthus', 'airplane']]);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8')), result);
    const { count, of, value } = result.labelInstability;
    const text = run(...args, '--run', join(folder, 'text'));
    assert.equal(text.status, 0);
    for (const part of [/80 frames in 2 clips, precision@1 /, new RegExp(`^acanthus +40 +${result.clips[0]!.flips} +acanthus$`, 'm'), new RegExp(`labels differ in ${(100 * value).toFixed(1)} % \\(.*\\) of ${of} pairs`), /k = 0: .*, k = 1: .*, k = 5: .*, k = 10: /]) assert.match(text.stdout, part);
    assert.ok(count > 0);
  });

  it('find-preprocessing prints one JSON object, and the options that adopt the best', () => {
    const args = ['find-preprocessing', exampleModels.patches, '--images', examplePictures('patches/test'), '--limit', '45', '--range', '0-255'];
    const json = run(...args, '--json');
    assert.deepEqual([json.status, json.stderr], [0, '']);
    const { trials } = JSON.parse(json.stdout) as PreprocessingSearch;
    assert.deepEqual([trials[0]!.preprocessing.mean, trials.filter(({ present }) => present).length], [[0.485, 0.456, 0.406], 1]);
    const text = run(...args);
    assert.match(text.stdout, /^range 0-255, rgb, stretch \(present\) /m);
    const options = /^use it with: (.*)$/m.exec(text.stdout)![1]!.split(' ');
    assert.deepEqual(options, ['--resize', 'stretch', '--interpolation', 'bilinear', '--range', '0-1', '--mean', '0.485,0.456,0.406', '--std', '0.229,0.224,0.225', '--channels', 'rgb']);
    const again = run('find-preprocessing', exampleModels.patches, '--images', examplePictures('patches/test'), '--limit', '45', ...options, '--json');
    assert.ok((JSON.parse(again.stdout) as PreprocessingSearch).trials[0]!.present, 'with these options the best is the present one');
  });

  const wrong: [name: string, args: string[], status: number, message: RegExp][] = [
    ['sequence without pictures', ['sequence', exampleModels.patches], 2, /--images <dir> is missing/],
    ['sequence of single pictures', ['sequence', exampleModels.patches, '--images', examplePictures('frames'), '--limit', '1'], 1, /^model-stability: no folder of .*frames holds two frames: nothing has a neighbour$/m],
    ['sequence of a folder that is not there', ['sequence', exampleModels.patches, '--images', 'nowhere'], 1, /^model-stability: there is no folder .*nowhere$/m],
    ['find-preprocessing with a mean that does not fit', ['find-preprocessing', exampleModels.digits, '--images', examplePictures('digits/test'), '--mean', '0.1,0.2,0.3'], 1, /mean has 3 values, but .* has 1 channel/],
    ['find-preprocessing of no model', ['find-preprocessing', join(examplePictures('frames'), 'cat/000.png'), '--images', examplePictures('frames')], 1, /^model-stability: .*000\.png/m],
  ];
  for (const [name, args, status, message] of wrong) {
    it(`names the culprit: ${name}`, () => {
      const result = run(...args);
      assert.equal(result.status, status, result.stderr);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, message);
    });
  }
});
