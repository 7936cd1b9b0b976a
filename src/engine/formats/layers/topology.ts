import { UserError } from '../../job.ts';
import { LayerConfig, type Source } from './layerConfig.ts';
import { field, isObject, type JsonObject } from './json.ts';

/** One layer of a topology, with what it is called on. */
export interface Layer {
  config: LayerConfig;
  /** Its name, after those of the models that it stands in, joined by `/`. */
  path: string;
  /** What each call of the layer reads, in the order in which the file lists the calls. */
  calls: Reference[][];
  /** Of an operation, what each call is given beside and between the values that it reads. */
  arguments: CallArguments[];
  /** The layers of a nested model. */
  model?: Model;
}

/** The operands of a call in their order: a value by its place among those that the call reads, or a constant. */
export interface CallArguments {
  operands: ({ input: number } | { constant: unknown })[];
  settings: JsonObject;
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
export function readTopology(source: Source, entry: JsonObject): Model {
  const layer = readLayer(source, entry, '', 0);
  if (!layer.model) throw layer.config.unsupported('it is the whole model');
  return layer.model;
}

function readLayer(source: Source, entry: unknown, parent: string, depth: number): Layer {
  const { file } = source;
  if (!isObject(entry)) throw new UserError(`${file}: a layer is not an object`);
  const className = field(entry, 'class_name') ?? field(entry, 'className');
  const given = field(entry, 'config');
  if (typeof className !== 'string') throw new UserError(`${file}: a layer has no class_name`);
  // The oldest sequential models are a bare list of layers.
  const fields = Array.isArray(given) ? { layers: given } : given;
  if (!isObject(fields)) throw new UserError(`${file}: a layer of class ${className} has no config`);
  const name = field(entry, 'name') ?? field(fields, 'name') ?? className.toLowerCase();
  if (typeof name !== 'string') throw new UserError(`${file}: the name of a layer of class ${className} is not text`);
  if (depth > deepest) throw new UserError(`${file}: models are nested more than ${deepest} deep`);
  const operation = operationOf(entry, className, fields);
  const config = new LayerConfig(operation ?? className, name, source, fields);
  if (isCustom(entry, className)) throw config.unsupported('it is a class of the author\'s own, and no code of a model is run');
  const layer: Layer = { config, path: parent + name, ...readCalls(file, name, entry, operation !== undefined) };
  if (modelClasses.has(className)) {
    const inside = depth === 0 ? '' : `${layer.path}/`;
    layer.model = className === 'Sequential' ? readSequential(source, layer.config, fields, inside, depth) : readFunctional(source, layer.config, fields, inside, depth);
  }
  return layer;
}

function readLayers(source: Source, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Map<string, Layer> {
  const entries = field(fields, 'layers');
  if (!Array.isArray(entries) || entries.length === 0) throw config.error('it has no layers');
  const layers = new Map<string, Layer>();
  for (const entry of entries) {
    const layer = readLayer(source, entry, parent, depth + 1);
    if (layers.has(layer.config.name)) throw layer.config.error('its name stands twice');
    layers.set(layer.config.name, layer);
  }
  return layers;
}

function readFunctional(source: Source, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Model {
  const { file } = source;
  const layers = readLayers(source, config, fields, parent, depth);
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

function readSequential(source: Source, config: LayerConfig, fields: JsonObject, parent: string, depth: number): Model {
  const layers = readLayers(source, config, fields, parent, depth);
  const chain = [...layers.values()];
  const first = chain[0]!;
  if (first.config.className !== 'InputLayer') {
    const name = `${first.config.name}_input`;
    const shape = inputShapeOf(first) ?? config.integers('build_input_shape');
    chain.unshift({
      config: new LayerConfig('InputLayer', name, source, { batch_input_shape: shape?.map((dim) => (dim < 0 ? null : dim)) }),
      path: parent + name, calls: [], arguments: [],
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

/**
 * The name of an operation that is no layer: Keras 3 writes its own by class (`ops.Add`), Keras 2 wraps TensorFlow's functions
 * (`tf.math.add`). Undefined for layers.
 */
function operationOf(entry: JsonObject, className: string, fields: JsonObject): string | undefined {
  const module = field(entry, 'module');
  if (typeof module === 'string' && /^keras\.(src\.)?ops\b/.test(module)) return `ops.${className}`;
  // In `.h5` files Keras 3 leaves the module out, but every layer there says whether it is trained.
  const [node] = [field(entry, 'inbound_nodes')].flat();
  if (module === undefined && isObject(node) && field(fields, 'trainable') === undefined && field(fields, 'layers') === undefined) return `ops.${className}`;
  const wrapped = className === 'TFOpLambda' || className === 'SlicingOpLambda' ? field(fields, 'function') : undefined;
  return typeof wrapped === 'string' ? wrapped : undefined;
}

/** Whether a class is not Keras' own, whatever it is called. */
function isCustom(entry: JsonObject, className: string): boolean {
  const module = field(entry, 'module');
  const registered = field(entry, 'registered_name');
  if (className.includes('>') || (typeof registered === 'string' && registered.includes('>'))) return true;
  return typeof module === 'string' && !/(^|[._])keras(\.|$)/.test(module);
}

/** The calls of a layer; of an operation, their arguments too. */
function readCalls(file: string, layer: string, entry: JsonObject, operation: boolean): Pick<Layer, 'calls' | 'arguments'> {
  const nodes = field(entry, 'inbound_nodes') ?? field(entry, 'inboundNodes') ?? [];
  if (!Array.isArray(nodes)) throw new UserError(`layer "${layer}" in ${file}: its inbound_nodes are not a list`);
  if (operation) {
    const read = nodes.map((node) => (isObject(node) ? kerasArguments(file, layer, node) : tensorFlowArguments(file, layer, node)));
    return { calls: read.map(({ inputs }) => inputs), arguments: read };
  }
  return {
    calls: nodes.map((node) => (isObject(node) ? kerasTensors(file, layer, [field(node, 'args'), Object.values(objectOf(field(node, 'kwargs')))], 0) : readReferences(file, layer, node))),
    arguments: [],
  };
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

type Arguments = CallArguments & { inputs: Reference[] };

/** A call as Keras 3 writes it: positional arguments, then those by name. */
function kerasArguments(file: string, layer: string, node: JsonObject): Arguments {
  const result: Arguments = { operands: [], settings: {}, inputs: [] };
  const take = (value: unknown): boolean => {
    const tensors = kerasTensors(file, layer, value, 0);
    for (const tensor of tensors) result.operands.push({ input: result.inputs.push(tensor) - 1 });
    return tensors.length > 0;
  };
  const positional = field(node, 'args');
  for (const value of Array.isArray(positional) ? (positional as unknown[]) : []) if (!take(value)) result.operands.push({ constant: value });
  for (const [key, value] of Object.entries(objectOf(field(node, 'kwargs')))) if (!take(value)) result.settings[key] = value;
  return result;
}

/** A call as Keras 2 writes it: `[["conv", 0, 0, {"y": 3.0}]]`, where a value by name may be `["other", 0, 0]`. */
function tensorFlowArguments(file: string, layer: string, node: unknown): Arguments {
  const result: Arguments = { operands: [], settings: {}, inputs: [] };
  const reference = (value: unknown): void => {
    for (const tensor of readReferences(file, layer, value)) result.operands.push({ input: result.inputs.push(tensor) - 1 });
  };
  const isReference = (value: unknown): boolean => Array.isArray(value) && value.length >= 3 && typeof value[0] === 'string';
  const list: unknown[] = !Array.isArray(node) ? [] : typeof node[0] === 'string' ? [node] : node;
  for (const entry of list) {
    const [name, , value, settings] = Array.isArray(entry) ? (entry as unknown[]) : [];
    // How Keras 2 writes a first argument that is no value of the graph.
    if (name === '_CONSTANT_VALUE') result.operands.push({ constant: value });
    else reference([entry]);
    for (const [key, item] of Object.entries(objectOf(settings))) {
      if (isReference(item)) reference([item]);
      else if (key === 'x' || key === 'y') result.operands.push({ constant: item });
      else if (item !== null) result.settings[key] = item;
    }
  }
  return result;
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
