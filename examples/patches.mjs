/**
 * Where the labelled patches lie in a photograph. A photograph is divided into square cells, six along its long side;
 * one cell in four belongs to the test set. A test patch lies inside one such cell, and a training patch touches none, so
 * the two sets share no pixel.
 */
import sharp from 'sharp';

/** The two sets; `count` is the number of patches of each photograph. */
export const patchSets = [{ name: 'train', count: 220 }, { name: 'test', count: 80 }];

/** Side of a finished patch in pixels, which is also the input size of the example network. */
const patchSide = 96;
const cellsAlongLongSide = 6;
/** Sides of the windows that are cut, in pixels of the photograph; the largest fits into a cell. */
const windowSides = { smallest: 64, largest: 140 };
/** A window whose grey values deviate less than this shows nothing but paper or sky, and has no right answer. */
const leastDeviation = 8;

/** A small seeded generator (mulberry32, public domain); returns numbers in [0, 1). */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Which set the pixel belongs to, by its cell. */
function setAt(x, y, cell) {
  return (Math.floor(x / cell) + 2 * Math.floor(y / cell)) % 4 === 1 ? 'test' : 'train';
}

/** True where every cell that the window touches belongs to `set`, and, for a test window, it is one cell only. */
function liesIn(set, window, cell) {
  const right = window.left + window.side - 1;
  const bottom = window.top + window.side - 1;
  // A window is smaller than a cell, so its corners see every cell that it touches.
  const corners = [[window.left, window.top], [right, window.top], [window.left, bottom], [right, bottom]];
  return corners.every(([x, y]) => setAt(x, y, cell) === set);
}

/** Standard deviation of the grey values (mean of the channels) of a window, 0 to 127.5. */
function deviation(pixels, width, window) {
  let sum = 0;
  let squares = 0;
  for (let y = window.top; y < window.top + window.side; y++) {
    for (let x = window.left; x < window.left + window.side; x++) {
      const at = 3 * (y * width + x);
      const grey = (pixels[at] + pixels[at + 1] + pixels[at + 2]) / 3;
      sum += grey;
      squares += grey * grey;
    }
  }
  const count = window.side * window.side;
  return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}

/**
 * All patches of one photograph: `{ set, index, picture }`, `picture` being a sharp pipeline of 96×96 pixels.
 * `seed` decides the places; the same seed gives the same patches.
 */
export async function cutPatches(file, seed) {
  const { data, info } = await sharp(file).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const cell = Math.floor(Math.max(info.width, info.height) / cellsAlongLongSide);
  const random = randomNumbers(seed);
  const whole = (from, to) => from + Math.floor(random() * (to - from + 1));
  const patches = [];
  for (const set of patchSets) {
    for (let index = 0; index < set.count;) {
      const side = whole(windowSides.smallest, windowSides.largest);
      const window = { side, left: whole(0, info.width - side), top: whole(0, info.height - side) };
      if (!liesIn(set.name, window, cell) || deviation(data, info.width, window) < leastDeviation) continue;
      const picture = sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
        .extract({ left: window.left, top: window.top, width: side, height: side })
        .resize(patchSide, patchSide, { kernel: 'lanczos3' });
      patches.push({ set: set.name, index, picture });
      index += 1;
    }
  }
  return patches;
}
