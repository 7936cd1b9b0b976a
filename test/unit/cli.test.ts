import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { distort } from '../../src/engine/distortions/index.ts';
import { decodePicture } from '../../src/engine/pictures/decode.ts';
import { buildCommandLine, exampleModels, examplePictures, filesBelow, readPairsOf, temporaryFolder, writePictures, writeText } from './engineHarness.ts';

const root = resolve(import.meta.dirname, '../..');
let program: string;

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built program. `until` sends a signal when stderr holds a text. */
function cli(args: readonly string[], { cwd = root, until }: { cwd?: string; until?: [text: string, signal: NodeJS.Signals] } = {}): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, sent] = ['', '', false];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (until && !sent && stderr.includes(until[0])) sent = child.kill(until[1]);
    });
    child.on('error', failed);
    child.on('close', (status) => done({ status, stdout, stderr }));
  });
}

/** The one JSON object that stands on stdout, and nothing else. */
function only(outcome: Outcome): unknown {
  assert.ok(outcome.stdout.endsWith('}\n') && outcome.stdout.startsWith('{') && outcome.stdout.trimEnd().split('\n').length === 1, `stdout: ${outcome.stdout.slice(0, 300)} stderr: ${outcome.stderr}`);
  return JSON.parse(outcome.stdout);
}

describe('the command line', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let images: string;
  let few: string[];

  before(() => {
    program = buildCommandLine();
    images = examplePictures('digits/test');
    few = ['--images', images, '--limit', '20', '--threads', '1'];
  });

  let runs = 0;
  const newRun = (): string[] => ['--run', join(folder, `run-${++runs}`)];

  describe('exit status', () => {
    const model = exampleModels.digits;
    const cases: [name: string, args: () => string[], status: number, stderr: RegExp][] = [
      ['0 for inspect', () => ['inspect', model], 0, /^$/],
      ['0 for evaluate', () => ['evaluate', model, ...few, ...newRun()], 0, /^$/],
      ['0 for --help', () => ['--help'], 0, /^$/],
      ['0 for --version', () => ['--version'], 0, /^$/],
      ['1 for a missing model', () => ['inspect', '/nowhere/m.onnx'], 1, /^model-stability: no such file: \/nowhere\/m\.onnx\n$/],
      ['1 for a missing folder', () => ['evaluate', model, '--images', '/nowhere', ...newRun()], 1, /^model-stability: .*\/nowhere.*\n$/],
      ['1 for a broken configuration', () => ['inspect', model, '--config', writeText(join(folder, 'broken.json'), '{"range"')], 1, /^model-stability: cannot read the configuration .*broken\.json: .*\n$/],
      ['2 without a command', () => [], 2, /Usage: model-stability/],
      ['2 for an unknown command', () => ['walk'], 2, /^error: unknown command 'walk'/],
      ['2 for an unknown option', () => ['inspect', model, '--speed', '5'], 2, /^error: unknown option '--speed'/],
      ['2 without a model', () => ['inspect'], 2, /^error: missing required argument 'model'/],
      ['2 for one argument too many', () => ['inspect', model, model], 2, /^error: too many arguments/],
      ['2 without pictures', () => ['evaluate', model], 2, /^error: --images <dir> is missing\n$/],
      ['2 for an unknown distortion', () => ['evaluate', model, ...few, '--distortion', 'blurr'], 2, /unknown distortion: blurr \(known: crop, gaussian-noise, jpeg, thumbnail\)/],
      ['2 for a strength out of range', () => ['evaluate', model, ...few, '--distortion', 'jpeg:101'], 2, /the strength of jpeg must be from 1 to 100, not 101/],
      ['2 for an engine that there is not', () => ['evaluate', model, ...few, '--engine', 'abacus'], 2, /Allowed choices are onnxruntime, tensorflow/],
      ['2 for half a picture', () => ['evaluate', model, '--images', images, '--limit', '1.5'], 2, /Expected a whole number from 1\./],
      ['2 for shares that are none', () => ['stabilize', model, ...few, '--test-share', '1'], 2, /Expected a number from 0 to below 1\./],
      ['2 for an unknown part', () => ['stabilize', model, ...few, '--train', 'tail'], 2, /Expected head, last:N, batch-norm or all\./],
      ['2 for pairs of another kind', () => ['evaluate', model, ...few, '--pairs', 'best:3'], 2, /Expected all or worst:N\./],
      ['3 for labels that change too often', () => ['evaluate', model, ...few, ...newRun(), '--distortion', 'crop:10', '--max-label-instability', '0.1'], 3, /^model-stability: label instability at crop:10 is 0\.\d{4}, more than 0\.1\n$/],
      ['3 for too little precision', () => ['evaluate', model, ...few, ...newRun(), '--distortion', 'crop:10', '--min-precision', '0.9'], 3, /^model-stability: precision@1 at crop:10 is 0\.\d{4}, less than 0\.9\n$/],
      ['0 where gates are met', () => ['evaluate', model, ...few, ...newRun(), '--distortion', 'jpeg:90', '--min-precision', '0.5', '--max-label-instability', '0.5'], 0, /^$/],
    ];
    for (const [name, args, status, stderr] of cases) {
      it(name, async () => {
        const outcome = await cli(args(), { cwd: folder });
        assert.match(outcome.stderr, stderr);
        assert.equal(outcome.status, status, outcome.stderr);
        // A failure is one line; wrong usage adds where help is.
        if (status === 1 || status === 3) assert.equal(outcome.stderr.trimEnd().split('\n').length, 1);
      });
    }

    it('3 for precision that is not known', async () => {
      const plain = await writePictures(join(folder, 'plain'), ['1.png', '2.png']);
      const outcome = await cli(['evaluate', model, '--images', plain, ...newRun(), '--channels', 'gray', '--min-precision', '0.1', '--json'], { cwd: folder });
      assert.deepEqual([outcome.status, outcome.stderr], [3, 'model-stability: precision@1 is not known, because the pictures have no labels\n']);
      assert.equal((only(outcome) as { clean: null }).clean, null);
    });

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`130 for ${signal}; the run says that it was cancelled, and nothing else is left`, async () => {
        const inside = join(folder, signal);
        mkdirSync(inside);
        const copy = join(inside, 'patches.onnx');
        cpSync(exampleModels.patches, copy);
        const run = join(inside, 'run');
        const outcome = await cli(['stabilize', copy, '--images', examplePictures('patches/train'), '--run', run, '--progress', '--json'], { cwd: inside, until: ['features of the training pictures', signal] });
        assert.equal(outcome.status, 130, outcome.stderr);
        assert.deepEqual([outcome.stdout, outcome.stderr.endsWith('model-stability: cancelled\n')], ['', true]);
        assert.equal((JSON.parse(readFileSync(join(run, 'state.json'), 'utf8')) as { state: string }).state, 'cancelled');
        assert.deepEqual(filesBelow(inside).filter((file) => !file.startsWith('run/')), ['patches.onnx']);
      });
    }
  });

  describe('--json prints exactly one object', () => {
    it('inspect', async () => {
      const info = only(await cli(['inspect', exampleModels.digits, '--json'])) as Record<string, unknown>;
      assert.deepEqual([info['format'], info['classes'], info['trainable'], info['output']], ['onnx', 10, true, 'probabilities']);
    });

    it('evaluate, also with --progress, which goes to stderr; and what is printed is run.json', async () => {
      const run = newRun();
      const outcome = await cli(['evaluate', exampleModels.digits, ...few, ...run, '--json', '--progress']);
      assert.deepEqual(only(outcome), JSON.parse(readFileSync(join(run[1]!, 'run.json'), 'utf8')));
      assert.match(outcome.stderr, /evaluating .*20\/20 pictures/);
    });

    it('compare', async () => {
      const [a, b] = [newRun(), newRun()];
      await cli(['evaluate', exampleModels.digits, ...few, ...a]);
      await cli(['evaluate', exampleModels.digitsTensorFlowJs, ...few, ...b]);
      const comparison = only(await cli(['compare', a[1]!, b[1]!, '--json'])) as { differences: string[]; distortions: unknown[] };
      assert.deepEqual([comparison.differences, comparison.distortions.length], [[], 4]);
      assert.match((await cli(['compare', a[1]!, b[1]!])).stdout, /newly stable/);
    });

    it('export, with a report in the language that was asked for', async () => {
      const run = newRun();
      await cli(['evaluate', exampleModels.digits, ...few, ...run]);
      for (const [options, language] of [[[], 'en'], [['--language', 'de'], 'de']] as const) {
        const { files } = only(await cli(['export', run[1]!, '--output', join(folder, language), '--pairs', '0', ...options, '--json'])) as { files: string[] };
        assert.deepEqual(files, [join(folder, `${language}.html`)]);
        assert.match(readFileSync(files[0]!, 'utf8'), new RegExp(`<html lang="${language}">`));
      }
    });

    it('stabilize, with the file where it was asked for', async () => {
      const output = join(folder, 'steady', 'digits.onnx');
      mkdirSync(dirname(output));
      const args = ['stabilize', exampleModels.digits, '--images', examplePictures('digits/train'), '--limit', '200', ...newRun(), '--alpha', '1', '--sigma', '0.1', '--epochs', '2', '--distortion', 'gaussian-noise:0.3', '--output', output, '--json'];
      const outcome = await cli(args);
      const result = only(outcome) as { accepted: boolean; output: string; options: { alpha: number } };
      assert.deepEqual([outcome.status, result.options.alpha, existsSync(result.output)], [result.accepted ? 0 : 3, 1, true]);
      assert.equal(result.output, result.accepted ? output : join(folder, 'steady', 'digits.rejected.onnx'));
    });

    it('distort; and errors leave stdout empty', async () => {
      const written = only(await cli(['distort', '--images', images, '--limit', '10', '--distortion', 'jpeg', '--output', join(folder, 'ten'), '--json'])) as { written: number };
      assert.equal(written.written, 10);
      const failed = await cli(['inspect', '/nowhere/m.onnx', '--json']);
      assert.deepEqual([failed.stdout, failed.status], ['', 1]);
    });
  });

  describe('--help lists every option', () => {
    const shared = ['--images', '--labels', '--class-names', '--limit', '--seed', '--run', '--config', '--resize', '--interpolation', '--range', '--mean', '--std', '--channels', '--feature-layer', '--engine', '--threads', '--distortion', '--json', '--progress'];
    const commands: Record<string, string[]> = {
      inspect: ['--json', '--class-names', '--feature-layer', '--config'],
      evaluate: [...shared, '--pairs', '--max-label-instability', '--min-precision'],
      stabilize: [...shared, '--train', '--alpha', '--sigma', '--divergence', '--learning-rate', '--epochs', '--batch-size', '--validation-share', '--test-share', '--draws', '--sweep', '--max-precision-drop', '--resume', '--output'],
      compare: ['--json'],
      distort: ['--images', '--distortion', '--output'],
    };
    for (const [command, options] of Object.entries(commands)) {
      it(command, async () => {
        const { stdout, status } = await cli([command, '--help']);
        assert.equal(status, 0);
        assert.deepEqual(options.filter((option) => !new RegExp(`^ +(-., )?${option}\\b`, 'm').test(stdout)), []);
      });
    }
  });

  describe('--config', () => {
    const config = (content: unknown): string[] => ['--config', writeText(join(folder, 'config.json'), JSON.stringify(content))];

    it('gives options, and the command line wins', async () => {
      const args = [...config({ images, limit: 30, distortion: ['jpeg:90', 'crop'], range: '0-1', mean: [0.5], std: [0.25], channels: 'gray', pairs: 'worst:3', threads: 1, run: join(folder, 'configured') }), '--limit', '10', '--json'];
      const evaluation = only(await cli(['evaluate', exampleModels.digits, ...args])) as { images: { total: number }; distortions: { name: string; strength: number }[]; method: { pairs: string; preprocessing: { mean: number[]; from: string } } };
      assert.deepEqual([evaluation.images.total, evaluation.distortions.map(({ name, strength }) => [name, strength]), evaluation.method.pairs, evaluation.method.preprocessing.mean, evaluation.method.preprocessing.from], [10, [['jpeg', 90], ['crop', 10]], 'worst:3', [0.5], 'option']);
    });

    const wrong: [name: string, content: unknown, message: string][] = [
      ['an unknown key', { images: 'x', speed: 3 }, 'unknown option: speed'],
      ['a key in another spelling', { 'max-label-instability': 0.1 }, 'unknown option: max-label-instability'],
      ['a value out of range', { limit: 0 }, 'limit: Expected a whole number from 1.'],
      ['a value of another kind', { json: 'yes' }, 'json is not true or false'],
      ['a choice that there is not', { engine: 'abacus' }, 'engine: Expected onnxruntime, tensorflow.'],
      ['an unknown distortion', { distortion: ['blurr'] }, 'distortion: unknown distortion: blurr (known: crop, gaussian-noise, jpeg, thumbnail)'],
      ['a configuration in it', { config: 'other.json' }, 'unknown option: config'],
    ];
    for (const [name, content, message] of wrong) {
      it(`refuses ${name}`, async () => {
        const outcome = await cli(['evaluate', exampleModels.digits, ...config(content)]);
        assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [1, '', `model-stability: ${join(folder, 'config.json')}: ${message}\n`]);
      });
    }

    it('refuses what is no object', async () => {
      const outcome = await cli(['evaluate', exampleModels.digits, ...config([1])]);
      assert.equal(outcome.stderr, `model-stability: the configuration ${join(folder, 'config.json')} is no JSON object\n`);
    });
  });

  it('puts runs into .model-stability/runs of the current folder, called by time and model', async () => {
    const cwd = join(folder, 'current');
    mkdirSync(cwd);
    await cli(['evaluate', exampleModels.digitsTensorFlowJs, ...few], { cwd });
    await cli(['evaluate', exampleModels.digits, ...few], { cwd });
    const names = [...new Set(filesBelow(join(cwd, '.model-stability/runs')).map((file) => file.split('/')[0]!))];
    assert.equal(names.length, 2);
    assert.ok(names.every((name) => /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}-digits(-tfjs)?$/.test(name)), names.join(' '));
  });

  describe('distort', () => {
    it('writes the pixels that an evaluation sees', async () => {
      const source = join(folder, 'source');
      for (const name of ['000.png', '001.png', '002.png']) writeText(join(source, '7', name), readFileSync(join(images, '7', name)));
      writeText(join(source, '3', '000.png'), readFileSync(join(images, '3', '000.png')));
      for (const [spec, strength] of [['gaussian-noise:0.2', 0.2], ['crop:9', 9], ['jpeg:20', 20], ['thumbnail:100', 100]] as const) {
        const output = join(folder, 'distorted', spec.replace(':', '-'));
        const outcome = await cli(['distort', '--images', source, '--distortion', spec, '--output', output, '--seed', '4']);
        assert.deepEqual([outcome.status, outcome.stdout], [0, `4 pictures distorted with ${spec} in ${output}\n`]);
        for (const path of filesBelow(source)) {
          const wanted = await distort(await decodePicture(join(source, path)), { name: spec.split(':')[0]!, strength }, 4, path);
          assert.deepEqual(await decodePicture(join(output, path)).then(({ width, height, data }) => [width, height, Buffer.from(data).toString('hex')]), [wanted.width, wanted.height, Buffer.from(wanted.data).toString('hex')], path);
        }
      }
      // What is distorted on disk and evaluated as clean gets the labels that the evaluation gave to its own distorted pictures.
      const [own, disk] = [newRun(), newRun()];
      const classNames = ['--class-names', writeText(join(folder, 'digits.txt'), Array.from({ length: 10 }, (_, label) => String(label)).join('\n'))];
      await cli(['evaluate', exampleModels.digits, '--images', source, '--seed', '4', '--distortion', 'gaussian-noise:0.2', ...classNames, ...own]);
      await cli(['evaluate', exampleModels.digits, '--images', join(folder, 'distorted', 'gaussian-noise-0.2'), '--distortion', 'jpeg', ...classNames, ...disk]);
      assert.deepEqual(readPairsOf(disk[1]!).map(({ image, topA }) => [image, topA]), readPairsOf(own[1]!).map(({ image, topB }) => [image, topB]));
    });

    it('keeps endings where two pictures differ in nothing else', async () => {
      const source = join(folder, 'alike');
      const [a, b] = await Promise.all(['x.png', 'y.png'].map(async (name) => readFileSync(join(await writePictures(join(folder, 'made'), [name]), name))));
      writeText(join(source, 'a.png'), a!);
      writeText(join(source, 'a.jpg'), b!);
      writeText(join(source, 'c.png'), b!);
      await cli(['distort', '--images', source, '--distortion', 'jpeg', '--output', join(folder, 'alike-out')]);
      assert.deepEqual(filesBelow(join(folder, 'alike-out')), ['a.jpg.png', 'a.png.png', 'c.png']);
    });

    it('does not write into the pictures\' folder', async () => {
      for (const output of [images, join(images, 'x')]) {
        const outcome = await cli(['distort', '--images', images, '--distortion', 'jpeg', '--output', output]);
        assert.deepEqual([outcome.status, outcome.stderr], [1, `model-stability: the output ${output} lies inside the picture folder ${images}\n`]);
      }
    });
  });

  it('ends quietly where nobody reads on', async () => {
    const status = await new Promise((done) => {
      const child = spawn(process.execPath, [program, 'inspect', exampleModels.digits], { stdio: ['ignore', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.stdout.destroy();
      child.on('close', (code) => done([code, stderr]));
    });
    assert.deepEqual(status, [0, '']);
  });
});
