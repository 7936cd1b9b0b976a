import { UserError } from '../../job.ts';
import { ModelGraph } from '../../graph/modelGraph.ts';
import type { TensorData } from '../../graph/tensor.ts';
import type { AskedSize } from '../../inputSize.ts';
import { field, isObject, type JsonObject } from '../layers/json.ts';
import { assemble } from '../tensorFlowGraph/assemble.ts';
import { dataInputs, nodeOf, type FixedArray, type TensorFlowNode } from '../tensorFlowGraph/graphDef.ts';
import { readGroup, readManifest, shardOf, storedValues, type StoredWeight, type WeightGroup } from './manifest.ts';
import { attributesOf } from './graphAttributes.ts';
import { readMetadata } from './modelJson.ts';

/** The format's name, as `inspect` says it. */
export const graphModelName = 'tensorflowjs-graph';

/** Reads a graph model whose model.json is parsed already. Throws a `UserError` that names the file and the node. */
export async function readGraphModel(path: string, root: JsonObject, size?: AskedSize): Promise<ModelGraph> {
  const nodes = readNodes(path, root);
  const groups = await readManifest(path, root);
  const bytes = await Promise.all(groups.map(readGroup));
  const fixed = new Map<string, FixedArray>();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const [number, group] of groups.entries()) {
    for (const weight of group.weights) {
      if (byName.get(weight.name)?.op === 'Const') fixed.set(weight.name, fixedArray(path, group, bytes[number]!, weight));
    }
  }
  const without = nodes.find((node) => node.op === 'Const' && !fixed.has(node.name));
  if (without) throw new UserError(`${path}: Const ${without.name} has no values in the weightsManifest`);
  const { inputs, outputs } = endsOf(path, root, nodes);
  const metadata = readMetadata(root);
  const assembled = assemble({ path, nodes, inputs, outputs, fixed }, { asked: size, metadata });
  return new ModelGraph({
    format: graphModelName, path, ...assembled, metadata,
    files: [path, ...new Set(groups.flatMap((group) => group.shards))],
  });
}

function readNodes(path: string, root: JsonObject): TensorFlowNode[] {
  const topology = field(root, 'modelTopology');
  const nodes = isObject(topology) ? field(topology, 'node') : undefined;
  if (!Array.isArray(nodes)) throw new UserError(`${path} is not a TensorFlow.js graph model: its modelTopology has no nodes`);
  return nodes.map((entry: unknown, index) => {
    const [name, op] = isObject(entry) ? [field(entry, 'name'), field(entry, 'op')] : [];
    if (!isObject(entry) || typeof name !== 'string' || typeof op !== 'string') throw new UserError(`${path}: node ${index} of the graph has no name or no op`);
    const inputs = field(entry, 'input') ?? [];
    if (!Array.isArray(inputs) || !inputs.every((input) => typeof input === 'string')) throw new UserError(`${path}: ${op} ${name} has inputs that are no names`);
    return { name, op, inputs, attributes: attributesOf(field(entry, 'attr')) };
  });
}

function fixedArray(path: string, group: WeightGroup, bytes: Uint8Array, stored: StoredWeight): FixedArray {
  const { name, shape, type, storedType, quantization } = stored;
  const types = { float32: 'float32', int32: 'int32', bool: 'bool' } as const;
  if (!Object.hasOwn(types, type)) throw new UserError(`${path}: weight ${name} has the type ${type}, which cannot be opened`);
  return {
    type: types[type as keyof typeof types], shape,
    data: () => ofType(type, storedValues(bytes, stored)),
    ...(type === 'float32' && { origin: { file: shardOf(group, stored), key: name, storedType, shape, ...(quantization && { quantization }) } }),
  };
}

function ofType(type: string, values: Float32Array): TensorData {
  if (type === 'float32') return values;
  return type === 'bool' ? Uint8Array.from(values) : Int32Array.from(values, Math.round);
}

/** What is fed and what is answered: as the signature says, or else the placeholders and what no node reads. */
function endsOf(path: string, root: JsonObject, nodes: readonly TensorFlowNode[]): { inputs: string[]; outputs: string[] } {
  const signature = field(root, 'signature');
  const named = (side: string): string[] => {
    const entries = isObject(signature) ? field(signature, side) : undefined;
    return isObject(entries) ? Object.values(entries).flatMap((entry) => (isObject(entry) && typeof field(entry, 'name') === 'string' ? [field(entry, 'name') as string] : [])) : [];
  };
  const known = new Set(nodes.map((node) => node.name));
  const read = new Set(nodes.flatMap(dataInputs).map(nodeOf));
  const inputs = named('inputs').map(nodeOf).filter((name) => known.has(name));
  const outputs = named('outputs').filter((name) => known.has(nodeOf(name)));
  const placeholders = nodes.filter((node) => node.op === 'Placeholder');
  const result = {
    inputs: inputs.length > 0 ? inputs : placeholders.map((node) => node.name),
    outputs: outputs.length > 0 ? outputs : nodes.filter((node) => !read.has(node.name) && !['Const', 'NoOp', 'Placeholder'].includes(node.op)).map((node) => node.name),
  };
  if (result.inputs.length === 0) throw new UserError(`${path}: the graph has no input`);
  if (result.outputs.length === 0) throw new UserError(`${path}: the graph has no output`);
  return result;
}
