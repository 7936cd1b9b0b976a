import { advisingSize, fixSize, type OpenSize, type SizeChoice } from '../../inputSize.ts';
import { UserError } from '../../job.ts';
import { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import type { ModelProto } from '../../graph/onnx_pb.ts';
import { FlowGraph, type Flow } from './flow.ts';
import { layerKind } from './kinds/index.ts';
import type { LayerCall } from './kinds/layerKind.ts';
import { classNameOf } from './layerConfig.ts';
import { isObject, field } from './json.ts';
import { inputShapeOf, type Layer, type Model, type Reference } from './topology.ts';
import type { WeightStore } from './weightStore.ts';

/** Most calls of layers in one model, those in nested models counted as often as they are called; real ones have a few thousand. */
const mostCalls = 20_000;

/** Turns a topology and its weights into an ONNX graph. Throws a `UserError` that names the layer. */
export function assemble(model: Model, size: SizeChoice, makeStore: (builder: GraphBuilder) => WeightStore): { model: ModelProto; origins: Map<string, WeightOrigin>; openSize: OpenSize | null } {
  const builder = new GraphBuilder();
  const graph = new FlowGraph(builder);
  const opened = model.inputs.map((reference) => inputOf(graph, layerOf(model, reference), size));
  const inputs = opened.map(({ flow }) => flow);
  const weights = makeStore(builder);
  const assembly = new Assembly(graph, weights);
  const openSize = opened.find((input) => input.openSize)?.openSize ?? null;
  const outputs = advisingSize(openSize, () => assembly.run(model, inputs));
  const taken = new Set(inputs.map((input) => input.name));
  for (const flow of outputs) {
    const value = graph.plain(flow);
    // An output must be a value of its own, also where a layer passes on what it is given.
    const name = taken.has(value) ? graph.op('Identity', [value], {}, `${value}/output`) : value;
    taken.add(name);
    builder.output(name, 'float32', namedDims(name, flow.shape));
  }
  return { model: builder.build(), origins: weights.origins, openSize };
}

/** The input as the file declares it, its size fixed and its numbers floats, of any batch size: no weight of a layers model depends on that. */
function inputOf(graph: FlowGraph, layer: Layer, size: SizeChoice): { flow: Flow; openSize: OpenSize | null } {
  const declared = inputShapeOf(layer);
  if (layer.config.className !== 'InputLayer') throw layer.config.error('a model reads from it, but it is no InputLayer');
  if (!declared || declared.length < 2) throw layer.config.error('its batch_input_shape is missing');
  const { shape, openSize } = fixSize(layer.config.file, { name: layer.config.name, shape: declared }, size);
  const flow: Flow = { name: graph.builder.input(layer.config.name, 'float32', namedDims(layer.config.name, shape)), shape: [-1, ...shape.slice(1)], channelsFirst: false };
  return { openSize, flow: takesIntegers(layer) ? { ...flow, name: graph.op('Round', [flow.name], {}, `${flow.name}/whole`) } : flow };
}

/** Whether an input takes whole numbers, which layers compute with as floats. */
function takesIntegers(layer: Layer): boolean {
  const given = layer.config.value('dtype');
  const policy = isObject(given) ? field(given, 'config') : undefined;
  const type = isObject(policy) ? field(policy, 'name') : classNameOf(given);
  return typeof type === 'string' && /^u?int\d+$/.test(type);
}

function namedDims(name: string, shape: readonly number[]): (number | string)[] {
  return shape.map((dim, axis) => (axis === 0 ? 'batch' : dim < 0 ? `${name}_${axis}` : dim));
}

function layerOf(model: Model, reference: Reference): Layer {
  const layer = model.layers.get(reference.layer);
  if (layer) return layer;
  const [any] = model.layers.values();
  throw new UserError(`${any?.config.file ?? 'the model'} has no layer "${reference.layer}", which it reads from`);
}

const keyOf = (reference: Pick<Reference, 'layer' | 'call'>): string => `${reference.call} ${reference.layer}`;

class Assembly {
  readonly #graph: FlowGraph;
  readonly #weights: WeightStore;
  #calls = 0;

  constructor(graph: FlowGraph, weights: WeightStore) {
    this.#graph = graph;
    this.#weights = weights;
  }

  /** Adds the nodes of a call of a model and returns its outputs. */
  run(model: Model, inputs: Flow[]): Flow[] {
    const results = new Map<string, Flow[]>(model.inputs.map((reference, index) => [keyOf(reference), [inputs[index]!]]));
    const find = (reference: Reference, reader: string): Flow => {
      const flow = results.get(keyOf(reference))?.[reference.tensor];
      if (!flow) throw layerOf(model, reference).config.error(`${reader} reads its output ${reference.tensor}, which is not there`);
      return flow;
    };
    for (const { layer, call } of callsInOrder(model)) {
      const key = keyOf({ layer: layer.config.name, call });
      if (results.has(key)) continue;
      if (++this.#calls > mostCalls) throw layer.config.error(`the model has more than ${mostCalls} calls of layers`);
      const read = layer.calls[call]!.map((reference) => find(reference, `layer "${layer.config.name}"`));
      results.set(key, layer.model ? this.#nested(layer, layer.model, read) : [this.#call(layer, call, read)]);
    }
    return model.outputs.map((reference) => find(reference, 'the model'));
  }

  #nested(layer: Layer, model: Model, inputs: Flow[]): Flow[] {
    if (model.inputs.length !== inputs.length) throw layer.config.error(`it is called on ${inputs.length} values, it has ${model.inputs.length} inputs`);
    return this.run(model, inputs);
  }

  #call(layer: Layer, number: number, inputs: Flow[]): Flow {
    const kind = layerKind(layer.config);
    const given = layer.arguments[number];
    const config = given ? layer.config.with(given.settings) : layer.config;
    const call: LayerCall = {
      graph: this.#graph, config, name: layer.path,
      weight: this.#weights.weightOf(layer), weightShape: (suffix) => this.#weights.shapeOf(layer, suffix), values: (suffix) => this.#weights.valuesOf(layer, suffix),
    };
    if (kind.operate) return kind.operate(call, given?.operands.map((operand) => ('input' in operand ? inputs[operand.input]! : operand.constant)) ?? inputs);
    if (kind.join) {
      if (inputs.length < 2) throw config.error(`it joins ${inputs.length} values, it wants 2 or more`);
      return kind.join(call, inputs);
    }
    if (inputs.length !== 1 || !kind.build) throw config.error(`it is called on ${inputs.length} values, it wants 1`);
    return kind.build(call, inputs[0]!);
  }
}

/** The calls that a model's outputs depend on, each after those it reads from. */
function callsInOrder(model: Model): { layer: Layer; call: number }[] {
  const known = new Set(model.inputs.map(keyOf));
  const order: { layer: Layer; call: number }[] = [];
  const open = new Set<string>();
  // A stack of its own: real networks are thousands of layers deep.
  const stack = model.outputs.map((reference) => ({ reference, left: false })).reverse();
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const key = keyOf(entry.reference);
    const layer = layerOf(model, entry.reference);
    if (entry.left) {
      open.delete(key);
      known.add(key);
      order.push({ layer, call: entry.reference.call });
      continue;
    }
    if (known.has(key)) continue;
    if (open.has(key)) throw layer.config.error('it reads from itself');
    const inputs = layer.calls[entry.reference.call];
    if (!inputs || inputs.length === 0) throw layer.config.error(`its call ${entry.reference.call} is read, but ${layer.calls.length > 0 ? `it has ${layer.calls.length}` : 'it is called on nothing'}`);
    open.add(key);
    stack.push({ reference: entry.reference, left: true });
    for (const input of [...inputs].reverse()) stack.push({ reference: input, left: false });
  }
  return order;
}
