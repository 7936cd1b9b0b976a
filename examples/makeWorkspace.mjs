/**
 * Makes the example workspace from what is committed beside this file; needs no network.
 *
 *     node examples/makeWorkspace.mjs [FOLDER]
 *
 * FOLDER is `examples/workspace` unless given. It gets `digits/` and `patches/` (each with `train/CLASS/NNN.png` and
 * `test/CLASS/NNN.png`), `frames/` (`CLASS/NNN.png`), `photographs/` and `models/`. The same pixels come out every time. A workspace that is already
 * whole is left alone; one that is not is completed, and files that this script does not make are never touched.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { filmPhotograph, frameCount } from './frames.mjs';
import { cutPatches, patchSets } from './patches.mjs';
import { photographs } from './photographs.mjs';

const here = import.meta.dirname;
const workspace = resolve(process.argv[2] ?? join(here, 'workspace'));
const digitSide = 28;
const digitSets = [{ name: 'train', count: 300 }, { name: 'test', count: 100 }];
/** Decoders and encoders run on sharp's own threads; this many pictures are kept under way. */
const picturesAtOnce = 16;

const paths = {
  digit: (set, digit, index) => `digits/${set}/${digit}/${String(index).padStart(3, '0')}.png`,
  patch: (set, name, index) => `patches/${set}/${name}/${String(index).padStart(3, '0')}.png`,
  frame: (name, index) => `frames/${name}/${String(index).padStart(3, '0')}.png`,
  photograph: (name) => `photographs/${name}.jpg`,
};

/** Every picture that belongs into the workspace, as a path relative to it. */
function expectedPictures() {
  const range = (count) => Array.from({ length: count }, (_, index) => index);
  return [
    ...digitSets.flatMap((set) => range(10).flatMap((digit) => range(set.count).map((index) => paths.digit(set.name, digit, index)))),
    ...patchSets.flatMap((set) => photographs.flatMap(({ name }) => range(set.count).map((index) => paths.patch(set.name, name, index)))),
    ...photographs.flatMap(({ name }) => range(frameCount).map((index) => paths.frame(name, index))),
    ...photographs.map(({ name }) => paths.photograph(name)),
  ];
}

/** A short hash of all that decides the pictures' pixels: the data and the scripts. */
async function version() {
  const hash = createHash('sha256');
  const sources = ['makeWorkspace.mjs', 'frames.mjs', 'patches.mjs', 'photographs.mjs', 'data/digits-train.png', 'data/digits-test.png',
    ...photographs.map(({ name }) => join('data', paths.photograph(name)))];
  for (const source of sources) hash.update(await readFile(join(here, source)));
  return hash.digest('hex').slice(0, 16);
}

/** Writes `picture`, a sharp pipeline, as a PNG file at `path` in the workspace. */
async function writePng(path, picture) {
  await writeFile(join(workspace, path), await picture.png({ compressionLevel: 6 }).toBuffer());
}

/** Calls `work` on every entry, a fixed number at once. */
async function forEach(entries, work) {
  const iterator = entries[Symbol.iterator]();
  const lane = async () => { for (const entry of iterator) await work(entry); };
  await Promise.all(Array.from({ length: picturesAtOnce }, lane));
}

async function makeDigits() {
  for (const set of digitSets) {
    const { data, info } = await sharp(join(here, `data/digits-${set.name}.png`))
      .toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    const sheet = { raw: { width: info.width, height: info.height, channels: info.channels } };
    await forEach(Array.from({ length: 10 * set.count }, (_, position) => position), (position) => {
      const digit = Math.floor(position / set.count);
      const index = position % set.count;
      return writePng(paths.digit(set.name, digit, index), sharp(data, sheet)
        .extract({ left: index * digitSide, top: digit * digitSide, width: digitSide, height: digitSide }).toColourspace('b-w'));
    });
  }
}

async function makePatches() {
  for (const [number, { name }] of photographs.entries()) {
    const patches = await cutPatches(join(here, 'data', paths.photograph(name)), number);
    await forEach(patches, ({ set, index, picture }) => writePng(paths.patch(set, name, index), picture));
  }
}

async function makeFrames() {
  for (const [number, { name }] of photographs.entries()) {
    const frames = await filmPhotograph(join(here, 'data', paths.photograph(name)), number);
    await forEach(frames.entries(), ([index, picture]) => writePng(paths.frame(name, index), picture));
  }
}

const started = performance.now();
const stamp = join(workspace, '.made-from');
const pictures = expectedPictures();
const current = await version();
const whole = existsSync(stamp) && (await readFile(stamp, 'utf8')) === current
  && pictures.every((path) => existsSync(join(workspace, path)));
if (!whole) {
  for (const folder of new Set(pictures.map(dirname))) await mkdir(join(workspace, folder), { recursive: true });
  await makeDigits();
  await makePatches();
  await makeFrames();
  for (const { name } of photographs) await cp(join(here, 'data', paths.photograph(name)), join(workspace, paths.photograph(name)));
  await writeFile(stamp, current);
}
await cp(join(here, 'models'), join(workspace, 'models'), { recursive: true });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`The example workspace ${workspace} has ${pictures.length} pictures and the models (${whole ? 'it was there already' : `made in ${seconds} s`}).`);
