import { resolve } from 'node:path';
import { UserError } from '../job.ts';
import { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';
import { sizeOf } from '../graph/tensor.ts';
import { writeFileAtomic } from './atomicWrite.ts';
import type { ChangedWeights, Format } from './format.ts';
import { legacyWeights } from './keras/legacyWeights.ts';
import { looksLikeKeras, readModelFile } from './keras/modelFile.ts';
import { placedWeights } from './keras/placedWeights.ts';
import { encoded } from './keras/storedWeights.ts';
import { assemble } from './layers/assemble.ts';
import { readTopology } from './layers/topology.ts';
import { inverse, transpose } from './layers/transpose.ts';
import { WeightStore } from './layers/weightStore.ts';

/**
 * Keras models in one file: `.h5` of Keras 2 and 3 (HDF5 with the layers as a text), and `.keras` (an archive of the layers and
 * an HDF5 file of weights). Layers mean what the version of Keras that wrote the file means by them.
 */
export const keras: Format = {
  name: 'keras',
  title: 'Keras',
  matches: looksLikeKeras,
  read,
  write,
};

async function read(path: string, size?: AskedSize): Promise<ModelGraph> {
  const file = await readModelFile(path);
  const topology = readTopology({ file: path, dialect: file.dialect }, file.config);
  const layers = (file.byName ? legacyWeights : placedWeights)(path, file.weights, topology);
  const assembled = assemble(topology, { asked: size, metadata: file.metadata }, (builder) => new WeightStore(builder, layers, 'the file'));
  return new ModelGraph({ format: keras.name, path, ...assembled, files: [path], metadata: file.metadata });
}

/** The original's bytes with those of changed weights exchanged in their places; only metadata makes the file longer. */
async function write(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  if (resolve(graph.path) === resolve(output)) throw new UserError(`cannot write ${output}: it is the model itself`);
  const file = await readModelFile(graph.path);
  const bytes = Uint8Array.from(file.weights.bytes.bytes);
  for (const [name, values] of changed) {
    const origin = graph.origins.get(name);
    const dataset = origin && file.weights.root.at(origin.key)?.dataset;
    if (!dataset) throw new Error(`${graph.path} has no weight ${name}`);
    if (values.length !== sizeOf(dataset.shape)) throw new Error(`weight ${name} has ${values.length} new values, its shape wants ${sizeOf(dataset.shape)}`);
    if (dataset.offset === undefined) throw new UserError(`${graph.path} keeps weight ${name} compressed, where new values have no place: save the model again with Keras`);
    const { transposition } = origin;
    const stored = transposition ? transpose(values, transposition.map((axis) => dataset.shape[axis]!), inverse(transposition)) : values;
    bytes.set(encoded(stored, dataset), dataset.offset);
  }
  await writeFileAtomic(output, file.with(bytes, metadata));
  return [output];
}
