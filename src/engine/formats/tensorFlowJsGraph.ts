import type { Format } from './format.ts';
import { graphModelName, readGraphModel } from './tensorFlowJs/graphModel.ts';
import { looksLikeGraphModel, readRoot } from './tensorFlowJs/modelJson.ts';
import { writeModel } from './tensorFlowJs/write.ts';

/** Graph models of TensorFlow.js: a model.json with a frozen TensorFlow graph, and its shards, as the converter writes them. */
export const tensorFlowJsGraph: Format = {
  name: graphModelName,
  title: 'TensorFlow.js graph model',
  matches: (_, head) => looksLikeGraphModel(head),
  read: async (path, size) => readGraphModel(path, await readRoot(path), size),
  write: writeModel,
};
