/**
 * Times a TensorFlow.js model in TensorFlow.js on TensorFlow's C library, for bench/formats.ts: every line read is a number of
 * pictures and a number of runs; every line written is the seconds that they took. Needs `npm run setup:tensorflow`.
 *     node bench/frameworks.mjs model.json
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import util from 'node:util';

process.env['TF_CPP_MIN_LOG_LEVEL'] = '3';
// tfjs-node 4.22 calls these, which Node 23 and later no longer have.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const require = createRequire(path.resolve('out', 'tensorflow', 'package.json'));
const tf = require('@tensorflow/tfjs-node');

const file = process.argv[2];
const { format } = JSON.parse(await readFile(file, 'utf8'));
const handler = tf.io.fileSystem(file);
const model = format === 'graph-model' ? await tf.loadGraphModel(handler) : await tf.loadLayersModel(handler);
for await (const line of createInterface({ input: process.stdin })) {
  const [pictures, runs] = line.split(' ').map(Number);
  const image = tf.fill([pictures, 224, 224, 3], 0.1);
  const start = performance.now();
  for (let run = 0; run < runs; run++) {
    const answers = model.predict(image);
    await answers.data();
    answers.dispose();
  }
  console.log((performance.now() - start) / 1000);
  image.dispose();
}
