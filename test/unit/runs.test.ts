import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { distort } from '../../src/engine/distortions/index.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { decodePicture } from '../../src/engine/pictures/decode.ts';
import { resizePicture } from '../../src/engine/pictures/resize.ts';
import type { DistortionSpec, Evaluation, Pair } from '../../src/engine/results.ts';
import { listRuns } from '../../src/engine/runs/listRuns.ts';
import { pairPictures, savePair } from '../../src/engine/runs/pairPictures.ts';
import { PairsWriter, readIndex, readPairs } from '../../src/engine/runs/pairsFile.ts';
import { pairColumns } from '../../src/engine/runs/pairsIndex.ts';
import { pairsPage } from '../../src/engine/runs/pairsView.ts';
import type { PairsViewQuery } from '../../src/engine/runs/queries.ts';
import { createRunFolder, endRun, readRun, readState } from '../../src/engine/runs/runFolder.ts';
import { randomSource } from '../../src/engine/random.ts';
import { exampleModels, examplePictures, quiet, readPairsOf, smallModel, temporaryFolder, writeModel, writePictures, writeText } from './engineHarness.ts';

describe('runs', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let made = 0;

  /** A folder with seeded pairs of two distortions; many measures are equal, so that order among equals shows. */
  async function syntheticPairs(count: number, worst: number | null = null): Promise<string> {
    const run = join(folder, `synthetic-${++made}`);
    mkdirSync(run);
    const random = randomSource('synthetic', count);
    const writer = new PairsWriter(run, worst);
    for (let at = 0; at < count; at++) {
      const changed = random.uniform() < 0.2;
      await writer.add({
        image: `klasse-ä/${at >> 1}.png`, distortion: at % 2 ? 'jpeg' : 'crop', strength: at % 2 ? 50 : 10,
        featureDistance: random.integer((count >> 1) + 1) / count, klDivergence: random.uniform(), jsDivergence: random.integer(5) / 8, pixelDifference: random.uniform(),
        labelA: 'a', labelB: changed ? 'b' : 'a', topA: [['a', 0.9]], topB: [[changed ? 'b' : 'a', 0.8]], truth: null,
      });
    }
    await writer.close();
    return run;
  }

  /** The page as anybody would make it from the whole file; the index keeps measures in 32 bits. */
  function naivePage(run: string, { distortion, changed, sort, ascending, start, end }: Omit<PairsViewQuery, 'run'>): unknown {
    const pairs = readPairsOf(run).map((pair, line) => ({ ...pair, line }));
    const passing = pairs.filter((pair) => (!distortion || (pair.distortion === distortion.name && pair.strength === distortion.strength)) && (changed === undefined || (pair.labelA !== pair.labelB) === changed));
    const value = (pair: Pair): number => Math.fround(pair[sort]!);
    const sorted = passing.toSorted((a, b) => (ascending ? value(a) - value(b) : value(b) - value(a)) || a.line - b.line);
    const rank = (pair: Pair): number => pairs.filter((other) => Math.fround(other.featureDistance) < Math.fround(pair.featureDistance)).length / pairs.length;
    return {
      total: passing.length, all: pairs.length, maxFeatureDistance: Math.max(...pairs.map((pair) => Math.fround(pair.featureDistance))),
      rows: sorted.slice(start, end).map((pair) => ({ ...pair, rank: rank(pair) })),
    };
  }

  describe('a page of pairs', () => {
    let run: string;
    before(async () => (run = await syntheticPairs(400)));
    const jpeg: DistortionSpec = { name: 'jpeg', strength: 50 };
    const queries: Omit<PairsViewQuery, 'run'>[] = [
      ...pairColumns.flatMap((sort) => [true, false].map((ascending) => ({ sort, ascending, start: 0, end: 50 }))),
      { sort: 'featureDistance', start: 380, end: 450 }, { sort: 'featureDistance', start: 500, end: 600 }, { sort: 'featureDistance', start: 10, end: 10 },
      { sort: 'jsDivergence', distortion: jpeg, start: 3, end: 30 }, { sort: 'jsDivergence', changed: true, start: 0, end: 100 }, { sort: 'klDivergence', changed: false, distortion: jpeg, ascending: true, start: 20, end: 90 },
      { sort: 'klDivergence', distortion: { name: 'jpeg', strength: 49 }, start: 0, end: 10 }, { sort: 'klDivergence', distortion: { name: 'blur', strength: 50 }, start: 0, end: 10 },
    ];
    for (const query of queries) it(JSON.stringify(query), async () => assert.deepEqual(await pairsPage({ run, ...query }), naivePage(run, query)));

    it('of a run that is written anew is the new one', async () => {
      const [one, other] = [await syntheticPairs(20), await syntheticPairs(31)];
      await pairsPage({ run: one, sort: 'featureDistance', start: 0, end: 5 });
      copyFileSync(join(other, 'pairs.jsonl'), join(one, 'pairs.jsonl'));
      assert.deepEqual(await pairsPage({ run: one, sort: 'featureDistance', start: 0, end: 5 }), naivePage(one, { sort: 'featureDistance', start: 0, end: 5 }));
    });

    it('of 100,000 pairs comes fast, the first time and while scrolling', async () => {
      const large = await syntheticPairs(100_000);
      const timed = async (query: Omit<PairsViewQuery, 'run'>): Promise<number> => {
        const started = performance.now();
        const page = await pairsPage({ run: large, ...query });
        assert.equal(page.rows.length, query.end - query.start);
        return performance.now() - started;
      };
      const first = await timed({ sort: 'featureDistance', start: 0, end: 60 });
      const scrolled = await Promise.all([60, 5000, 50_000, 99_940].map((start) => timed({ sort: 'featureDistance', start, end: start + 60 })));
      const sorted = await timed({ sort: 'klDivergence', ascending: true, start: 0, end: 60 });
      assert.ok(first < 1500 && sorted < 1000 && Math.max(...scrolled) < 300, `first ${first}, sorted ${sorted}, scrolled ${scrolled.join(' ')} ms`);
    });

    it('with worst:N holds only those', async () => {
      const few = await syntheticPairs(400, 10);
      assert.equal((await pairsPage({ run: few, sort: 'featureDistance', start: 0, end: 100 })).all, 10);
    });
  });

  describe('the index', () => {
    const broken: [name: string, damage: (file: string) => void][] = [
      ['missing', (file) => rmSync(file)], ['empty', (file) => writeFileSync(file, '')], ['cut short', (file) => truncateSync(file, statSync(file).size - 5)],
      ['of something else', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 7))],
      ['of a shorter file', (file) => appendPair(join(file, '..'))],
      ['with a damaged list of distortions', (file) => {
        const bytes = readFileSync(file);
        bytes.write('?', 16);
        writeFileSync(file, bytes);
      }],
    ];
    for (const [name, damage] of broken) {
      it(`that is ${name} is made anew`, async () => {
        const run = await syntheticPairs(50);
        damage(join(run, 'pairs.index'));
        const index = await readIndex(run);
        const pairs = readPairsOf(run);
        assert.equal(index.count, pairs.length);
        assert.deepEqual([...index.columns.klDivergence], pairs.map((pair) => Math.fround(pair.klDivergence!)));
        assert.deepEqual([...index.changed], pairs.map((pair) => (pair.labelA === pair.labelB ? 0 : 1)));
        assert.equal(index.offsets.at(-1), statSync(join(run, 'pairs.jsonl')).size);
        assert.deepEqual(await readIndex(run), index, 'the new index was not kept');
      });
    }
    function appendPair(run: string): void {
      const [line] = readFileSync(join(run, 'pairs.jsonl'), 'utf8').split('\n');
      writeFileSync(join(run, 'pairs.jsonl'), `${line}\n`, { flag: 'a' });
    }

    it('is not needed where there are no pairs', async () => {
      mkdirSync(join(folder, 'nothing'));
      await assert.rejects(readIndex(join(folder, 'nothing')), { name: 'UserError', message: `the run in ${join(folder, 'nothing')} has no pairs.jsonl` });
      const none = await syntheticPairs(0);
      assert.deepEqual(await pairsPage({ run: none, sort: 'featureDistance', start: 0, end: 10 }), { total: 0, all: 0, rows: [], maxFeatureDistance: 0 });
    });
  });

  it('reads lines of every length, also where a chunk of the file ends in a letter of two bytes', async () => {
    const run = await syntheticPairs(6000);
    const pairs: Pair[] = [];
    let bytes = 0;
    for await (const each of readPairs(run)) {
      pairs.push(each.pair);
      bytes += each.bytes;
    }
    assert.ok(bytes > 1.2 * 2 ** 20, 'the file is one chunk');
    assert.equal(bytes, statSync(join(run, 'pairs.jsonl')).size);
    assert.deepEqual(pairs, readPairsOf(run));
  });

  it('names a damaged line', async () => {
    for (const [line, text] of [[4, '{"image": "x"'], [1, '[]'], [7, '{"image":"x","distortion":"jpeg"}'], [2, 'null']] as const) {
      const run = await syntheticPairs(8);
      const lines = readFileSync(join(run, 'pairs.jsonl'), 'utf8').split('\n');
      lines[line - 1] = text;
      writeFileSync(join(run, 'pairs.jsonl'), lines.join('\n'));
      rmSync(join(run, 'pairs.index'));
      await assert.rejects(pairsPage({ run, sort: 'featureDistance', start: 0, end: 10 }), { name: 'UserError', message: `line ${line} of ${join(run, 'pairs.jsonl')} is damaged` });
    }
  });

  describe('a run folder', () => {
    let sound: string;
    before(async () => {
      sound = join(folder, 'sound');
      const images = await writePictures(join(folder, 'pictures'), ['a/1.png', 'b/1.png', 'c/1.png']);
      await evaluate({ model: writeModel(join(folder, 'small.onnx'), smallModel()), images, run: sound, threads: 1 }, quiet());
    });
    /** A run whose run.json is another one. */
    function withJson(change: (json: Evaluation & Record<string, unknown>) => unknown): string {
      const run = join(folder, `json-${++made}`);
      const json = JSON.parse(readFileSync(join(sound, 'run.json'), 'utf8')) as Evaluation & Record<string, unknown>;
      const changed = change(json);
      writeText(join(run, 'run.json'), typeof changed === 'string' ? changed : JSON.stringify(changed));
      return run;
    }
    const cases: [name: string, change: (json: Evaluation & Record<string, unknown>) => unknown, message: (run: string) => string][] = [
      ['a newer layout', (json) => ({ ...json, runVersion: 2 }), (run) => `the run in ${run} was written by a newer version of this program (layout 2; this one reads up to 1)`],
      ['half a file', (json) => JSON.stringify(json).slice(0, 300), (run) => `the run in ${run} cannot be read: run.json is no JSON`],
      ['an empty file', () => '', (run) => `the run in ${run} cannot be read: run.json is no JSON`],
      ['another JSON', () => [1, 2], (run) => `the run in ${run} cannot be read: run.json is none of this program's`],
      ['no kind', (json) => ({ ...json, kind: 'walk' }), (run) => `the run in ${run} cannot be read: run.json is none of this program's`],
      ['no model', (json) => ({ ...json, model: undefined }), (run) => `the run in ${run} cannot be read: its model is missing or damaged`],
      ['a share that is text', (json) => ({ ...json, instability: { value: 'x' } }), (run) => `the run in ${run} cannot be read: its instability.value is missing or damaged`],
      ['no version', (json) => ({ ...json, runVersion: undefined }), (run) => `the run in ${run} cannot be read: its runVersion is missing or damaged`],
    ];
    for (const [name, change, message] of cases) {
      it(`with ${name} is an error that names it`, async () => {
        const run = withJson(change);
        await assert.rejects(readRun(run), { name: 'UserError', message: message(run) });
      });
    }

    it('that does not exist, or holds no run, says so', async () => {
      await assert.rejects(readRun(join(folder, 'none')), { name: 'UserError', message: `there is no run in ${join(folder, 'none')}` });
    });

    it('says what became of a job', async () => {
      const details = { kind: 'evaluation', model: '/m.onnx', modelSha256: 'ab', startedAt: '2026-01-01T00:00:00Z' } as const;
      const run = join(folder, 'states', 'one');
      await createRunFolder(run, details);
      await assert.rejects(readRun(run), { message: 'the run one is still running' });
      assert.equal((await readState(run))!.state, 'running');
      await assert.rejects(createRunFolder(run, details), { name: 'UserError', message: `the run folder ${run} holds a run already` });
      await assert.rejects(createRunFolder(run, details, true), { name: 'UserError', message: `the run in ${run} is still running` });
      await endRun(run, 'failed', 'the disk is full');
      await assert.rejects(readRun(run), { message: 'the run one failed: the disk is full' });
      await endRun(run, 'cancelled');
      await assert.rejects(readRun(run), { message: 'the run one was cancelled' });
      // A process that has ended: its number belongs to nobody.
      const { pid } = spawnSync(process.execPath, ['-e', '']);
      writeText(join(run, 'state.json'), JSON.stringify({ ...details, state: 'running', process: pid }));
      await assert.rejects(readRun(run), { message: 'the run one failed: it was cut short: its process is gone' });
      assert.equal((await readState(run))!.state, 'failed');
      writeText(join(run, 'state.json'), '{"state": "runn');
      await assert.rejects(readRun(run), { name: 'UserError', message: `the run in ${run} cannot be read: its state.json is damaged` });
    });

    it('listed: newest first, broken ones left out and logged, leftovers of a finished run passed over', async () => {
      const all = join(folder, 'all');
      const copy = (name: string, startedAt: string): string => {
        mkdirSync(join(all, name), { recursive: true });
        const json = JSON.parse(readFileSync(join(sound, 'run.json'), 'utf8')) as Evaluation;
        writeText(join(all, name, 'run.json'), JSON.stringify({ ...json, method: { ...json.method, startedAt } }));
        return join(all, name);
      };
      copy('old', '2026-01-01T00:00:00Z');
      const fresh = copy('new', '2026-03-01T00:00:00Z');
      writeText(join(all, 'broken', 'run.json'), '{');
      writeText(join(all, 'file.txt'), 'no run');
      mkdirSync(join(all, 'empty'));
      const running = { kind: 'evaluation', model: '/m.onnx', modelSha256: 'ab', startedAt: '2026-02-01T00:00:00Z' } as const;
      await createRunFolder(join(all, 'running'), running);
      // A crash between the result and the removal of the state.
      writeText(join(fresh, 'state.json'), JSON.stringify({ ...running, state: 'running', process: spawnSync(process.execPath, ['-e', '']).pid }));
      const lines: string[] = [];
      const listed = await listRuns(all, (line) => lines.push(line));
      assert.deepEqual(listed.map(({ run, state }) => [run.slice(all.length + 1), state]), [['new', 'done'], ['running', 'running'], ['old', 'done']]);
      assert.match(listed[0]!.summary, /^\d+\.\d % of labels change at /);
      assert.deepEqual(lines.sort(), [`the run in ${join(all, 'broken')} cannot be read: run.json is no JSON`, `there is no run in ${join(all, 'empty')}`]);
      assert.deepEqual(await listRuns(join(folder, 'no such folder')), []);
    });
  });

  describe('the pictures of a pair', () => {
    const distortions: DistortionSpec[] = [{ name: 'crop', strength: 10 }, { name: 'gaussian-noise', strength: 0.1 }, { name: 'jpeg', strength: 5 }, { name: 'thumbnail', strength: 200 }];
    let run: string;
    let images: string;
    before(async () => {
      run = join(folder, 'patches');
      images = join(folder, 'patches-pictures');
      mkdirSync(join(images, 'cat'), { recursive: true });
      for (const name of ['000.jpg', '000.png', '001.jpg', '001.png']) {
        const file = join(examplePictures('patches/test'), 'cat', name);
        if (existsSync(file)) copyFileSync(file, join(images, 'cat', name));
      }
      await evaluate({ model: exampleModels.patches, images, run, distortions, seed: 3, threads: 1 }, quiet());
    });

    it('are WebP of the size that was asked for; B has the pixels that the model saw', async () => {
      const pairs = readPairsOf(run);
      assert.equal(pairs.length, 8);
      for (const [line, pair] of pairs.entries()) {
        const { a, b, difference, width, height } = await pairPictures({ run, line, size: 96, amplification: 5 });
        assert.deepEqual([width, height], [96, 96]);
        const [pixelsA, pixelsB, pixelsD] = await Promise.all([a, b, difference].map(async (file) => {
          const { format } = await sharp(file).metadata();
          assert.equal(format, 'webp');
          return (await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true })).data;
        })) as [Buffer, Buffer, Buffer];
        const original = await decodePicture(join(images, pair.image));
        const distorted = await distort(original, { name: pair.distortion, strength: pair.strength }, 3, pair.image);
        const seen = (picture: typeof original): Uint8Array => resizePicture(picture, { width: 96, height: 96 }, 'stretch', 'bilinear').data;
        assert.deepEqual(new Uint8Array(pixelsA), new Uint8Array(seen(original)));
        assert.deepEqual(new Uint8Array(pixelsB), new Uint8Array(seen(distorted)));
        pixelsD.forEach((value, at) => assert.equal(value, Math.min(255, 5 * Math.abs(pixelsA[at]! - pixelsB[at]!))));
        // The number in the run is that of these pixels.
        const mean = pixelsA.reduce((sum, value, at) => sum + Math.abs(value - pixelsB[at]!), 0) / pixelsA.length / 255;
        assert.ok(Math.abs(mean - pair.pixelDifference) < 1e-9, `${pair.distortion}: ${mean}, not ${pair.pixelDifference}`);
      }
    });

    it('are saved side by side in one PNG, their pixels enlarged by a whole factor', async () => {
      const file = join(folder, 'pair.png');
      await savePair({ run, line: 1, amplification: 5, file });
      const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual([info.width, info.height], [3 * 288 + 2 * 8, 288]);
      const shown = await pairPictures({ run, line: 1, size: 288, amplification: 5 });
      for (const [place, picture] of [shown.a, shown.b, shown.difference].entries()) {
        const left = place * (288 + 8);
        const part = await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } }).extract({ left, top: 0, width: 288, height: 288 }).raw().toBuffer();
        assert.ok(part.equals((await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })).data), `picture ${place}`);
      }
    });

    it('have the longest side that was asked for', async () => {
      for (const size of [16, 300]) {
        const { a, width, height } = await pairPictures({ run, line: 0, size, amplification: 1 });
        const { width: w, height: h } = await sharp(a).metadata();
        assert.deepEqual([width, height, w, h], [size, size, size, size]);
      }
    });

    it('that are gone, or no pair at all, are one sentence', async () => {
      for (const line of [8, -1, 0.5]) await assert.rejects(pairPictures({ run, line, size: 96, amplification: 1 }), { name: 'UserError', message: `the run in ${run} has no pair ${line}` });
      const [{ image }] = readPairsOf(run) as [Pair];
      renameSync(join(images, image), join(images, 'gone'));
      await assert.rejects(pairPictures({ run, line: 0, size: 96, amplification: 1 }), { name: 'PictureError', message: `${join(images, image)}: there is no such file` });
    });
  });
});
