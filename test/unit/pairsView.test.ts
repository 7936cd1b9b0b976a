import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomSource } from '../../src/engine/random.ts';
import type { Pair } from '../../src/engine/results.ts';
import { openPairs } from '../../src/engine/runs/openedPairs.ts';
import { PairsWriter } from '../../src/engine/runs/pairsFile.ts';
import { pairsPage } from '../../src/engine/runs/pairsView.ts';
import type { PairsFilter, PairsViewQuery } from '../../src/engine/runs/queries.ts';
import { readPairsOf, temporaryFolder } from './engineHarness.ts';

const specs = [{ distortion: 'jpeg', strength: 50 }, { distortion: 'jpeg', strength: 10 }, { distortion: 'crop', strength: 10 }];
const classes = ['Katze', 'Katzenbär', 'Hund', 'cat'];

describe('pairs that pass a filter', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let run: string;
  let earlier: string;

  /** Seeded pairs; the second run lacks some pictures and holds the rest in another order. */
  async function writeRun(name: string, seed: number, pictures: number[], kinds = specs): Promise<string> {
    const path = join(folder, name);
    mkdirSync(path);
    const random = randomSource('pairs', seed);
    const any = (): string => classes[random.integer(classes.length)]!;
    const writer = new PairsWriter(path, null);
    for (const picture of pictures) {
      for (const kind of kinds) {
        const labelA = any();
        await writer.add({
          image: `${classes[picture % 4]!}/Bild-${picture}.PNG`, ...kind, featureDistance: random.integer(64) / 64, klDivergence: random.uniform(), jsDivergence: random.integer(4) / 8, pixelDifference: random.uniform(),
          labelA, labelB: random.uniform() < 0.4 ? any() : labelA, topA: [], topB: [], truth: picture % 5 === 0 ? null : classes[picture % 4]!,
        });
      }
    }
    await writer.close();
    return path;
  }

  before(async () => {
    const pictures = Array.from({ length: 120 }, (_, picture) => picture);
    run = await writeRun('run', 1, pictures);
    earlier = await writeRun('earlier', 2, pictures.filter((picture) => picture % 7 !== 3).toReversed(), [specs[2]!, specs[0]!]);
  });

  /** Whether a pair passes, as its words say it, from the whole pairs of both runs. */
  function passes(pair: Pair, { distortion, changed, distance, label, search, against }: PairsFilter): boolean {
    const other = readOnce(earlier).find((each) => each.image === pair.image && each.distortion === pair.distortion && each.strength === pair.strength);
    const isChanged = (each: Pair): boolean => each.labelA !== each.labelB;
    const named = label && [...(label.as === 'b' || label.as === 'truth' ? [] : [pair.labelA]), ...(label.as === 'a' || label.as === 'truth' ? [] : [pair.labelB]), ...(label.as === 'a' || label.as === 'b' ? [] : [pair.truth])];
    const whole = label && classes.some((name) => name.toLowerCase() === label.name.toLowerCase());
    return (!distortion || (pair.distortion === distortion.name && (distortion.strength === undefined || pair.strength === distortion.strength)))
      && (changed === undefined || isChanged(pair) === changed)
      && (!distance || (pair.featureDistance >= distance.from && pair.featureDistance < distance.to))
      && (!label || named!.some((name) => name !== null && (whole ? name.toLowerCase() === label.name.toLowerCase() : name.toLowerCase().includes(label.name.toLowerCase()))))
      && (!search || pair.image.toLowerCase().includes(search.toLowerCase()))
      && (!against || (other !== undefined && (against.newly === 'stable' ? isChanged(other) && !isChanged(pair) : !isChanged(other) && isChanged(pair))));
  }

  const read = new Map<string, Pair[]>();
  function readOnce(path: string): Pair[] {
    if (!read.has(path)) read.set(path, readPairsOf(path));
    return read.get(path)!;
  }

  const filters: (Omit<PairsFilter, 'against'> & { newly?: 'stable' | 'broken' })[] = [
    {}, { distortion: { name: 'jpeg' } }, { distortion: { name: 'jpeg', strength: 10 } }, { distortion: { name: 'blur' } }, { changed: true }, { distance: { from: 0.25, to: 0.5 } }, { distance: { from: 0, to: 0 } },
    { label: { name: 'katze', as: 'any' } }, { label: { name: 'katzen', as: 'truth' } }, { label: { name: 'Hund', as: 'a' } }, { label: { name: 'CAT', as: 'b' } }, { label: { name: 'nobody', as: 'any' } },
    { search: 'bild-1' }, { search: 'katzenbär/' }, { search: '\\' }, { newly: 'stable' }, { newly: 'broken' },
    { newly: 'broken', distortion: { name: 'crop' }, label: { name: 'hund', as: 'any' }, search: '.png', distance: { from: 0.1, to: 0.9 } },
  ];
  for (const { newly, ...filter } of filters) {
    it(JSON.stringify({ ...filter, ...(newly ? { newly } : {}) }), async () => {
      const whole: PairsFilter = { ...filter, ...(newly ? { against: { run: earlier, newly } } : {}) };
      const query: PairsViewQuery = { run, sort: 'jsDivergence', start: 0, end: 1000, ...whole };
      const page = await pairsPage(query);
      const expected = readOnce(run).map((pair, line) => ({ pair, line })).filter(({ pair }) => passes(pair, whole)).sort((a, b) => b.pair.jsDivergence! - a.pair.jsDivergence! || a.line - b.line);
      assert.deepEqual(page.rows.map(({ line }) => line), expected.map(({ line }) => line));
      assert.equal(page.total, expected.length);
      for (const row of page.rows) {
        const other = readOnce(earlier).find((each) => each.image === row.image && each.distortion === row.distortion && each.strength === row.strength);
        assert.deepEqual(row.before, newly ? { labelA: other!.labelA, labelB: other!.labelB, featureDistance: other!.featureDistance } : undefined);
      }
    });
  }

  it('against another run follows that run when it is written anew', async () => {
    const query: PairsViewQuery = { run, sort: 'featureDistance', start: 0, end: 1000, against: { run, newly: 'stable' } };
    assert.equal((await pairsPage(query)).total, 0);
    assert.ok((await pairsPage({ ...query, against: { run: earlier, newly: 'stable' } })).total > 0);
    assert.equal((await pairsPage(query)).total, 0);
  });

  it('reads a run once for calls that come together', async () => {
    const [first, second] = await Promise.all([openPairs(run), openPairs(run)]);
    assert.equal(first, second);
  });

  for (const ascending of [true, false]) {
    it(`orders negative numbers, zeros, infinities and equal ones, ${ascending ? 'smallest' : 'largest'} first`, async () => {
      const values = [0.5, -2, 0.5, 3e38, -1e-40, 0, Infinity, -2, 1e-40, -3e38, -Infinity, 0.25, 1000, 0.5];
      const path = join(folder, `values-${ascending}`);
      mkdirSync(path);
      const writer = new PairsWriter(path, null);
      for (const [picture, featureDistance] of values.entries()) {
        await writer.add({ image: `${picture}.png`, distortion: 'jpeg', strength: 50, featureDistance, klDivergence: 0, jsDivergence: 0, pixelDifference: 0, labelA: 'a', labelB: 'a', topA: [], topB: [], truth: null });
      }
      await writer.close();
      const stored = Float32Array.from(values);
      const expected = [...values.keys()].sort((a, b) => stored[a]! === stored[b]! ? a - b : (ascending ? 1 : -1) * (stored[a]! < stored[b]! ? -1 : 1));
      assert.deepEqual([...(await openPairs(path)).order('featureDistance', ascending)], expected);
    });
  }
});
