import assert from 'node:assert/strict';
import sharp from 'sharp';
import { distort, distortions, defaultDistortions, findDistortion, formatDistortion, parseDistortion } from '../../src/engine/distortions/index.ts';
import { thumbnailSize } from '../../src/engine/distortions/thumbnail.ts';
import { UserError } from '../../src/engine/job.ts';
import { peakSignalToNoise } from '../../src/engine/measures/pixelDifference.ts';
import type { Picture } from '../../src/engine/pictures/picture.ts';

/** A smooth picture with some structure. */
function waves(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = 128 + 70 * Math.sin((i % (width * 3)) / 40 + (i % 3)) * Math.cos(i / width / 90);
  return { width, height, data };
}

const sizes: [width: number, height: number][] = [[1, 1], [1, 40], [40, 1], [2, 3], [10, 10], [11, 12], [97, 61], [300, 200]];

describe('distortions', () => {
  it('the list is sorted by name', () => {
    const names = distortions.map(({ name }) => name);
    assert.deepEqual(names, [...names].sort());
  });

  it('the defaults are those of the command line', () => {
    assert.deepEqual(defaultDistortions.map(formatDistortion), ['jpeg:50', 'thumbnail:1000', 'crop:10', 'gaussian-noise:0.04']);
  });

  for (const { name, strength, title, description } of distortions) {
    it(`${name} describes itself, and its strengths are in its range`, () => {
      assert.match(name, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(title !== '' && description.endsWith('.'));
      for (const each of [strength.default, strength.minimum, strength.maximum, ...strength.sweep]) {
        assert.deepEqual(parseDistortion(`${name}:${each}`), { name, strength: each });
        assert.deepEqual(parseDistortion(formatDistortion({ name, strength: each })), { name, strength: each });
      }
      assert.deepEqual(parseDistortion(name), { name, strength: strength.default });
      assert.throws(() => parseDistortion(`${name}:${strength.maximum + 1}`), UserError);
      assert.throws(() => parseDistortion(`${name}:${strength.minimum - 1}`), UserError);
    });

    it(`${name} takes pictures of any size and leaves them unchanged`, async () => {
      for (const [width, height] of sizes) {
        const picture = waves(width, height);
        const copy = picture.data.slice();
        for (const each of [strength.minimum, strength.default, strength.sweep.at(-1)!]) {
          const result = await distort(picture, { name, strength: each }, 0, 'a.png');
          assert.equal(result.data.length, result.width * result.height * 3);
          assert.ok(result.width >= 1 && result.height >= 1 && result.width <= width && result.height <= height);
        }
        assert.deepEqual(picture.data, copy);
      }
    });

    it(`${name} gives the same pixels for the same seed, path and strength`, async () => {
      const [picture, spec] = [waves(97, 61), { name, strength: strength.default }];
      const first = await distort(picture, spec, 7, 'b/c.png');
      await distort(picture, spec, 7, 'other.png');
      assert.deepEqual(await distort(picture, spec, 7, 'b/c.png'), first);
    });
  }

  for (const name of ['crop', 'gaussian-noise']) {
    it(`${name} gives other pixels for another seed or path`, async () => {
      const [picture, spec] = [waves(97, 61), findDistortion(name).strength.default];
      const seen = new Set<string>();
      for (const [seed, path] of [[0, 'a'], [1, 'a'], [0, 'b'], [2, 'c']] as const) {
        const { data } = await distort(picture, { name, strength: spec }, seed, path);
        seen.add(Buffer.from(data).toString('base64'));
      }
      assert.ok(seen.size >= 3);
    });
  }

  const wrong: [text: string, message: string][] = [
    ['blurr', 'unknown distortion: blurr (known: crop, gaussian-noise, jpeg, thumbnail)'],
    ['blurr:3', 'unknown distortion: blurr (known: crop, gaussian-noise, jpeg, thumbnail)'],
    ['', 'unknown distortion:  (known: crop, gaussian-noise, jpeg, thumbnail)'],
    ['jpeg:', 'the strength of jpeg is not a number: ""'],
    ['jpeg:high', 'the strength of jpeg is not a number: "high"'],
    ['jpeg:0', 'the strength of jpeg must be from 1 to 100, not 0'],
    ['jpeg:101', 'the strength of jpeg must be from 1 to 100, not 101'],
    ['jpeg:50.5', 'the strength of jpeg must be a whole number, not 50.5'],
    ['gaussian-noise:-0.1', 'the strength of gaussian-noise must be from 0 to 1, not -0.1'],
    ['crop:Infinity', 'the strength of crop must be from 0 to 10000, not Infinity'],
  ];
  for (const [text, message] of wrong) {
    it(`"${text}" is refused`, () => assert.throws(() => parseDistortion(text), new UserError(message)));
  }

  it('a spec that was not parsed is checked too', async () => {
    await assert.rejects(distort(waves(2, 2), { name: 'jpeg', strength: Number.NaN }, 0, 'a'), new UserError('the strength of jpeg must be from 1 to 100, not NaN'));
  });

  it('jpeg is what an encoder and a decoder make of it, worse with lower quality', async () => {
    const picture = waves(120, 80);
    const raw = { raw: { width: 120, height: 80, channels: 3 as const } };
    let last = Infinity;
    for (const strength of [95, 50, 20, 5]) {
      const result = await distort(picture, { name: 'jpeg', strength }, 0, 'a');
      const file = await sharp(picture.data, raw).jpeg({ quality: strength }).toBuffer();
      assert.deepEqual(Buffer.from(result.data), await sharp(file).raw().toBuffer());
      const ratio = peakSignalToNoise(picture, result);
      assert.ok(ratio < last && ratio > 15, `${ratio} dB at ${strength}`);
      last = ratio;
    }
  });

  const thumbnails: [from: [number, number], area: number, to: [number, number]][] = [
    [[224, 224], 1000, [32, 32]],
    [[400, 300], 1200, [40, 30]],
    [[640, 480], 1000, [37, 27]],
    [[20, 50], 1000, [20, 50]],
    [[10, 10], 1000, [10, 10]],
    [[100, 1], 10, [10, 1]],
    [[1, 100_000], 1000, [1, 1000]],
    [[3, 5], 1, [1, 1]],
  ];
  for (const [[width, height], area, [toWidth, toHeight]] of thumbnails) {
    it(`a thumbnail of ${area} pixels of ${width}×${height} is ${toWidth}×${toHeight}`, async () => {
      assert.deepEqual(thumbnailSize({ width, height }, area), { width: toWidth, height: toHeight });
      const picture = waves(width, height);
      const result = await distort(picture, { name: 'thumbnail', strength: area }, 0, 'a');
      assert.deepEqual([result.width, result.height], [toWidth, toHeight]);
      if (width * height <= area) assert.ok(result === picture);
    });
  }

  it('crop takes a window out of the picture, every place equally often', async () => {
    // Red tells the column and green the row.
    const [width, height, cut] = [7, 6, 2];
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => [Math.floor(i / 3) % width, Math.floor(i / 3 / width), 5][i % 3]!);
    const counts = new Map<string, number>();
    for (let i = 0; i < 900; i++) {
      const result = await distort({ width, height, data }, { name: 'crop', strength: cut }, 0, `${i}.png`);
      assert.deepEqual([result.width, result.height], [width - cut, height - cut]);
      const [left, top] = [result.data[0]!, result.data[1]!];
      for (let y = 0; y < result.height; y++) {
        for (let x = 0; x < result.width; x++) {
          assert.deepEqual([...result.data.subarray((y * result.width + x) * 3, (y * result.width + x) * 3 + 3)], [left + x, top + y, 5]);
        }
      }
      counts.set(`${left},${top}`, (counts.get(`${left},${top}`) ?? 0) + 1);
    }
    assert.equal(counts.size, 9);
    // χ² with 8 degrees of freedom is below 26.1 in 999 of 1000 cases.
    assert.ok([...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0) < 26.1);
  });

  const crops: [from: [number, number], cut: number, to: [number, number]][] = [
    [[11, 12], 10, [1, 2]], [[10, 10], 10, [1, 1]], [[5, 40], 10, [1, 30]], [[1, 1], 10, [1, 1]], [[9, 9], 0, [9, 9]],
  ];
  for (const [[width, height], cut, to] of crops) {
    it(`crop ${cut} of ${width}×${height} is ${to.join('×')}`, async () => {
      const result = await distort(waves(width, height), { name: 'crop', strength: cut }, 0, 'a');
      assert.deepEqual([result.width, result.height], to);
    });
  }

  it('gaussian noise has the asked deviation and clips at black and white', async () => {
    const gray = (value: number): Picture => ({ width: 200, height: 200, data: new Uint8Array(120_000).fill(value) });
    const values = [...(await distort(gray(128), { name: 'gaussian-noise', strength: 0.04 }, 0, 'a')).data];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // σ is 10.2 levels; rounding adds a variance of 1/12.
    assert.ok(Math.abs(mean - 128) < (5 * 10.2) / Math.sqrt(values.length));
    assert.ok(Math.abs(variance - 10.2 ** 2 - 1 / 12) < 5 * 10.2 ** 2 * Math.sqrt(2 / values.length));
    for (const end of [0, 255]) {
      const { data } = await distort(gray(end), { name: 'gaussian-noise', strength: 0.2 }, 0, 'a');
      const untouched = data.filter((value) => value === end).length / data.length;
      assert.ok(Math.abs(untouched - 0.5) < 0.02, `${untouched} stay ${end}`);
    }
    assert.deepEqual((await distort(gray(77), { name: 'gaussian-noise', strength: 0 }, 0, 'a')).data, gray(77).data);
  });
});
