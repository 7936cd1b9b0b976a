/**
 * Rebuilds the example models as TensorFlow.js layers models, from the ONNX files that `train.py` wrote, and holds the
 * two against each other on real pictures. Only a maintainer runs this, after `train.py`:
 *
 *     node examples/makeWorkspace.mjs && npx tsx examples/training/toTensorFlowJs.ts
 *
 * TensorFlow.js has no reader for ONNX. Each ONNX operator of the two networks becomes the layer of the same meaning,
 * its weights transposed from channels first to channels last.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfLayers from '@tensorflow/tfjs-layers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { ModelProtoSchema, type GraphProto, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { layerOf, type BuildState } from './onnxToLayers.ts';
import { loadLayersModel, saveLayersModel } from './tensorFlowJsFiles.ts';

const models = join(import.meta.dirname, '../models');
const workspace = join(import.meta.dirname, '../workspace');
/** Small, so that a model has several shards, as the files of larger models do. */
const shardBytes = 256 * 1024;
/** Pictures of each class that the comparison runs on. */
const comparedPerClass = 4;

interface Preprocessing { mean: number[] | null; std: number[] | null; channels: 'rgb' | 'gray' }

/** The TensorFlow.js model of an ONNX graph; its names are those of the ONNX weights, with `_` for `.`. */
function rebuild(graph: GraphProto): tfLayers.LayersModel {
  const [, channels, height, width] = graph.input[0]!.type!.tensorType!.shape!.dim.map((dim) => Number(dim.value.value));
  const input = tfLayers.input({ shape: [height!, width!, channels!], name: 'input' });
  const state: BuildState = {
    weights: new Map(graph.initializer.map((tensor) => [tensor.name, tensor])),
    values: new Map([[graph.input[0]!.name, input]]),
    constants: new Map(),
    layers: [],
  };
  for (const node of graph.node) layerOf(node, state);
  const model = tfLayers.model({ inputs: input, outputs: state.values.get(graph.output[0]!.name)!, name: 'model' });
  for (const { layer, weights } of state.layers) if (weights.length > 0) layer.setWeights(weights);
  return model;
}

/** Some test pictures of each class as the network's input, channels last. */
async function readPictures(name: string, preprocessing: Preprocessing): Promise<tf.Tensor4D> {
  const folder = join(workspace, name, 'test');
  const files = readdirSync(folder).sort().flatMap((label) => readdirSync(join(folder, label)).sort().slice(0, comparedPerClass).map((file) => join(folder, label, file)));
  const gray = preprocessing.channels === 'gray';
  const pictures = await Promise.all(files.map(async (file) => {
    const { data, info } = await sharp(file).toColourspace(gray ? 'b-w' : 'srgb').raw().toBuffer({ resolveWithObject: true });
    return tf.tensor3d(Float32Array.from(data), [info.height, info.width, info.channels]);
  }));
  const x = tf.div<tf.Tensor4D>(tf.stack(pictures), 255);
  return preprocessing.mean && preprocessing.std ? tf.div<tf.Tensor4D>(tf.sub(x, preprocessing.mean), preprocessing.std) : x;
}

/** Largest difference of the outputs of ONNX Runtime and of the loaded TensorFlow.js model. */
async function difference(onnxFile: string, model: tfLayers.LayersModel, x: tf.Tensor4D): Promise<number> {
  const session = await InferenceSession.create(onnxFile);
  const channelsFirst = tf.transpose(x, [0, 3, 1, 2]);
  const feeds = { [session.inputNames[0]!]: new Tensor('float32', channelsFirst.dataSync<'float32'>(), channelsFirst.shape) };
  const expected = (await session.run(feeds))[session.outputNames[0]!]!.data as Float32Array;
  const actual = (model.predict(x) as tf.Tensor).dataSync();
  assert.equal(actual.length, expected.length);
  return expected.reduce((largest, value, index) => Math.max(largest, Math.abs(value - actual[index]!)), 0);
}

/** A value of the ONNX file's own metadata, parsed. */
function metadata(model: ModelProto, key: string): unknown {
  const entry = model.metadataProps.find((property) => property.key === `model-stability.${key}`);
  if (!entry) throw new Error(`the ONNX file has no metadata model-stability.${key}`);
  return JSON.parse(entry.value);
}

async function main(): Promise<void> {
  await tf.setBackend('cpu');
  for (const name of ['digits', 'patches']) {
    const onnxFile = join(models, `${name}.onnx`);
    const onnx = fromBinary(ModelProtoSchema, readFileSync(onnxFile));
    const preprocessing = metadata(onnx, 'preprocessing') as Preprocessing;
    const model = rebuild(onnx.graph!);
    model.setUserDefinedMetadata({ modelStability: { preprocessing, classNames: metadata(onnx, 'classNames') } });
    const folder = join(models, `${name}-tfjs`);
    await saveLayersModel(model, folder, shardBytes);
    const x = await readPictures(name, preprocessing);
    const largest = await difference(onnxFile, await loadLayersModel(folder), x);
    assert(largest < 1e-4, `${name}: TensorFlow.js differs from ONNX Runtime by ${largest}`);
    console.log(`${name}: ${model.countParams()} values, ${x.shape[0]} pictures, ONNX Runtime against TensorFlow.js, largest difference ${largest.toExponential(2)}`);
  }
}

void main();
