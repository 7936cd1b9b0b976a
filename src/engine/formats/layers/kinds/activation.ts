import type { Flow, FlowGraph } from '../flow.ts';
import { classNameOf, plainWord, type LayerConfig } from '../layerConfig.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

/** Adds the nodes of one activation; the last of them is called `name`. */
type Activation = (graph: FlowGraph, flow: Flow, name: string) => string;

const simple = (opType: string, attributes: Parameters<FlowGraph['op']>[2] = {}): Activation => (graph, flow, name) => graph.op(opType, [flow.name], attributes, name);

/** Along the last axis, wherever that stands. */
const alongLast = (opType: string): Activation => (graph, flow, name) => graph.op(opType, [flow.name], { axis: graph.axis(flow, -1) }, name);

/** x · f(x), f made of the nodes that `factor` adds. */
const gated = (factor: (graph: FlowGraph, flow: Flow, name: string) => string): Activation => (graph, flow, name) => graph.op('Mul', [flow.name, factor(graph, flow, `${name}/gate`)], {}, name);

/** Activations by their names in small letters without underscores. */
const activations: Record<string, Activation> = {
  celu: simple('Celu'),
  elu: simple('Elu'),
  exponential: simple('Exp'),
  gelu: gated((graph, flow, name) => {
    const scaled = graph.op('Mul', [flow.name, graph.builder.float(Math.SQRT1_2)], {}, `${name}/scaled`);
    return half(graph, graph.op('Erf', [scaled], {}, `${name}/erf`), name);
  }),
  // The approximation by tanh of Hendrycks & Gimpel, arXiv 1606.08415.
  gelunew: gated((graph, flow, name) => {
    const square = graph.op('Mul', [flow.name, flow.name], {}, `${name}/square`);
    const cubic = graph.op('Mul', [square, graph.builder.float(0.044715)], {}, `${name}/cubic`);
    const polynomial = graph.op('Mul', [graph.op('Add', [cubic, graph.builder.float(1)], {}, `${name}/one`), flow.name], {}, `${name}/polynomial`);
    const scaled = graph.op('Mul', [polynomial, graph.builder.float(Math.sqrt(2 / Math.PI))], {}, `${name}/scaled`);
    return half(graph, graph.op('Tanh', [scaled], {}, `${name}/tanh`), name);
  }),
  hardsigmoid: simple('HardSigmoid', { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  hardsilu: simple('HardSwish'),
  hardswish: simple('HardSwish'),
  hardtanh: (graph, flow, name) => graph.op('Clip', [flow.name, graph.builder.float(-1), graph.builder.float(1)], {}, name),
  leakyrelu: simple('LeakyRelu', { alpha: { float: 0.2 } }),
  logsigmoid: (graph, flow, name) => {
    const negative = graph.op('Neg', [flow.name], {}, `${name}/negative`);
    return graph.op('Neg', [graph.op('Softplus', [negative], {}, `${name}/softplus`)], {}, name);
  },
  logsoftmax: alongLast('LogSoftmax'),
  mish: gated((graph, flow, name) => graph.op('Tanh', [graph.op('Softplus', [flow.name], {}, `${name}/softplus`)], {}, name)),
  relu: simple('Relu'),
  relu6: (graph, flow, name) => graph.op('Clip', [flow.name, graph.builder.float(0), graph.builder.float(6)], {}, name),
  selu: simple('Selu'),
  sigmoid: simple('Sigmoid'),
  silu: gated((graph, flow, name) => graph.op('Sigmoid', [flow.name], {}, name)),
  softmax: alongLast('Softmax'),
  softplus: simple('Softplus'),
  softsign: simple('Softsign'),
  swish: gated((graph, flow, name) => graph.op('Sigmoid', [flow.name], {}, name)),
  tanh: simple('Tanh'),
};

/** (1 + x) / 2. */
function half(graph: FlowGraph, value: string, name: string): string {
  return graph.op('Mul', [graph.op('Add', [value, graph.builder.float(1)], {}, `${name}/plus_one`), graph.builder.float(0.5)], {}, name);
}

/** relu6(x + 3) / 6, where Keras 2 had 0.2 x + 0.5 between 0 and 1. */
const keras3HardSigmoid = simple('HardSigmoid', { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });

/** Adds the nodes of the activation that an operation is called; undefined where there is none of that name. */
export function activate(call: LayerCall, flow: Flow, word: string): Flow | undefined {
  if (!Object.hasOwn(activations, word)) return undefined;
  const activation = word === 'hardsigmoid' && call.config.dialect === 'keras3' ? keras3HardSigmoid : activations[word]!;
  return { ...flow, name: activation(call.graph, flow, call.name) };
}

/** The activation that a layer names; undefined for the linear one. */
function activationOf(config: LayerConfig): Activation | undefined {
  const given = config.value('activation');
  const word = plainWord(classNameOf(given ?? 'linear') ?? '');
  if (word === 'linear') return undefined;
  if (word === 'hardsigmoid' && config.dialect === 'keras3') return keras3HardSigmoid;
  if (word === 'function') throw config.unsupported('its activation is a function of the author\'s own, and no code of a model is run');
  if (!Object.hasOwn(activations, word)) throw config.unsupported(`unknown activation: ${classNameOf(given) ?? JSON.stringify(given)}`);
  return activations[word];
}

/** What a layer computes, then its activation. `make` adds the layer's nodes and calls the last of them as it is told. */
export function activated(call: LayerCall, make: (name: string) => Flow): Flow {
  const activation = activationOf(call.config);
  if (!activation) return make(call.name);
  const flow = make(`${call.name}/linear`);
  return { ...flow, name: activation(call.graph, flow, call.name) };
}

/** A layer that works on each value alone: one node, whatever the order of the axes. */
const elementwise = (add: (call: LayerCall, value: string) => string): LayerKind => ({
  build: (call, flow) => ({ ...flow, name: add(call, flow.name) }),
});

const identity: LayerKind = { build: (_, flow) => flow };

/** Layers that change values in training only, those of `keras.applications` included. */
const trainingOnly = [
  'ActivityRegularization', 'AlphaDropout', 'Dropout', 'GaussianDropout', 'GaussianNoise', 'Identity',
  'RandomBrightness', 'RandomColorDegeneration', 'RandomColorJitter', 'RandomContrast', 'RandomElasticTransform', 'RandomErasing', 'RandomFlip',
  'RandomGaussianBlur', 'RandomGrayscale', 'RandomHeight', 'RandomHue', 'RandomInvert', 'RandomPerspective', 'RandomPosterization', 'RandomRotation',
  'RandomSaturation', 'RandomSharpness', 'RandomShear', 'RandomTranslation', 'RandomWidth', 'RandomZoom', 'SpatialDropout1D', 'SpatialDropout2D', 'StochasticDepth',
];

/** Layers that are activations, and those that do nothing outside of training. */
export const activationLayers: Record<string, LayerKind> = {
  Activation: {
    build: (call, flow) => {
      const activation = activationOf(call.config);
      return activation ? { ...flow, name: activation(call.graph, flow, call.name) } : flow;
    },
  },
  ELU: elementwise((call, value) => call.graph.op('Elu', [value], { alpha: { float: call.config.number('alpha', 1) } }, call.name)),
  LeakyReLU: elementwise((call, value) => {
    const slope = call.config.number('alpha', call.config.number('negative_slope', 0.3));
    return call.graph.op('LeakyRelu', [value], { alpha: { float: slope } }, call.name);
  }),
  PReLU: {
    weights: () => ['alpha'],
    build: (call, flow) => {
      const shared = new Set(call.config.integers('shared_axes'));
      const shape = flow.shape.slice(1).map((dim, index) => (shared.has(index + 1) ? 1 : dim));
      // One order for each rank, because a layer that is called twice has one weight.
      if (flow.shape.length < 3) return { ...flow, name: call.graph.op('PRelu', [flow.name, call.weight('alpha', shape)], {}, call.name) };
      const value = call.graph.channelsFirst(flow);
      const transposition = [shape.length - 1, ...shape.slice(1).keys()];
      return { ...flow, channelsFirst: true, name: call.graph.op('PRelu', [value, call.weight('alpha', shape, { transposition })], {}, call.name) };
    },
  },
  ReLU: elementwise(rectified),
  Softmax: {
    build: (call, flow) => {
      const axes = call.config.integers('axis') ?? [-1];
      if (axes.length !== 1) throw call.config.unsupported('a softmax over several axes');
      return { ...flow, name: call.graph.op('Softmax', [flow.name], { axis: call.graph.axis(flow, axes[0]!) }, call.name) };
    },
  },
  ThresholdedReLU: elementwise((call, value) => call.graph.op('ThresholdedRelu', [value], { alpha: { float: call.config.number('theta', 1) } }, call.name)),
  ...Object.fromEntries(trainingOnly.map((name) => [name, identity])),
};

/** Keras' ReLU: the value from `threshold` on, `negative_slope` times its distance below, and never more than `max_value`. */
function rectified(call: LayerCall, value: string): string {
  const { graph, config, name } = call;
  const { builder } = graph;
  const slope = config.number('negative_slope', 0);
  const threshold = config.number('threshold', 0);
  const highest = config.number('max_value', Number.MAX_VALUE);
  const bounded = highest < Number.MAX_VALUE;
  if (slope === 0 && threshold === 0) {
    return bounded ? graph.op('Clip', [value, builder.float(0), builder.float(highest)], {}, name) : graph.op('Relu', [value], {}, name);
  }
  const inner = bounded ? `${name}/unbounded` : name;
  let result: string;
  if (threshold === 0) {
    result = graph.op('LeakyRelu', [value], { alpha: { float: slope } }, inner);
  } else {
    const distance = graph.op('Sub', [value, builder.float(threshold)], {}, `${name}/distance`);
    const below = graph.op('Mul', [distance, builder.float(slope)], {}, `${name}/below`);
    const passes = graph.op('GreaterOrEqual', [value, builder.float(threshold)], {}, `${name}/passes`);
    result = graph.op('Where', [passes, value, below], {}, inner);
  }
  return bounded ? graph.op('Min', [result, builder.float(highest)], {}, name) : result;
}
