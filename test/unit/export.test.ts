import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { csvParse } from 'd3-dsv';
import sharp from 'sharp';
import { evaluate } from '../../src/engine/evaluate.ts';
import { exportFormats, exportRun } from '../../src/engine/export/exportRun.ts';
import { pairMeasures } from '../../src/engine/measures/index.ts';
import type { Evaluation, Sequence, Stabilization } from '../../src/engine/results.ts';
import { sequence } from '../../src/engine/sequence.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { reportWords } from '../../src/translation/report.ts';
import { filesBelow, quiet, readPairsOf, smallModel, temporaryFolder, writeModel, writePictures, writeText } from './engineHarness.ts';

/** Class names that are markup, a formula of a spreadsheet, and one with what CSV has to quote. */
const names = ['<script>alert(1)</script>', '=HYPERLINK("http://example.com")', 'a "quoted", name'];
const distortions = [{ name: 'jpeg', strength: 20 }, { name: 'gaussian-noise', strength: 0.3 }];

describe('export', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const run = join(folder, 'run');
  const stabilized = join(folder, 'stabilized');
  const frames = join(folder, 'sequence');
  let evaluation: Evaluation;
  let stabilization: Stabilization;
  let clips: Sequence;

  before(async () => {
    const images = await writePictures(join(folder, 'pictures'), ['0', '1', '2'].flatMap((label) => Array.from({ length: 8 }, (_, index) => `${label}/=${index}.png`)));
    const model = writeModel(join(folder, 'model.onnx'), smallModel());
    const options = { model, images, classNamesFile: writeText(join(folder, 'names.txt'), names.join('\n')), labelsFile: writeText(join(folder, 'labels.csv'), `path,label\n${['0', '1', '2'].flatMap((label) => Array.from({ length: 8 }, (_, index) => `${label}/=${index}.png,${label}`)).join('\n')}\n`), distortions };
    evaluation = await evaluate({ ...options, run }, quiet());
    stabilization = await stabilize({ ...options, run: stabilized, output: join(folder, 'new.onnx'), alpha: 1, sigma: 0.1, epochs: 2, draws: 1 }, quiet());
    clips = await sequence({ model, images, run: frames, classNamesFile: options.classNamesFile }, quiet());
  });

  it('has a sorted list of formats, each with an ending of its own', () => {
    assert.deepEqual(exportFormats.map(({ name }) => name), exportFormats.map(({ name }) => name).sort());
    assert.equal(new Set(exportFormats.map(({ ending }) => ending)).size, exportFormats.length);
  });

  it('json: the run as it is', async () => {
    const { files } = await exportRun({ run, format: 'json', output: join(folder, 'out') }, quiet());
    assert.deepEqual(files, [join(folder, 'out.json')]);
    assert.deepEqual(JSON.parse(readFileSync(files[0]!, 'utf8')), JSON.parse(JSON.stringify(evaluation)));
  });

  it('csv: another program reads the numbers of the run', async () => {
    const { files } = await exportRun({ run, format: 'csv', output: join(folder, 'out.csv') }, quiet());
    assert.deepEqual(files, [join(folder, 'out.csv'), join(folder, 'out.pairs.csv')]);
    const [clean, ...rows] = csvParse(readFileSync(files[0]!, 'utf8'));
    assert.equal(Number(clean!['precisionAt1']), evaluation.clean!.precisionAt1.value);
    assert.equal(rows.length, distortions.length);
    for (const [index, row] of rows.entries()) {
      const result = evaluation.distortions[index]!;
      assert.deepEqual([row['distortion'], Number(row['strength'])], [result.name, result.strength]);
      assert.deepEqual(['', 'Low', 'High'].map((end) => Number(row[`labelInstability${end}`])), [result.labelInstability!.value, result.labelInstability!.low, result.labelInstability!.high]);
      for (const { name } of pairMeasures) assert.deepEqual(['Mean', 'Median', 'P95'].map((end) => Number(row[name + end])), [result[name]!.mean, result[name]!.median, result[name]!.p95]);
    }
    const pairs = csvParse(readFileSync(files[1]!, 'utf8'));
    const expected = readPairsOf(run);
    assert.equal(pairs.length, expected.length);
    for (const [index, row] of pairs.entries()) {
      const pair = expected[index]!;
      assert.deepEqual([row['image'], Number(row['featureDistance']), Number(row['changed'])], [pair.image, pair.featureDistance, Number(pair.labelA !== pair.labelB)]);
      // A spreadsheet must not run what a class is called.
      assert.equal(row['labelA'], pair.labelA.startsWith('=') ? `'${pair.labelA}` : pair.labelA);
    }
  });

  it('csv: a stabilization has its three models, a sequence a row a frame', async () => {
    const written = await exportRun({ run: stabilized, format: 'csv', output: join(folder, 'three.csv') }, quiet());
    const rows = csvParse(readFileSync(written.files[0]!, 'utf8'));
    assert.deepEqual([...new Set(rows.map((row) => row['model']))], ['before', 'control', 'after']);
    assert.equal(Number(rows.at(-1)!['labelInstability']), stabilization.after.distortions.at(-1)!.labelInstability!.value);
    const frameRows = csvParse(readFileSync((await exportRun({ run: frames, format: 'csv', output: join(folder, 'frames.csv') }, quiet())).files[0]!, 'utf8'));
    assert.equal(frameRows.length, clips.images.evaluated);
    assert.equal(frameRows.filter((row) => row['flip'] === '1').length, clips.labelInstability.count);
  });

  for (const [kind, of] of [['an evaluation', () => run], ['a stabilization', () => stabilized], ['a sequence', () => frames]] as const) {
    it(`html: ${kind} is one file that loads nothing and runs nothing`, async () => {
      const { files } = await exportRun({ run: of(), format: 'html', output: join(folder, `${kind}.html`), pairs: 2 }, quiet());
      assert.equal(files.length, 1);
      const text = readFileSync(files[0]!, 'utf8');
      assert.ok(!/<script|src="(?!data:)|href=|url\(|@import/i.test(text), 'nothing is loaded');
      assert.equal(text.split('<img ').length - 1, kind === 'a sequence' ? 0 : distortions.length * 2 * 3);
      assert.ok(text.includes((kind === 'a stabilization' ? stabilization.before : evaluation).model.sha256), 'the method is there');
      if (kind === 'a stabilization') assert.ok(text.includes(stabilization.reason.replaceAll('\'', '&#39;')), 'the verdict is there');
    });
  }

  for (const [kind, of] of [['an evaluation', () => run], ['a stabilization', () => stabilized], ['a sequence', () => frames]] as const) {
    it(`html: ${kind} is said in German, its numbers and the engine's sentences too`, async () => {
      /** What stands between tags and in texts for who cannot see, without names and numbers. */
      const textsOf = async (language: string): Promise<Set<string>> => {
        const { files } = await exportRun({ run: of(), format: 'html', output: join(folder, `${kind}.${language}.html`), pairs: 2 }, quiet(), reportWords(language));
        const page = readFileSync(files[0]!, 'utf8');
        assert.ok(page.includes(`<html lang="${language}">`));
        const markup = page.replace(/<style>.*<\/style>/s, '').replace(/ (?:alt|aria-label)="([^"]*)"/g, '>$1<');
        return new Set(markup.replaceAll(/&[#\w]+;/g, '').split(/<[^>]*>|>/).filter((text) => /\p{L}{3}/u.test(text)));
      };
      const [english, german] = [await textsOf('en'), await textsOf('de')];
      assert.equal(german.size, english.size);
      const same = [...german].filter((text) => english.has(text));
      // Names of files, layers, programs and settings, and words that both languages have.
      const names = /^(SHA-256|Precision@1|Training|Clips?|JS.*|[0-9a-f]{64}|ONNX Runtime .*|.*\.onnx|.*\.png.*|[=≠] .*|.*HYPERLINK.*|(jpeg|gaussian-noise):[\d.]+)$/;
      assert.deepEqual(same.filter((text) => !names.test(text.trim())), []);
      const share = kind === 'a sequence' ? clips.labelInstability : (kind === 'an evaluation' ? evaluation : stabilization.after).distortions[0]!.labelInstability!;
      assert.ok([...german].some((text) => text.includes(`${(100 * share.value).toFixed(1).replace('.', ',')} %`)), 'numbers have a decimal comma');
    });
  }

  it('png: a sheet for each distortion, as large as its pairs need', async () => {
    const { files } = await exportRun({ run, format: 'png', output: join(folder, 'sheet'), pairs: 3 }, quiet());
    assert.deepEqual(files, ['jpeg-20', 'gaussian-noise-0.3'].map((name) => join(folder, `sheet.${name}.png`)));
    for (const file of files) {
      const { width, height, format } = await sharp(file).metadata();
      assert.deepEqual([format, width, height], ['png', 16 + 2 * (3 * 160 + 8 + 16), 40 + 16 + 2 * (160 + 44 + 16)]);
    }
  });

  it('says so where the pictures are gone, and still reports the numbers', async () => {
    const gone = join(folder, 'gone');
    cpSync(run, gone, { recursive: true });
    const text = readFileSync(join(gone, 'run.json'), 'utf8').replaceAll(JSON.stringify(evaluation.method.images), JSON.stringify(join(folder, 'nowhere')));
    writeText(join(gone, 'run.json'), text);
    const { files } = await exportRun({ run: gone, format: 'html', output: join(folder, 'gone.html') }, quiet());
    assert.match(readFileSync(files[0]!, 'utf8'), /The picture is not there any more/);
    await assert.rejects(exportRun({ run: gone, format: 'png', output: join(folder, 'gone.png') }, quiet()), { name: 'UserError', message: `the pictures of the run in ${gone} are not there any more: ${join(folder, 'nowhere')}` });
  });

  it('names what cannot be written or read, and leaves nothing behind', async () => {
    const taken = join(folder, 'taken');
    await assert.rejects(exportRun({ run, format: 'json', output: join(folder, 'no', 'such', 'x.json') }, quiet()), { name: 'UserError', message: `cannot write ${join(folder, 'no', 'such', 'x.json')}: the folder does not exist` });
    await assert.rejects(exportRun({ run: taken, format: 'json', output: join(folder, 'x.json') }, quiet()), { name: 'UserError', message: `there is no run in ${taken}` });
    await assert.rejects(exportRun({ run: frames, format: 'png', output: join(folder, 'x.png') }, quiet()), { name: 'UserError', message: `the run in ${frames} is one of video frames and has no pairs of pictures` });
    assert.deepEqual(filesBelow(folder).filter((file) => file.includes('.tmp') || /\bx\./.test(file)), []);
    rmSync(join(folder, 'out.json'), { force: true });
  });
});
