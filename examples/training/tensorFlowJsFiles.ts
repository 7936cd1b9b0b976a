/** Reads and writes TensorFlow.js layers models as files, in TensorFlow.js's own format, without tfjs-node. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfLayers from '@tensorflow/tfjs-layers';

/** Cuts `bytes` into shards named as TensorFlow.js's converter names them, writes them and returns the names. */
export function writeShards(folder: string, bytes: Uint8Array, shardBytes: number, group = 1, ending = '.bin'): string[] {
  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const paths = Array.from({ length: count }, (_, shard) => `group${group}-shard${shard + 1}of${count}${ending}`);
  paths.forEach((path, shard) => writeFileSync(join(folder, path), bytes.subarray(shard * shardBytes, (shard + 1) * shardBytes)));
  return paths;
}

/** What TensorFlow.js would save of `model`, and the weights' bytes in the order of their specifications. */
export async function artifactsOf(model: tfLayers.LayersModel): Promise<{ artifacts: tf.io.ModelArtifacts; bytes: Uint8Array }> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(tf.io.withSaveHandler((artifacts) => {
    saved = artifacts;
    return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
  }));
  if (!saved?.weightData) throw new Error('TensorFlow.js saved no weights');
  return { artifacts: saved, bytes: new Uint8Array(tf.io.CompositeArrayBuffer.join(saved.weightData)) };
}

/** The content of `model.json`, with the fields that TensorFlow.js's own savers write. */
export function modelJson(artifacts: tf.io.ModelArtifacts, weightsManifest: tf.io.WeightsManifestConfig): tf.io.ModelJSON {
  return {
    modelTopology: artifacts.modelTopology as object,
    ...(artifacts.format === undefined ? {} : { format: artifacts.format }),
    ...(artifacts.generatedBy === undefined ? {} : { generatedBy: artifacts.generatedBy }),
    ...(artifacts.convertedBy === undefined ? {} : { convertedBy: artifacts.convertedBy }),
    ...(artifacts.userDefinedMetadata === undefined ? {} : { userDefinedMetadata: artifacts.userDefinedMetadata }),
    weightsManifest,
  };
}

/** Writes `model.json` and shards of at most `shardBytes` into `folder`, which is emptied first. */
export async function saveLayersModel(model: tfLayers.LayersModel, folder: string, shardBytes: number): Promise<void> {
  const { artifacts, bytes } = await artifactsOf(model);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const paths = writeShards(folder, bytes, shardBytes);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(modelJson(artifacts, [{ paths, weights: artifacts.weightSpecs! }])));
}

/** Loads the model of `folder/model.json` with TensorFlow.js's own loader. */
export function loadLayersModel(folder: string): Promise<tfLayers.LayersModel> {
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  return tfLayers.loadLayersModel({
    load: () => tf.io.getModelArtifactsForJSON(json, (manifest) => {
      const shards = manifest.flatMap((group) => group.paths).map((path) => readFileSync(join(folder, path)));
      return Promise.resolve([manifest.flatMap((group) => group.weights), new Uint8Array(Buffer.concat(shards)).buffer]);
    }),
  });
}
