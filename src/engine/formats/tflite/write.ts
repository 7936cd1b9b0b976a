import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../../job.ts';
import type { ModelGraph, WeightOrigin } from '../../graph/modelGraph.ts';
import { numberToFloat16, toBytes } from '../../graph/tensor.ts';
import { writeFileAtomic } from '../atomicWrite.ts';
import type { ChangedWeights } from '../format.ts';
import { inverse, transpose } from '../layers/transpose.ts';
import { readAssociated, withAssociated } from './associatedFiles.ts';
import { ownFile } from './metadata.ts';
import { TfliteFile } from './schema.ts';

/**
 * Writes a copy of a model. New values take the place of the old ones, in the type that the file has for them, so that no
 * offset of the file moves; metadata go into a file that is packed behind the model, as TensorFlow Lite packs labels.
 */
export async function writeModel(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  if (resolve(graph.path) === resolve(output)) throw new UserError(`cannot write ${output}: it is a file of the model itself`);
  const bytes = new Uint8Array(await readFile(graph.path));
  const file = new TfliteFile(graph.path, bytes);
  const tensors = new Map(file.tensors.map((tensor) => [file.keyOf(tensor), tensor]));
  for (const [name, values] of changed) {
    const origin = graph.origins.get(name);
    const tensor = origin && tensors.get(origin.key);
    const place = tensor && file.valuesOf(tensor);
    if (!place) throw new Error(`${graph.path} has no weight ${name}`);
    const stored = storedOrder(origin, values);
    const content = toBytes(origin.storedType === 'float16' ? Uint16Array.from(stored, numberToFloat16) : stored);
    if (content.length !== place.length) throw new Error(`weight ${name} has ${values.length} new values, its shape [${origin.shape.join(', ')}] wants another number`);
    // The bytes of a weight are a part of the file's.
    place.set(content);
  }
  const pieces = Object.keys(metadata).length === 0 ? [bytes] : withAssociated(bytes, ownFile, ownContent(bytes, metadata));
  await writeFileAtomic(output, pieces);
  return [output];
}

/** Values of the graph's weight in the order of the file's array. */
function storedOrder({ transposition, shape }: WeightOrigin, values: Float32Array): Float32Array {
  return transposition ? transpose(values, transposition.map((axis) => shape[axis]!), inverse(transposition)) : values;
}

function ownContent(bytes: Uint8Array, metadata: Record<string, string>): Uint8Array {
  const before = readAssociated(bytes, ownFile);
  const entries = before ? (JSON.parse(new TextDecoder().decode(before)) as Record<string, string>) : {};
  return new TextEncoder().encode(JSON.stringify({ ...entries, ...metadata }));
}
