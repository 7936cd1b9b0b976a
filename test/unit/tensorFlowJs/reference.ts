import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel, type layers } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onnxRuntime } from '../../../src/engine/engines/onnxRuntime.ts';
import type { ModelGraph } from '../../../src/engine/graph/modelGraph.ts';

/** TensorFlow.js as it reads, runs and writes a layers model: the authority that the format's reader is held against. */

export type Layer = InstanceType<typeof layers.Layer>;
export type Json = Record<string, unknown>;

/** Pseudo-random numbers in [−1, 1), the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * 2 - 1;
  };
}

/** Random weights for every layer, also for those that start as zeros; variances stay positive. */
export function randomize(model: LayersModel, seed: number): LayersModel {
  const random = seeded(seed);
  model.setWeights(model.weights.map((weight) => {
    const size = weight.shape.reduce<number>((product, dim) => product * (dim ?? 1), 1);
    const values = Float32Array.from({ length: size }, () => (weight.originalName.endsWith('variance') ? 0.5 + Math.abs(random()) : random() * 0.7));
    return tf.tensor(values, weight.shape as number[]);
  }));
  return model;
}

/** A folder that is gone when the tests are. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tensorflowjs-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Saves a model as TensorFlow.js does, with one shard. `change` may alter the model.json before it is written. */
export async function save(model: LayersModel, folder: string, name = 'model', change: (json: Json) => Json = (json) => json): Promise<string> {
  const path = join(folder, `${name}.json`);
  await model.save(tf.io.withSaveHandler(async (artifacts) => {
    const shard = `${name}.weights.bin`;
    writeFileSync(join(folder, shard), new Uint8Array(artifacts.weightData as ArrayBuffer));
    writeFileSync(path, JSON.stringify(change({
      modelTopology: artifacts.modelTopology, format: artifacts.format, generatedBy: artifacts.generatedBy,
      weightsManifest: [{ paths: [shard], weights: artifacts.weightSpecs }],
    })));
    return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
  }));
  return path;
}

/** Opens a model.json by TensorFlow.js' own loader. */
export async function load(path: string): Promise<LayersModel> {
  const json = JSON.parse(readFileSync(path, 'utf8')) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig; userDefinedMetadata?: object };
  const files = json.weightsManifest.flatMap((group) => group.paths).map((shard) => readFileSync(join(dirname(path), shard)));
  const bytes = Uint8Array.from(Buffer.concat(files));
  return loadLayersModel({
    load: () => Promise.resolve({
      modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData: bytes.buffer,
      ...(json.userDefinedMetadata && { userDefinedMetadata: json.userDefinedMetadata as Record<string, string> }),
    }),
  });
}

/** A batch of inputs, the same for the same seed. */
export function sample(shape: readonly number[], seed = 1): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, random);
}

export interface Result {
  dims: readonly number[];
  data: Float32Array;
}

/** All outputs of TensorFlow.js for its inputs. */
export function predict(model: LayersModel, inputs: { dims: number[]; data: Float32Array }[]): Result[] {
  return tf.tidy(() => {
    const tensors = inputs.map(({ dims, data }) => tf.tensor(data, dims));
    const output = model.predict(tensors.length === 1 ? tensors[0]! : tensors);
    return (Array.isArray(output) ? output : [output]).map((tensor) => ({ dims: tensor.shape, data: tensor.dataSync<'float32'>().slice() }));
  });
}

/** All outputs of the graph that the reader made, on the engine as the program runs it. */
export async function run(graph: ModelGraph, inputs: { dims: number[]; data: Float32Array }[]): Promise<Result[]> {
  const session = await onnxRuntime.load(graph.model, { threads: 1 });
  try {
    const results = await session.run(Object.fromEntries(graph.inputs.map((input, index) => {
      const { data, dims } = inputs[index]!;
      return [input.name, input.type === 'int32' ? { type: 'int32', data: Int32Array.from(data), dims } : { type: 'float32', data, dims }];
    })));
    return graph.outputs.map((output) => ({ dims: results[output.name]!.dims, data: results[output.name]!.data as Float32Array }));
  } finally {
    await session.release();
  }
}

/** Asserts that two sets of outputs have the same shapes and agree within `tolerance`, and that they are not all the same number. */
export function assertAgree(actual: readonly Result[], expected: readonly Result[], tolerance = 1e-4): void {
  assert.equal(actual.length, expected.length);
  for (const [index, { dims, data }] of expected.entries()) {
    assert.deepEqual([...actual[index]!.dims], [...dims]);
    let worst = 0;
    for (let place = 0; place < data.length; place++) {
      const difference = Math.abs(actual[index]!.data[place]! - data[place]!) / Math.max(1, Math.abs(data[place]!));
      worst = Math.max(worst, Number.isNaN(difference) ? Infinity : difference);
    }
    assert.ok(worst <= tolerance, `output ${index} differs by ${worst}`);
  }
}
