/**
 * How fast training the head on cached features is beside the same training written the plain way on the same engine: x and x'
 * through the whole network in each epoch. 400 training pictures, 10 epochs, 4 draws, in one process, in turn.
 *     node bench/run.mjs stabilize [pictures] [rounds]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onnxRuntime } from '../src/engine/engines/onnxRuntime.ts';
import type { Tensor } from '../src/engine/graph/tensor.ts';
import { openModel } from '../src/engine/openModel.ts';
import { decodePicture } from '../src/engine/pictures/decode.ts';
import type { Picture } from '../src/engine/pictures/picture.ts';
import { toNoisyTensor, toTensor } from '../src/engine/pictures/tensor.ts';
import { randomSource } from '../src/engine/random.ts';
import { stabilize } from '../src/engine/stabilize.ts';
import { createOnnxRuntimeStep } from '../src/engine/training/onnxRuntimeStep.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../src/engine/training/trainedPart.ts';
import { benchFolder, benchModel, benchPictures, freshRun, median, quietJob, seconds } from './setup.ts';

const [alpha, sigma, epochs, batchSize, learningRate, draws] = [1, 0.1, 10, 32, 1e-3, 4];
const threads = 2;

/** The plain way: pictures decoded once, everything else again in each epoch. */
async function plain(model: string, pictures: readonly { picture: Picture; label: number }[], classes: number): Promise<void> {
  const opened = await openModel({ model });
  if (typeof opened.head === 'string') throw new Error(opened.head);
  const weights = selectWeights(opened.graph, opened.head, 'head');
  const part = cutForTraining(opened.graph, opened.head, weights);
  const fixed = await onnxRuntime.load(part.fixed, { threads });
  const [value] = part.values as [string];
  const forward = declareInputs(part.forward, { [value]: [1, 1280] });
  const step = await createOnnxRuntimeStep({ forward, logits: logitsName, weights, divergence: 'cross-entropy', optimizer: 'adam', threads });
  const size = 3 * 224 * 224;
  const features = async (fill: (row: number, data: Float32Array, offset: number) => void, count: number): Promise<Record<string, Tensor>> => {
    const all = new Float32Array(count * 1280);
    for (let at = 0; at < count; at += 8) {
      const rows = Math.min(8, count - at);
      const data = new Float32Array(rows * size);
      for (let row = 0; row < rows; row++) fill(at + row, data, row * size);
      const output = await fixed.run({ [opened.inputName]: { type: 'float32', dims: [rows, 3, 224, 224], data } });
      all.set(output[value]!.data as Float32Array, at * 1280);
    }
    return { [value]: { type: 'float32', dims: [count, 1280], data: all } };
  };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = Uint32Array.from(pictures.keys());
    randomSource(0, 'order', epoch).shuffle(order);
    for (let at = 0; at < order.length; at += batchSize) {
      const indices = order.subarray(at, at + batchSize);
      const targets = new Float32Array(indices.length * classes);
      indices.forEach((index, row) => (targets[row * classes + pictures[index]!.label] = 1));
      const clean = await features((row, data, offset) => toTensor(pictures[indices[row]!]!.picture, data, offset, 'nchw', opened.preprocessing), indices.length);
      const noisy = await features((row, data, offset) => toNoisyTensor(pictures[indices[row]!]!.picture, sigma, randomSource(0, indices[row]!, epoch), data, offset, 'nchw', opened.preprocessing), indices.length);
      await step.train({ clean, noisy, targets: { type: 'float32', dims: [indices.length, classes], data: targets }, alpha, learningRate });
    }
  }
  await step.release();
  await fixed.release();
}

async function main(): Promise<void> {
  const trained = Number(process.argv[2] ?? 400);
  const rounds = Number(process.argv[3] ?? 3);
  const { folder, classes } = await benchPictures(trained * 1.25);
  const model = benchModel(classes);
  const files = readdirSync(folder).sort().flatMap((name, label) => readdirSync(join(folder, name)).map((file) => ({ path: join(folder, name, file), label })));
  const pictures = await Promise.all(files.slice(0, trained).map(async ({ path, label }) => ({ picture: await decodePicture(path), label })));
  const ratios: number[] = [];
  const shares: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const plainSeconds = await seconds(() => plain(model, pictures, classes));
    const { timing } = await stabilize({
      model, images: folder, run: freshRun('stabilize'), output: join(benchFolder, 'output.onnx'), alpha, sigma, epochs, batchSize, learningRate, draws, threads,
      validationShare: 0, testShare: 0.2,
    }, quietJob);
    const ours = timing.featureSeconds + timing.trainingSeconds;
    ratios.push(plainSeconds / ours);
    shares.push(timing.trainingSeconds / timing.wallSeconds);
    console.log(`round ${round}: plain ${plainSeconds.toFixed(1)} s (one training); stabilize ${ours.toFixed(1)} s (features ${timing.featureSeconds.toFixed(1)} s, training with its control ${timing.trainingSeconds.toFixed(2)} s), whole job ${timing.wallSeconds.toFixed(1)} s`);
  }
  console.log(`training on cached features is ${median(ratios).toFixed(2)} times faster (median of ${rounds}; wanted: at least 3.5)`);
  console.log(`training after the features takes ${(100 * median(shares)).toFixed(1)} % of the whole job (wanted: under 10 %)`);
}

void main();
