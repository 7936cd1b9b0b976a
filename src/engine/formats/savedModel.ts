import { basename } from 'node:path';
import { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';
import type { Format } from './format.ts';
import { graphFile, readSavedModel } from './savedModel/read.ts';
import { readMetadata, writeSavedModel } from './savedModel/write.ts';
import { assemble } from './tensorFlowGraph/assemble.ts';

/** SavedModel folders of TensorFlow: the serving signature's graph with its variables. */
export const savedModel: Format = {
  name: 'tensorflow-savedmodel',
  title: 'TensorFlow SavedModel',
  folder: true,
  matches: (path) => basename(path) === graphFile,
  read,
  write: writeSavedModel,
};

async function read(path: string, size?: AskedSize): Promise<ModelGraph> {
  const { folder, graph, files } = await readSavedModel(path);
  const metadata = await readMetadata(folder);
  return new ModelGraph({ format: savedModel.name, path: graph.path, ...assemble(graph, { asked: size, metadata }), files, metadata });
}
