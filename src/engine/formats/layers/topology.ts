import { UserError } from '../../job.ts';
import { LayerConfig } from './layerConfig.ts';
import { field, isObject, type JsonObject } from './json.ts';

/** One layer of a topology, with what it is called on. */
export interface Layer {
  config: LayerConfig;
  /** Its name, after those of the models that it stands in, joined by `/`. */
  path: string;
  /** What each call of the layer reads, in the order in which the file lists the calls. */
  calls: Reference[][];
  /** The layers of a nested model. */
  model?: Model;
}

/** The output of a call of a layer. */
export interface Reference {
  layer: string;
  call: number;
  tensor: number;
}

/** A model or a nested one; a sequential model is written as a chain with an input layer of its own. */
export interface Model {
  layers: Map<string, Layer>;
  inputs: Reference[];
  outputs: Reference[];
}

const modelClasses = new Set(['Model', 'Functional', 'LayersModel', 'Sequential']);

/** Models nested deeper than this are not read; real ones have two or three levels. */
const deepest = 32;

/** Reads a `{class_name, config}` entry. Throws a `UserError` that names the file and the layer. */
export function readTopology(file: string, entry: JsonObject): Model {
  const layer = readLayer(file, entry, '', 0);
  if (!layer.model) throw layer.config.unsupported('it is the whole model');
  return layer.model;
}

function readLayer(file: string, entry: unknown, parent: string, depth: number): Layer {
  if (!isObject(entry)) throw new UserError(`${file}: a layer is not an object`);
  const className = field(entry, 'class_name') ?? field(entry, 'className');
  const config = field(entry, 'config');
  if (typeof className !== 'string') throw new UserError(`${file}: a layer has no class_name`);
  // The oldest sequential models are a bare list of layers.
  const fields = Array.isArray(config) ? { layers: config } : config;
  if (!isObject(fields)) throw new UserError(`${file}: a layer of class ${className} has no config`);
  const name = field(entry, 'name') ?? field(fields, 'name') ?? className.toLowerCase();
  if (typeof name !== 'string') throw new UserError(`${file}: the name of a layer of class ${className} is not text`);
  if (depth > deepest) throw new UserError(`${file}: models are nested more than ${deepest} deep`);
  const layer: Layer = { config: new LayerConfig(className, name, file, fields), path: parent + name, calls: readCalls(file, name, entry) };
  if (modelClasses.has(className)) {
    const inside = depth === 0 ? '' : `${layer.path}/`;
    layer.model = className === 'Sequential' ? readSequential(file, layer.config, fields, inside, depth) : readFunctional(file, layer.config, fields, inside, depth);
  }
  return layer;
}

function readLayers(file: string, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Map<string, Layer> {
  const entries = field(fields, 'layers');
  if (!Array.isArray(entries) || entries.length === 0) throw config.error('it has no layers');
  const layers = new Map<string, Layer>();
  for (const entry of entries) {
    const layer = readLayer(file, entry, parent, depth + 1);
    if (layers.has(layer.config.name)) throw layer.config.error('its name stands twice');
    layers.set(layer.config.name, layer);
  }
  return layers;
}

function readFunctional(file: string, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Model {
  const layers = readLayers(file, config, fields, parent, depth);
  const inputs = readReferences(file, config.name, field(fields, 'input_layers') ?? field(fields, 'inputLayers'));
  const outputs = readReferences(file, config.name, field(fields, 'output_layers') ?? field(fields, 'outputLayers'));
  if (inputs.length === 0 || outputs.length === 0) throw config.error('it has no inputs or no outputs');
  const references = [...inputs, ...outputs, ...[...layers.values()].flatMap((layer) => layer.calls.flat())];
  for (const layer of layers.values()) {
    if (!layer.model) continue;
    // A model's first node is its own graph: most exporters count its calls from one, some from zero.
    const own = references.filter((reference) => reference.layer === layer.config.name);
    const offset = Math.max(0, ...own.map((reference) => reference.call)) - (layer.calls.length - 1);
    if (offset > 0) for (const reference of own) reference.call = Math.max(0, reference.call - 1);
  }
  return { layers, inputs, outputs };
}

function readSequential(file: string, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Model {
  const layers = readLayers(file, config, fields, parent, depth);
  const chain = [...layers.values()];
  const first = chain[0]!;
  if (first.config.className !== 'InputLayer') {
    const name = `${first.config.name}_input`;
    const shape = inputShapeOf(first) ?? config.integers('build_input_shape');
    chain.unshift({
      config: new LayerConfig('InputLayer', name, file, { batch_input_shape: shape?.map((dim) => (dim < 0 ? null : dim)) }),
      path: parent + name, calls: [],
    });
  }
  for (const [index, layer] of chain.entries()) layer.calls = index === 0 ? [] : [[{ layer: chain[index - 1]!.config.name, call: 0, tensor: 0 }]];
  return {
    layers: new Map(chain.map((layer) => [layer.config.name, layer])),
    inputs: [{ layer: chain[0]!.config.name, call: 0, tensor: 0 }],
    outputs: [{ layer: chain.at(-1)!.config.name, call: 0, tensor: 0 }],
  };
}

/** The shape that a layer says its input has, batch first, −1 where it is open; undefined where it does not say. */
export function inputShapeOf(layer: Layer): number[] | undefined {
  const input = layer.model?.inputs[0];
  if (input) return inputShapeOf(layer.model!.layers.get(input.layer) ?? layer);
  const shape = layer.config.integers('batch_input_shape') ?? layer.config.integers('batch_shape');
  if (shape) return shape;
  const dimension = layer.config.className === 'Dense' ? layer.config.integers('input_dim') : undefined;
  return dimension && [-1, ...dimension];
}

function readCalls(file: string, layer: string, entry: JsonObject): Reference[][] {
  const nodes = field(entry, 'inbound_nodes') ?? field(entry, 'inboundNodes');
  if (nodes === undefined) return [];
  if (!Array.isArray(nodes)) throw new UserError(`layer "${layer}" in ${file}: its inbound_nodes are not a list`);
  return nodes.map((node) => (isObject(node) ? kerasTensors(file, layer, field(node, 'args'), 0) : readReferences(file, layer, node)));
}

/** `[["conv", 0, 0, {}], …]`; a list of one may stand without its brackets. */
function readReferences(file: string, layer: string, value: unknown): Reference[] {
  if (!Array.isArray(value)) return [];
  const list: unknown[] = typeof value[0] === 'string' ? [value] : value;
  return list.map((item) => {
    const [name, call, tensor] = Array.isArray(item) ? (item as unknown[]) : [];
    if (typeof name !== 'string' || !isIndex(call) || !isIndex(tensor)) {
      throw new UserError(`layer "${layer}" in ${file}: ${JSON.stringify(item)} does not name the output of a layer`);
    }
    return { layer: name, call, tensor };
  });
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Keras 3 writes a call as its arguments, with tensors as objects that know their history. */
function kerasTensors(file: string, layer: string, value: unknown, depth: number): Reference[] {
  if (depth > deepest) throw new UserError(`layer "${layer}" in ${file}: its arguments are nested more than ${deepest} deep`);
  if (Array.isArray(value)) return value.flatMap((item) => kerasTensors(file, layer, item, depth + 1));
  const config = isObject(value) && field(value, 'class_name') === '__keras_tensor__' ? field(value, 'config') : undefined;
  return isObject(config) ? readReferences(file, layer, field(config, 'keras_history')) : [];
}
