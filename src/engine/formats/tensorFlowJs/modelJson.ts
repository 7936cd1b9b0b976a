import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../job.ts';
import { field, isObject, type JsonObject } from '../layers/json.ts';
import type { Dialect } from '../layers/layerConfig.ts';

/** Longest model.json that is read: topologies are a few megabytes, weights lie in shards. */
const longestJson = 256 * 2 ** 20;

/** The parts of a layers model's model.json that this program reads. */
export interface ModelJson {
  /** The model's own layer entry: `{class_name, config}`. */
  topology: JsonObject;
  /** What Keras 3 exported means what Keras 3 means, not what TensorFlow.js understands, which cannot load it. */
  dialect: Dialect;
}

/** Whether the first bytes are those of a model.json of TensorFlow.js, of layers or of another kind. */
export function looksLikeModelJson(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  return /^\uFEFF?\s*\{/.test(text) && /"(modelTopology|weightsManifest)"\s*:/.test(text);
}

/** Whether the first bytes are those of a graph model, as the converter writes it. */
export function looksLikeGraphModel(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  return looksLikeModelJson(head) && /"format"\s*:\s*"graph-model"|"modelTopology"\s*:\s*\{\s*("versions"\s*:\s*\{[^}]*\}\s*,\s*)?"node"\s*:/.test(text);
}

/** The object of a model.json. Throws a `UserError` that names the file. */
export async function readRoot(path: string): Promise<JsonObject> {
  const { size } = await stat(path);
  if (size > longestJson) throw new UserError(`${path} has ${size} bytes; a model.json of more than ${longestJson} cannot be opened`);
  let root: unknown;
  try {
    root = JSON.parse((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError(`${path} is not JSON, or it is cut short: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(root)) throw notAModel(path);
  return root;
}

/** Whether a model.json holds a graph instead of layers. */
export function holdsGraph(root: JsonObject): boolean {
  const topology = field(root, 'modelTopology');
  return field(root, 'format') === 'graph-model' || (isObject(topology) && Array.isArray(field(topology, 'node')));
}

/** What a layers model's model.json says. Throws a `UserError` that names the file where it is another's. */
export function layersOf(path: string, root: JsonObject): ModelJson {
  const topology = field(root, 'modelTopology');
  if (!isObject(topology)) throw notAModel(path);
  const config = field(topology, 'model_config') ?? topology;
  if (!isObject(config) || typeof field(config, 'class_name') !== 'string') throw notAModel(path);
  const version = field(topology, 'keras_version');
  return { topology: config, dialect: typeof version === 'string' && version.startsWith('3.') ? 'keras3' : 'tensorFlowJs' };
}

function notAModel(path: string): UserError {
  return new UserError(`${path} is not a TensorFlow.js layers model: it has no modelTopology with a class_name`);
}

/** Metadata of the model as text: `userDefinedMetadata`, ours as `model-stability.…`, other text under its own name. */
export function readMetadata(root: JsonObject): Record<string, string> {
  const metadata = field(root, 'userDefinedMetadata');
  if (!isObject(metadata)) return {};
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    if (key === 'modelStability' && isObject(value)) {
      for (const [name, item] of Object.entries(value)) entries.push([`${ourPrefix}${name}`, typeof item === 'string' ? item : JSON.stringify(item)]);
    } else if (typeof value === 'string') {
      entries.push([key, value]);
    }
  }
  return Object.fromEntries(entries);
}

const ourPrefix = 'model-stability.';

/** `userDefinedMetadata` with further entries: keys `model-stability.X` go to `modelStability.X`, as JSON where they are that. */
export function mergeMetadata(root: JsonObject, added: Record<string, string>): JsonObject {
  const known = field(root, 'userDefinedMetadata');
  const metadata = new Map(Object.entries(isObject(known) ? known : {}));
  const ours = metadata.get('modelStability');
  const merged = new Map(Object.entries(isObject(ours) ? ours : {}));
  for (const [key, value] of Object.entries(added)) {
    if (key.startsWith(ourPrefix)) merged.set(key.slice(ourPrefix.length), parsed(value));
    else metadata.set(key, value);
  }
  if (merged.size > 0) metadata.set('modelStability', Object.fromEntries(merged));
  return Object.fromEntries(metadata);
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}
