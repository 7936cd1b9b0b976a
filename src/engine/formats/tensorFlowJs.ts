import { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';
import type { Format } from './format.ts';
import { assemble } from './layers/assemble.ts';
import { readTopology } from './layers/topology.ts';
import { assignWeights } from './layers/weightNames.ts';
import { WeightStore, type LayerWeight } from './layers/weightStore.ts';
import { readGroup, readManifest, shardOf, storedValues, type StoredWeight, type WeightGroup } from './tensorFlowJs/manifest.ts';
import { holdsGraph, layersOf, looksLikeModelJson, readMetadata, readRoot } from './tensorFlowJs/modelJson.ts';
import { readGraphModel } from './tensorFlowJs/graphModel.ts';
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

/** Where the file lists its weights, as messages say it. */
const place = 'the weightsManifest';

async function read(path: string, size?: AskedSize): Promise<ModelGraph> {
  const root = await readRoot(path);
  // Where the topology stands behind long lists of weights, the first bytes do not tell what it is.
  if (holdsGraph(root)) return readGraphModel(path, root, size);
  const json = layersOf(path, root);
  const topology = readTopology({ file: path, dialect: json.dialect }, json.topology);
  const groups = await readManifest(path, root);
  const bytes = await Promise.all(groups.map(readGroup));
  const stored = groups.flatMap((group, number) => group.weights.filter((weight) => !weight.optimizer).map((weight) => layerWeight(group, bytes[number]!, weight)));
  const layers = assignWeights(topology, stored, place);
  const metadata = readMetadata(root);
  const assembled = assemble(topology, { asked: size, metadata }, (builder) => new WeightStore(builder, layers, place));
  return new ModelGraph({
    format: tensorFlowJsLayers.name, path, ...assembled, metadata,
    files: [path, ...new Set(groups.flatMap((group) => group.shards))],
  });
}

function layerWeight(group: WeightGroup, bytes: Uint8Array, stored: StoredWeight): LayerWeight {
  const { name, shape, storedType, quantization } = stored;
  return {
    name, shape, values: () => storedValues(bytes, stored),
    ...(stored.type === 'float32' && { origin: { file: shardOf(group, stored), key: name, storedType, shape, ...(quantization && { quantization }) } }),
  };
}
