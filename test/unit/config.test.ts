import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { configJsonSchema, schemaFile } from '../../scripts/makeConfigSchema.ts';
import { withConfig } from '../../src/cli/configFile.ts';
import { addEvaluateOptions, addStabilizeOptions, type Given } from '../../src/cli/options.ts';
import { configOf, configOptions, configSchema, readConfig } from '../../src/engine/config.ts';
import { temporaryFolder, writeText } from './engineHarness.ts';

/** Options that concern a single call, so that no configuration has them. */
const ofOneCall = ['config', 'json', 'progress', 'run', 'output', 'resume'];
/** What only an editor reads. */
const ofEditors = ['$schema', 'models'];

describe('model-stability.json', () => {
  const folder = temporaryFolder();
  const write = (content: unknown): string => writeText(join(folder, 'model-stability.json'), JSON.stringify(content));

  it('has every option of the command line that does not concern a single call, and no other', () => {
    const options = [addEvaluateOptions(new Command()), addStabilizeOptions(new Command())].flatMap((command) => command.options.map((option) => option.attributeName()));
    const wanted = new Set(options.filter((name) => !ofOneCall.includes(name)));
    assert.deepEqual(Object.keys(configSchema.entries).filter((key) => !ofEditors.includes(key)).sort(), [...wanted].sort());
  });

  it('has a JSON schema that is the engine\'s own (npm run generate:schema)', () => {
    assert.equal(readFileSync(schemaFile, 'utf8'), configJsonSchema());
  });

  it('gives paths relative to itself', async () => {
    const config = await readConfig(write({ models: ['models/a.onnx'], images: 'pictures', labels: '../labels.csv', classNames: '/names.txt' }));
    assert.deepEqual(config, { models: [join(folder, 'models/a.onnx')], images: join(folder, 'pictures'), labels: join(folder, '../labels.csv'), classNames: '/names.txt' });
  });

  const wrong: [name: string, content: unknown, message: RegExp][] = [
    ['an unknown key', { speed: 3 }, /model-stability\.json: unknown option: speed$/],
    ['a key of a single call', { run: 'here' }, /unknown option: run$/],
    ['a number out of range', { alpha: -1 }, /alpha: .*-1/],
    ['a share of one', { testShare: 1 }, /testShare: .*1/],
    ['a text for a number', { epochs: '3' }, /epochs: .*"3"/],
    ['an unknown distortion', { distortion: ['jpeg', 'blurr:3'] }, /distortion\.1: /],
    ['a strength out of range', { distortion: ['jpeg:101'] }, /distortion\.0: the strength of jpeg must be from 1 to 100, not 101$/],
    ['a limit on nothing', { maxLabelInstability: { blurr: 0.1 } }, /maxLabelInstability/],
    ['a list', [1], /is no JSON object$/],
  ];
  for (const [name, content, message] of wrong) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(readConfig(write(content)), { name: 'UserError', message });
    });
  }

  it('refuses what is no JSON', async () => {
    await assert.rejects(readConfig(writeText(join(folder, 'broken.json'), '{"alpha"')), { name: 'UserError', message: /^cannot read the configuration .*broken\.json: / });
  });

  it('in the engine\'s options, and back', () => {
    const config = {
      images: '/data/pictures', labels: '/data/labels.csv', limit: 7, seed: 3, resize: 'crop', range: '0-1', mean: [0.5], featureLayer: 'features', threads: 2,
      distortion: ['jpeg:30', 'crop:10'], pairs: 'worst:5', train: 'last:2', alpha: 0.1, epochs: 3,
    } as const;
    const options = configOptions({ ...config, mean: [0.5], distortion: ['jpeg:30', 'crop'], maxLabelInstability: 0.1, models: ['/m.onnx'] });
    assert.deepEqual(options, {
      job: {
        images: '/data/pictures', labelsFile: '/data/labels.csv', limit: 7, seed: 3, featureLayer: 'features', threads: 2,
        distortions: [{ name: 'jpeg', strength: 30 }, { name: 'crop', strength: 10 }], preprocessing: { resize: 'crop', range: '0-1', mean: [0.5] },
      },
      evaluation: { pairs: { worst: 5 } }, training: { train: 'last:2', alpha: 0.1, epochs: 3 }, gates: { maxLabelInstability: 0.1 }, models: ['/m.onnx'],
    });
    const back = configOf({ ...options.job, ...options.evaluation, ...options.training }, '/data');
    assert.deepEqual(back, { ...config, images: 'pictures', labels: 'labels.csv' });
  });

  describe('on the command line', () => {
    const given = async (args: string[]): Promise<Given> => {
      const command = addEvaluateOptions(new Command()).argument('<model>').exitOverride();
      command.parse(args, { from: 'user' });
      return await withConfig(command, command.opts<Given>());
    };
    const model = join(folder, 'model.onnx');

    it('is found beside the model, its paths relative to it, what concerns other commands left out', async () => {
      write({ images: 'pictures', alpha: 0.5, limit: 7, models: ['model.onnx'] });
      assert.deepEqual(await given([model, '--limit', '3']), { images: join(folder, 'pictures'), limit: 3 });
    });

    it('may not say where to write when nobody named it', async () => {
      const file = write({ run: '/somewhere' });
      await assert.rejects(given([model]), { name: 'UserError', message: `${file}: unknown option: run` });
      assert.equal((await given([model, '--config', file])).run, '/somewhere');
    });

    const limits: [name: string, content: unknown, args: string[], limit: Given['maxLabelInstability']][] = [
      ['one limit', { maxLabelInstability: 0.1 }, [], 0.1],
      ['limits of distortions', { maxLabelInstability: { 'jpeg:50': 0.1, '*': 0.2 } }, [], { 'jpeg:50': 0.1, '*': 0.2 }],
      ['the command line\'s', { maxLabelInstability: 0.1 }, ['--max-label-instability', 'crop=0.3'], { crop: 0.3 }],
      ['one for a distortion and one for the rest', {}, ['--max-label-instability', '0.2', '--max-label-instability', 'jpeg:50=0.3'], { '*': 0.2, 'jpeg:50': 0.3 }],
      ['the rest after a distortion', {}, ['--max-label-instability', 'jpeg:50=0.3', '--max-label-instability', '0.2'], { 'jpeg:50': 0.3, '*': 0.2 }],
    ];
    for (const [name, content, args, limit] of limits) {
      it(`gives gates: ${name}`, async () => {
        write(content);
        assert.deepEqual((await given([model, ...args])).maxLabelInstability, limit);
      });
    }
  });
});
