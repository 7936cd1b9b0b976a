import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodePicture, PictureError } from '../../src/engine/pictures/decode.ts';
import { differencePicture } from '../../src/engine/pictures/difference.ts';
import { encodePicture } from '../../src/engine/pictures/encode.ts';
import type { Picture } from '../../src/engine/pictures/picture.ts';
import { resample } from '../../src/engine/pictures/resample.ts';
import { resizePicture } from '../../src/engine/pictures/resize.ts';
import { tensorLength, toNoisyTensor, toTensor, type PixelScaling, type TensorLayout } from '../../src/engine/pictures/tensor.ts';
import { randomSource } from '../../src/engine/random.ts';
import type { Interpolation, ResizeMode } from '../../src/engine/results.ts';

const picture = (width: number, height: number, data: number[]): Picture => ({ width, height, data: Uint8Array.from(data) });

/** A picture without symmetry, from whole numbers, so that a Python script makes the same one. */
function pattern(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = x * 37 + y * 91 + c * 53 + ((x * y) % 17) * 11;
    }
  }
  return { width, height, data };
}

const [red, green, blue, white] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]] as const;
/** Two columns, three rows, no two corners alike. */
const corners = [...red, ...green, ...white, ...white, ...blue, 0, 0, 0];
const raw = (data: number[] | Uint16Array, width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(data instanceof Uint16Array ? data : Uint8Array.from(data), { raw: { width, height, channels } });

describe('pictures', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'pictures-'))));
  after(() => rm(folder, { recursive: true }));

  const rgb = () => raw(corners, 2, 3, 3);
  const rgba = [...red, 255, ...green, 128, ...blue, 0, 7, 8, 9, 1];
  const decoded: [name: string, file: () => Promise<Buffer>, expected: Picture, tolerance?: number][] = [
    ['PNG', () => rgb().png().toBuffer(), picture(2, 3, corners)],
    ['palette PNG', () => rgb().png({ palette: true }).toBuffer(), picture(2, 3, corners), 2],
    ['TIFF', () => rgb().tiff({ compression: 'lzw' }).toBuffer(), picture(2, 3, corners)],
    ['GIF', () => rgb().gif().toBuffer(), picture(2, 3, corners)],
    ['lossless WebP', () => rgb().webp({ lossless: true }).toBuffer(), picture(2, 3, corners)],
    ['lossless AVIF', () => rgb().avif({ lossless: true }).toBuffer(), picture(2, 3, corners), 2],
    ['JPEG', () => raw(Array<number>(300).fill(130), 10, 10, 3).jpeg().toBuffer(), picture(10, 10, Array<number>(300).fill(130)), 1],
    ['grey JPEG', () => raw(Array<number>(64).fill(90), 8, 8, 1).toColourspace('b-w').jpeg().toBuffer(), picture(8, 8, Array<number>(192).fill(90)), 1],
    ['grey PNG', () => raw([0, 77, 255], 3, 1, 1).toColourspace('b-w').png().toBuffer(), picture(3, 1, [0, 0, 0, 77, 77, 77, 255, 255, 255])],
    ['grey PNG with alpha', () => raw([50, 0, 77, 128], 2, 1, 2).toColourspace('b-w').png().toBuffer(), picture(2, 1, [50, 50, 50, 77, 77, 77])],
    ['RGBA PNG, its alpha dropped', () => raw(rgba, 2, 2, 4).png().toBuffer(), picture(2, 2, [...red, ...green, ...blue, 7, 8, 9])],
    [
      '16-bit PNG', () => raw(Uint16Array.of(0, 0x80ff, 0xffff, 0x1234, 0x7f80, 0xff00), 2, 1, 3).toColourspace('rgb16').png().toBuffer(),
      picture(2, 1, [0, 0x80, 0xff, 0x12, 0x7f, 0xff]),
    ],
    [
      '16-bit grey PNG', () => raw(Uint16Array.of(0x1234, 0xffff), 2, 1, 1).toColourspace('grey16').png().toBuffer(),
      picture(2, 1, [0x12, 0x12, 0x12, 0xff, 0xff, 0xff]),
    ],
    ['CMYK JPEG', () => raw(Array<number>(192).fill(255), 8, 8, 3).toColourspace('cmyk').jpeg().toBuffer(), picture(8, 8, Array<number>(192).fill(255)), 3],
    ['one pixel', () => raw([1, 2, 3], 1, 1, 3).png().toBuffer(), picture(1, 1, [1, 2, 3])],
    // Orientation 6: the camera was turned, the first row belongs on the right.
    [
      'PNG turned by EXIF', () => rgb().withExif({}).withMetadata({ orientation: 6 }).png().toBuffer(),
      picture(3, 2, [...blue, ...white, ...red, 0, 0, 0, ...white, ...green]),
    ],
    ['TIFF mirrored by EXIF', () => rgb().withMetadata({ orientation: 2 }).tiff({ compression: 'lzw' }).toBuffer(), picture(2, 3, [...green, ...red, ...white, ...white, 0, 0, 0, ...blue])],
    ['a picture with bytes behind its end', async () => Buffer.concat([await rgb().png().toBuffer(), Buffer.from('odd')]), picture(2, 3, corners)],
  ];
  for (const [name, file, expected, tolerance = 0] of decoded) {
    it(`reads ${name}, from a file and from bytes`, async () => {
      const path = join(folder, 'picture');
      const bytes = await file();
      await writeFile(path, bytes);
      for (const source of [path, bytes]) {
        const result = await decodePicture(source);
        assert.deepEqual([result.width, result.height, result.data.length], [expected.width, expected.height, expected.data.length]);
        result.data.forEach((value, i) => assert.ok(Math.abs(value - expected.data[i]!) <= tolerance, result.data.join()));
      }
    });
  }

  it('reads the first frame of a moving GIF', async () => {
    const frames = Uint8Array.from([...red, ...red, ...blue, ...blue]);
    const gif = await sharp(frames, { raw: { width: 1, height: 4, channels: 3, pageHeight: 2 } }).gif().toBuffer();
    assert.deepEqual(await decodePicture(gif).then(({ width, height, data }) => [width, height, ...data]), [1, 2, ...red, ...red]);
  });

  const broken: [name: string, content: () => Promise<Buffer> | Buffer, reason: string | RegExp][] = [
    ['empty', () => Buffer.alloc(0), 'not a picture that can be read'],
    ['garbage', () => Buffer.from('this is no picture'), 'not a picture that can be read'],
    ['drawing.png', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'not a picture that can be read'],
    ['truncated.jpg', async () => (await sharp(pattern(200, 200).data, { raw: { width: 200, height: 200, channels: 3 } }).jpeg().toBuffer()).subarray(0, 6000), 'the picture is cut short'],
    ['truncated.png', async () => (await sharp(pattern(200, 200).data, { raw: { width: 200, height: 200, channels: 3 } }).png().toBuffer()).subarray(0, 6000), /cut short|damaged/],
    ['truncated.webp', async () => (await sharp(pattern(200, 200).data, { raw: { width: 200, height: 200, channels: 3 } }).webp().toBuffer()).subarray(0, 2000), /cut short|damaged/],
    ['header.jpg', () => Buffer.from([0xff, 0xd8, 0xff]), /cut short|damaged|not a picture/],
    ['huge.png', () => hugePng(), 'has more than 100 million pixels'],
    ['long.png', () => raw(new Array<number>(70_000).fill(7), 70_000, 1, 1).png().toBuffer(), 'has a side of more than 65535 pixels'],
  ];
  for (const [name, content, reason] of broken) {
    it(`says why it cannot read a file that is ${name}`, async () => {
      const path = join(folder, name);
      await writeFile(path, await content());
      await assert.rejects(decodePicture(path), (error: unknown) => {
        assert.ok(error instanceof PictureError);
        assert.equal(error.message, `${path}: ${error.reason}`);
        assert.ok(typeof reason === 'string' ? error.reason === reason : reason.test(error.reason), error.reason);
        return true;
      });
    });
  }

  it('says that a file is not there', async () => {
    const path = join(folder, 'nowhere.png');
    await assert.rejects(decodePicture(path), { name: 'PictureError', message: `${path}: there is no such file` });
  });

  for (const format of ['png', 'webp', 'jpeg'] as const) {
    it(`writes ${format} that is read again`, async () => {
      const original = resizePicture(pattern(5, 4), { width: 64, height: 48 }, 'stretch', 'bilinear');
      const bytes = await encodePicture(original, format);
      assert.equal((await sharp(bytes).metadata()).format, format);
      const again = await decodePicture(bytes);
      assert.deepEqual([again.width, again.height], [64, 48]);
      const difference = original.data.reduce((sum, value, i) => sum + Math.abs(value - again.data[i]!), 0) / original.data.length;
      assert.ok(difference <= (format === 'png' ? 0 : 12), `mean difference ${difference}`);
    });
  }

  it('draws the amplified difference of two pictures', () => {
    const [a, b] = [picture(2, 1, [0, 10, 200, 7, 7, 7]), picture(2, 1, [1, 5, 0, 7, 7, 8])];
    assert.deepEqual([...differencePicture(a, b, 8).data], [8, 40, 255, 0, 0, 8]);
    assert.throws(() => differencePicture(a, picture(1, 1, [0, 0, 0]), 1), RangeError);
  });
});

/** A PNG whose header claims 20,000 × 20,000 pixels. */
async function hugePng(): Promise<Buffer> {
  const bytes = Buffer.from(await raw([1, 2, 3], 1, 1, 3).png().toBuffer());
  bytes.writeUInt32BE(20_000, 16);
  bytes.writeUInt32BE(20_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

/** The checksum of PNG chunks (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

describe('resizing', () => {
  /** SHA-256, first 16 digits, of `Image.resize` of Pillow 12.3 on the same pattern. */
  const pillow: [from: [number, number], to: [number, number], interpolation: Interpolation, hash: string, box?: [number, number, number, number]][] = [
    [[2, 3], [1, 1], 'bilinear', 'bf305c1d79c85819'],
    [[2, 3], [1, 1], 'lanczos', '7c21ebae8362a56a'],
    [[2, 3], [4, 3], 'bicubic', 'd4f446dfb090387e'],
    [[2, 3], [13, 9], 'bilinear', 'aa91e596b10def4d'],
    [[2, 3], [13, 9], 'lanczos', 'f6aca35549aec89b'],
    [[2, 3], [224, 224], 'bicubic', '02bc923b1a5108eb'],
    [[2, 3], [32, 32], 'bilinear', '78a02f7dc2a58978'],
    [[2, 3], [32, 32], 'lanczos', '9899962360bce6b9'],
    [[2, 3], [11, 6], 'bicubic', 'e8a6a7b55de6917b', [0.25, 0.75, 1.5, 2.625]],
    [[7, 5], [1, 1], 'bilinear', '4612677195a9d6e7'],
    [[7, 5], [1, 1], 'lanczos', 'e2d859d16b1d3a58'],
    [[7, 5], [4, 3], 'bicubic', '0c6a7be096e47ac4'],
    [[7, 5], [13, 9], 'bilinear', 'f221a73997c982b3'],
    [[7, 5], [13, 9], 'lanczos', '6f8adcdb7c975a05'],
    [[7, 5], [224, 224], 'bicubic', 'd5bd08cbe46256d9'],
    [[7, 5], [32, 32], 'bilinear', '153f7d4795430864'],
    [[7, 5], [32, 32], 'lanczos', 'c74bf074bdd9c586'],
    [[7, 5], [11, 6], 'bicubic', '521d9dead7466b28', [0.875, 1.25, 5.25, 4.375]],
    [[224, 214], [1, 1], 'bilinear', '8ae40a3583aef669'],
    [[224, 214], [1, 1], 'lanczos', '8ae40a3583aef669'],
    [[224, 214], [4, 3], 'bicubic', 'a6c2cd90cbcbc3cd'],
    [[224, 214], [13, 9], 'bilinear', '85309402239a41c9'],
    [[224, 214], [13, 9], 'lanczos', '8f14c1b95e80514c'],
    [[224, 214], [224, 224], 'bicubic', '40d208ea65fc427d'],
    [[224, 214], [32, 32], 'bilinear', '8d6ad471aa74d659'],
    [[224, 214], [32, 32], 'lanczos', '335593f79b91b80c'],
    [[224, 214], [11, 6], 'bicubic', '5502282943f3e952', [28, 53.5, 168, 187.25]],
    [[301, 5], [1, 1], 'bilinear', 'bb9856d4320b6e57'],
    [[301, 5], [1, 1], 'lanczos', 'bb9856d4320b6e57'],
    [[301, 5], [4, 3], 'bicubic', 'e35d46ba9fa92114'],
    [[301, 5], [13, 9], 'bilinear', 'cb429ba89aabbfb2'],
    [[301, 5], [13, 9], 'lanczos', '7f02cc4425d477f0'],
    [[301, 5], [224, 224], 'bicubic', '491b47354022be06'],
    [[301, 5], [32, 32], 'bilinear', '78908120e40408c2'],
    [[301, 5], [32, 32], 'lanczos', 'c43eb5c68b234dc6'],
    [[301, 5], [11, 6], 'bicubic', '319e088a9b265391', [37.625, 1.25, 225.75, 4.375]],
  ];
  for (const [[width, height], [toWidth, toHeight], interpolation, hash, box = [0, 0, width, height]] of pillow) {
    it(`${interpolation} from ${width}×${height} ${box.join()} to ${toWidth}×${toHeight} gives Pillow's pixels`, () => {
      const [left, top, right, bottom] = box as [number, number, number, number];
      const result = resample(pattern(width, height), toWidth, toHeight, interpolation, { left, top, right, bottom });
      assert.deepEqual([result.width, result.height], [toWidth, toHeight]);
      assert.equal(createHash('sha256').update(result.data).digest('hex').slice(0, 16), hash);
    });
  }

  const gray = (width: number, height: number, values: number[]) => picture(width, height, values.flatMap((value) => [value, value, value]));
  const modes: [mode: ResizeMode, interpolation: Interpolation, from: Picture, to: [number, number], expected: Picture][] = [
    ['stretch', 'bilinear', gray(2, 1, [0, 100]), [1, 1], gray(1, 1, [50])],
    ['stretch', 'nearest', gray(2, 1, [0, 100]), [4, 2], gray(4, 2, [0, 0, 100, 100, 0, 0, 100, 100])],
    ['stretch', 'bilinear', gray(2, 1, [0, 100]), [4, 1], gray(4, 1, [0, 25, 75, 100])],
    ['crop', 'nearest', gray(4, 2, [1, 2, 3, 4, 5, 6, 7, 8]), [2, 2], gray(2, 2, [2, 3, 6, 7])],
    ['crop', 'nearest', gray(1, 3, [1, 2, 3]), [2, 2], gray(2, 2, [2, 2, 2, 2])],
    ['crop:0.5', 'nearest', gray(6, 4, Array.from({ length: 24 }, (_, place) => place)), [2, 2], gray(2, 2, [8, 9, 14, 15])],
    ['crop:0.5', 'nearest', gray(2, 2, [1, 2, 3, 4]), [2, 2], gray(2, 2, [1, 2, 3, 4])],
    ['pad', 'nearest', gray(2, 1, [8, 9]), [2, 4], gray(2, 4, [0, 0, 8, 9, 0, 0, 0, 0])],
    ['pad', 'nearest', gray(1, 2, [8, 9]), [4, 4], gray(4, 4, [0, 8, 8, 0, 0, 8, 8, 0, 0, 9, 9, 0, 0, 9, 9, 0])],
    ['pad', 'bilinear', gray(1, 1, [8]), [3, 3], gray(3, 3, Array<number>(9).fill(8))],
    ['pad', 'lanczos', gray(1000, 1, Array<number>(1000).fill(8)), [2, 2], gray(2, 2, [8, 8, 0, 0])],
  ];
  for (const [mode, interpolation, from, [width, height], expected] of modes) {
    it(`${mode}, ${interpolation}, from ${from.width}×${from.height} to ${width}×${height}`, () => {
      const result = resizePicture(from, { width, height }, mode, interpolation);
      assert.deepEqual([result.width, result.height, ...result.data], [width, height, ...expected.data]);
    });
  }

  for (const [side, interpolation] of [[256, 'bicubic'], [512, 'bilinear'], [400, 'bicubic']] as const) {
    it(`crop:0.875 of ${side} pixels is the middle 224 of a resize to 256, ${interpolation}`, () => {
      const from = pattern(side, side);
      const whole = resizePicture(from, { width: 256, height: 256 }, 'stretch', interpolation).data;
      const middle = Array.from({ length: 224 }, (_, row) => [...whole.subarray(((row + 16) * 256 + 16) * 3, ((row + 16) * 256 + 240) * 3)]).flat();
      assert.deepEqual([...resizePicture(from, { width: 224, height: 224 }, 'crop:0.875', interpolation).data], middle);
    });
  }

  for (const mode of ['stretch', 'crop', 'crop:0.6', 'pad'] as const) {
    it(`${mode} keeps one colour one colour, at any size`, () => {
      for (const [width, height] of [[1, 1], [3, 2], [97, 31], [640, 480]] as const) {
        const from = gray(width, height, Array<number>(width * height).fill(201));
        for (const interpolation of ['bilinear', 'bicubic', 'lanczos', 'nearest'] as const) {
          const { data } = resizePicture(from, { width: 32, height: 24 }, mode, interpolation);
          assert.ok(data.every((value) => value === 201 || (mode === 'pad' && value === 0)));
        }
      }
    });
  }

  for (const mode of ['stretch', 'crop', 'pad'] as const) {
    it(`${mode} leaves a picture of the right size alone`, () => {
      const same = pattern(5, 4);
      assert.equal(resizePicture(same, { width: 5, height: 4 }, mode, 'bicubic'), same);
    });
  }

  it('scales a picture that is taken in parts as each of its rows', () => {
    const row = pattern(1500, 1).data;
    const height = 900;
    const tall: Picture = { width: 1500, height, data: new Uint8Array(row.length * height) };
    for (let y = 0; y < height; y++) tall.data.set(row, y * row.length);
    const scaled = resample(tall, 333, height, 'bicubic', { left: 0, top: 0, right: 1500, bottom: height });
    const expected = resample({ width: 1500, height: 1, data: row }, 333, 1, 'bicubic', { left: 0, top: 0, right: 1500, bottom: 1 });
    for (let y = 0; y < height; y++) assert.deepEqual(scaled.data.subarray(y * 999, (y + 1) * 999), expected.data);
  });
});

describe('tensors', () => {
  const two = picture(2, 1, [0, 51, 102, 153, 204, 255]);
  const plain = { range: '0-1', mean: null, std: null, channels: 'rgb' } as const;
  const tensors: [name: string, layout: TensorLayout, scaling: PixelScaling, expected: number[]][] = [
    ['0-1, planes', 'nchw', plain, [0, 0.6, 0.2, 0.8, 0.4, 1]],
    ['0-1, together', 'nhwc', plain, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['-1-1', 'nhwc', { ...plain, range: '-1-1' }, [-1, -0.6, -0.2, 0.2, 0.6, 1]],
    ['0-255', 'nhwc', { ...plain, range: '0-255' }, [0, 51, 102, 153, 204, 255]],
    ['bgr, planes', 'nchw', { ...plain, channels: 'bgr' }, [0.4, 1, 0.2, 0.8, 0, 0.6]],
    ['bgr, together', 'nhwc', { ...plain, channels: 'bgr' }, [0.4, 0.2, 0, 1, 0.8, 0.6]],
    ['mean and std', 'nhwc', { ...plain, mean: [0.1, 0.2, 0.3], std: [0.1, 0.2, 0.5] }, [-1, 0, 0.2, 5, 3, 1.4]],
    ['mean of red goes off red in bgr too', 'nhwc', { ...plain, range: '0-255', channels: 'bgr', mean: [1, 2, 3] }, [99, 49, -1, 252, 202, 152]],
    // (51·38470 + 102·7471 + 32768) >> 16 = 42, and (153·19595 + 204·38470 + 255·7471 + 32768) >> 16 = 195: Pillow's mode L.
    ['grey', 'nchw', { ...plain, range: '0-255', channels: 'gray' }, [42, 195]],
    ['grey with mean and std', 'nhwc', { range: '0-255', mean: [40], std: [2], channels: 'gray' }, [1, 77.5]],
  ];
  for (const [name, layout, scaling, expected] of tensors) {
    it(`${name}, and the same without noise, at its place in a batch`, () => {
      assert.equal(tensorLength(two, scaling.channels), expected.length);
      for (const sigma of [null, 0]) {
        const out = new Float32Array(expected.length + 3).fill(9);
        if (sigma === null) toTensor(two, out, 2, layout, scaling);
        else toNoisyTensor(two, sigma, randomSource(1), out, 2, layout, scaling);
        assert.deepEqual([out[0], out[1], out.at(-1)], [9, 9, 9]);
        expected.forEach((value, i) => assert.ok(Math.abs(out[i + 2]! - value) < 1e-5, out.join()));
      }
    });

    it(`${name}: the noise is added to raw pixels, whatever becomes of them`, () => {
      // The network's view of noise must be the slope of its own scaling times the noise of the plain tensor.
      const sigma = 0.1;
      const noise = new Float32Array(expected.length);
      randomSource(5).fillNormal(noise, sigma);
      const clean = new Float32Array(expected.length);
      toTensor(two, clean, 0, layout, scaling);
      const noisy = new Float32Array(expected.length);
      toNoisyTensor(two, sigma, randomSource(5), noisy, 0, layout, scaling);
      const unit = { '0-1': 1, '-1-1': 2, '0-255': 255 }[scaling.range];
      const channels = scaling.channels === 'gray' ? 1 : 3;
      for (let pixel = 0; pixel < 2; pixel++) {
        for (let channel = 0; channel < channels; channel++) {
          const place = scaling.channels === 'bgr' ? 2 - channel : channel;
          const at = layout === 'nchw' ? place * 2 + pixel : pixel * channels + place;
          const added = (noise[pixel * channels + channel]! * unit) / (scaling.std?.[channel] ?? 1);
          assert.ok(Math.abs(noisy[at]! - clean[at]! - added) < 1e-4 * unit);
        }
      }
    });
  }

  it('noise is not clamped and has the asked deviation', () => {
    const black = { width: 200, height: 200, data: new Uint8Array(200 * 200 * 3) };
    const out = new Float32Array(120_000);
    toNoisyTensor(black, 0.3, randomSource(2), out, 0, 'nchw', plain);
    const deviation = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0) / out.length);
    assert.ok(Math.abs(deviation - 0.3) < (5 * 0.3) / Math.sqrt(2 * out.length));
    assert.ok(Math.min(...out.subarray(0, 1000)) < 0);
  });
});
