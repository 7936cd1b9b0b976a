import { fromBinary } from '@bufbuild/protobuf';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../job.ts';
import { elementBytes, fromBytes, sizeOf, type ElementType } from '../../graph/tensor.ts';
import { nodeOf, typeOf, type FixedArray, type TensorFlowGraph, type TensorFlowNode } from '../tensorFlowGraph/graphDef.ts';
import { arrayShape, attributesOf, constantData } from './attributes.ts';
import { VariableBundle, type BundleEntry } from './bundle.ts';
import { variableCopies } from './copies.ts';
import { maskedCrc32c } from './crc32c.ts';
import { Flattened, type FlatNode } from './functions.ts';
import { SavedModelSchema, type MetaGraphDef, type SignatureDef } from './tensorflow_pb.ts';

/** Largest saved_model.pb and largest data file that are read, in bytes. */
const largest = 2 ** 31 - 1;

/** The file that makes a folder a SavedModel. */
export const graphFile = 'saved_model.pb';

export interface StoredSavedModel {
  /** Absolute path of the folder. */
  folder: string;
  graph: TensorFlowGraph;
  /** Absolute paths of all files that were read, the graph's first. */
  files: string[];
  /** By the key of a variable, that of its other copy, which must be changed with it. */
  copies: ReadonlyMap<string, string>;
}

/** Reads a SavedModel by its saved_model.pb or its folder. Throws a `UserError` that names the file and what is wrong in it. */
export async function readSavedModel(given: string): Promise<StoredSavedModel> {
  const path = basename(given) === graphFile ? given : join(given, graphFile);
  const folder = dirname(path);
  const metaGraph = serving(path, await contentOf(path));
  const signature = signatureOf(path, metaGraph);
  const graph = metaGraph.graphDef!;
  const flat = new Flattened(path, graph);
  const bundle = await exists(join(folder, 'variables', 'variables.index')) ? await VariableBundle.open(join(folder, 'variables')) : null;
  const variables = bundle ? await variablesOf(bundle, flat.nodes) : new Map<string, FixedArray>();
  const copies = bundle ? await copiesIn(path, metaGraph, signature, bundle, variables) : new Map<string, string>();
  const byName = new Map(flat.nodes.map((node) => [node.name, node]));
  const nodes = flat.nodes.map((node) => readsVariable(node, byName));
  const fixed = new Map([...variables, ...constants(path, flat.nodes)]);
  const ends = (side: SignatureDef['inputs']): string[] => Object.keys(side).sort().map((key) => side[key]!).filter(({ dtype }) => typeOf(dtype) === 'float32' || side === signature.inputs).map(({ name }) => flat.value(name));
  const outputs = ends(signature.outputs);
  if (outputs.length === 0) throw new UserError(`${path}: its signature has no output of floating-point numbers`);
  const inputs = ends(signature.inputs).map(nodeOf);
  return { folder, graph: { path, nodes, inputs, outputs, fixed }, files: [path, ...(bundle?.files ?? [])], copies };
}

async function contentOf(path: string): Promise<Uint8Array> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw new UserError(`no such file: ${path}`, { cause: error });
  });
  if (size > largest) throw new UserError(`${path} is larger than 2 GB, which cannot be opened`);
  return readFile(path);
}

/** The graph that is meant for use, told by its tag. */
function serving(path: string, bytes: Uint8Array): MetaGraphDef {
  let graphs: MetaGraphDef[];
  try {
    graphs = fromBinary(SavedModelSchema, bytes).metaGraphs;
  } catch (error) {
    throw new UserError(`${path} is no SavedModel, or it is damaged: ${(error as Error).message}`, { cause: error });
  }
  const graph = graphs.find(({ metaInfoDef }) => metaInfoDef?.tags.includes('serve')) ?? graphs[0];
  if (!graph?.graphDef) throw new UserError(`${path} is no SavedModel: it holds no graph`);
  return graph;
}

function signatureOf(path: string, { signatureDef }: MetaGraphDef): SignatureDef {
  const names = Object.keys(signatureDef).filter((name) => !name.startsWith('__saved_model'));
  const name = names.includes('serving_default') ? 'serving_default' : names.length === 1 ? names[0]! : null;
  if (name === null) throw new UserError(`${path} has ${names.length === 0 ? 'no signature' : `the signatures ${names.join(', ')} and no serving_default`}: save the model with one serving signature`);
  return signatureDef[name]!;
}

const variableOperators = new Set(['VarHandleOp', 'Variable', 'VariableV2']);

function isVariable({ op }: { op: string }): boolean {
  return variableOperators.has(op);
}

/** Behind nodes that pass on what they are given. */
function origin(value: string, byName: ReadonlyMap<string, FlatNode>): string {
  let at = value;
  for (let hops = 0; hops < byName.size; hops++) {
    const node = byName.get(nodeOf(at));
    if (node?.op !== 'Identity' || node.inputs.length === 0) return at;
    at = node.inputs[0]!;
  }
  return at;
}

/** A node as the graph's reader wants it: what reads a variable by its handle is that variable. */
function readsVariable(node: FlatNode, byName: ReadonlyMap<string, FlatNode>): TensorFlowNode {
  const { name, op } = node;
  if (op === 'ReadVariableOp') return { name, op: 'Identity', inputs: [nodeOf(origin(node.inputs[0] ?? '', byName))], attributes: new Map() };
  return { name, op, inputs: node.inputs, attributes: attributesOf(node.attributes) };
}

/**
 * The variables by the name of their node. Which entry of the bundle is which variable's is what the graph itself says: it restores
 * each by an assignment from a RestoreV2, whose names are those entries.
 */
async function variablesOf(bundle: VariableBundle, nodes: readonly FlatNode[]): Promise<Map<string, FixedArray>> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const files = new Map<string, Buffer>();
  const result = new Map<string, FixedArray>();
  for (const assignment of nodes) {
    if (assignment.op !== 'AssignVariableOp' && assignment.op !== 'Assign') continue;
    const variable = nodeOf(origin(assignment.inputs[0] ?? '', byName));
    const value = origin(assignment.inputs[1] ?? '', byName);
    const restore = byName.get(nodeOf(value));
    if (restore?.op !== 'RestoreV2' || !isVariable(byName.get(variable) ?? { op: '' })) continue;
    const names = byName.get(nodeOf(restore.inputs[1] ?? ''))?.attributes['value']?.value;
    const key = names?.case === 'tensor' ? names.value.stringVal[Number(/:(\d+)$/.exec(value)?.[1] ?? 0)] : undefined;
    const name = key ? new TextDecoder().decode(key) : '';
    const place = bundle.entries.get(name);
    if (place) result.set(variable, await variableOf(bundle, place, name, files));
  }
  return result;
}

async function copiesIn(path: string, metaGraph: MetaGraphDef, signature: SignatureDef, bundle: VariableBundle, variables: ReadonlyMap<string, FixedArray>): Promise<Map<string, string>> {
  const keys = new Map([...variables].flatMap(([name, { origin: from }]) => (from ? [[name, from.key] as const] : [])));
  const objects = await bundle.content('_CHECKPOINTABLE_OBJECT_GRAPH');
  if (!objects) return new Map();
  try {
    return variableCopies(metaGraph, signature, keys, objects);
  } catch (error) {
    throw new UserError(`${path}: its object graph is damaged: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a variable's data file, each once. Its bytes are checked when they are asked for. */
async function variableOf(bundle: VariableBundle, place: BundleEntry, key: string, files: Map<string, Buffer>): Promise<FixedArray> {
  const { entry } = place;
  const file = bundle.dataFile(place);
  const [offset, size] = [Number(entry.offset), Number(entry.size)];
  const type = typeOf(entry.dtype);
  const shape = arrayShape(entry.shape, `the variable ${key}`, file);
  if (!readable.has(type) || entry.slices.length > 0) throw new UserError(`${file}: the variable ${key} is ${entry.slices.length > 0 ? 'stored in slices' : `of the type ${type}`}, which cannot be opened`);
  const elements = type as ElementType;
  if (size !== sizeOf(shape) * elementBytes(elements)) throw new UserError(`${file}: the variable ${key} has ${size} bytes, its shape [${shape.join(', ')}] wants ${sizeOf(shape) * elementBytes(elements)}`);
  let content = files.get(file);
  if (!content) {
    content = await dataOf(file);
    files.set(file, content);
  }
  if (offset < 0 || offset + size > content.length) throw new UserError(`${file}: the variable ${key} lies outside of it`);
  const bytes = content.subarray(offset, offset + size);
  return {
    type: elements, shape,
    data: () => {
      if (maskedCrc32c(bytes) !== entry.crc32c) throw new UserError(`${file}: the checksum of the variable ${key} is wrong: the file is damaged`);
      return fromBytes(elements, bytes);
    },
    ...(elements === 'float32' && { origin: { file, key, storedType: elements, shape } }),
  };
}

const readable = new Set<string>(['bool', 'float32', 'float64', 'int32', 'int64', 'uint8'] satisfies ElementType[]);

async function dataOf(file: string): Promise<Buffer> {
  try {
    if ((await stat(file)).size > largest) throw new UserError(`${file} is larger than 2 GB, which cannot be opened`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** The arrays of Const nodes; those of text or of types that are not computed with are left out. */
function constants(path: string, nodes: readonly FlatNode[]): [string, FixedArray][] {
  return nodes.flatMap((node): [string, FixedArray][] => {
    const value = node.op === 'Const' ? node.attributes['value']?.value : undefined;
    if (value?.case !== 'tensor') return [];
    const tensor = value.value;
    const type = typeOf(tensor.dtype);
    if (!readable.has(type) && type !== 'float16') return [];
    const shape = arrayShape(tensor.tensorShape, `Const ${node.name}`, path);
    const error = (reason: string): UserError => new UserError(`${path}: Const ${node.name}: ${reason}`);
    return [[node.name, { type: type === 'float16' ? 'float32' : type as ElementType, shape, data: () => constantData(tensor, type as ElementType, shape, error) }]];
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
