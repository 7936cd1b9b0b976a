import { ModelGraph } from '../graph/modelGraph.ts';
import type { Format } from './format.ts';
import { assemble } from './tensorFlowJs/assemble.ts';
import { readGroup, readManifest } from './tensorFlowJs/manifest.ts';
import { looksLikeModelJson, readMetadata, readModelJson } from './tensorFlowJs/modelJson.ts';
import { readTopology } from './tensorFlowJs/topology.ts';
import { assignWeights } from './tensorFlowJs/weightNames.ts';
import { WeightStore } from './tensorFlowJs/weightStore.ts';
import { writeModel } from './tensorFlowJs/write.ts';

/**
 * Layers models of TensorFlow.js: a model.json and its shards, as `model.save` and the converter from Keras write them.
 * The graph computes what TensorFlow.js does with the file. Where TensorFlow.js passes over a setting that the file states
 * (a ReLU's `negative_slope` and `threshold`, a depthwise convolution's `dilation_rate`, a global pooling's `keepdims`),
 * it computes what Keras, which wrote the setting, means by it.
 */
export const tensorFlowJsLayers: Format = {
  name: 'tensorflowjs-layers',
  title: 'TensorFlow.js layers model',
  matches: (_, head) => looksLikeModelJson(head),
  read,
  write: writeModel,
};

async function read(path: string): Promise<ModelGraph> {
  const json = await readModelJson(path);
  const topology = readTopology(path, json.topology);
  const groups = await readManifest(path, json.root);
  const layers = assignWeights(path, topology, groups.flatMap((group) => group.weights));
  const bytes = await Promise.all(groups.map(readGroup));
  const { model, origins } = assemble(topology, (builder) => new WeightStore(builder, groups, bytes, layers));
  return new ModelGraph({
    format: tensorFlowJsLayers.name, path, model, origins,
    files: [path, ...new Set(groups.flatMap((group) => group.shards))],
    metadata: readMetadata(json.root),
  });
}
