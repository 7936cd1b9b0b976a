import { range, type Flow } from '../flow.ts';
import type { LayerConfig } from '../layerConfig.ts';
import { inverse } from '../transpose.ts';
import { shown } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

/** A weight that the layer was made without is a constant: longer ones than this are a damaged file. */
const longestConstant = 2 ** 24;

/** A vector or array of one value. */
function filled(call: LayerCall, dims: readonly number[], value: number): string {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (dims.some((dim) => dim < 0) || size > longestConstant) throw call.config.error(`it normalises over axes of ${shown(dims)} values`);
  return call.graph.builder.float(new Float32Array(size).fill(value), [...dims]);
}

function axesOf(call: LayerCall, flow: Flow): number[] {
  const rank = flow.shape.length;
  const axes = (call.config.integers('axis') ?? [-1]).map((axis) => (axis < 0 ? axis + rank : axis));
  if (axes.length === 0 || new Set(axes).size !== axes.length || axes.some((axis) => axis < 1 || axis >= rank)) {
    throw call.config.wrong('axis', `axes of an input of shape [${shown(flow.shape)}]`);
  }
  return axes;
}

/** Normalisation by stored moments; the four inputs of the node are the layer's own weights. */
function batchNormalization(call: LayerCall, input: Flow): Flow {
  const { graph, config } = call;
  const axes = axesOf(call, input);
  if (axes.length !== 1) throw config.unsupported('batch normalisation over several axes');
  const axis = axes[0]!;
  const [size] = call.weightShape('moving_mean');
  const channels = input.shape[axis]! < 0 ? (size ?? -1) : input.shape[axis]!;
  const parameters = [
    config.flag('scale', true) ? call.weight('gamma', [channels]) : filled(call, [channels], 1),
    config.flag('center', true) ? call.weight('beta', [channels]) : filled(call, [channels], 0),
    call.weight('moving_mean', [channels]),
    call.weight('moving_variance', [channels]),
  ];
  const attributes = { epsilon: { float: config.number('epsilon', 1e-3) } };
  const rank = input.shape.length;
  if (graph.axis(input, axis) === 1) return { ...input, name: graph.op('BatchNormalization', [input.name, ...parameters], attributes, call.name) };
  if (axis === rank - 1) {
    return { ...input, channelsFirst: true, name: graph.op('BatchNormalization', [graph.channelsFirst(input), ...parameters], attributes, call.name) };
  }
  const order = [0, axis, ...range(1, rank).filter((other) => other !== axis)];
  const moved = graph.op('Transpose', [graph.plain(input)], { perm: order }, `${call.name}/moved`);
  const normalised = graph.op('BatchNormalization', [moved, ...parameters], attributes, `${call.name}/normalised`);
  return { ...input, channelsFirst: false, name: graph.op('Transpose', [normalised], { perm: inverse(order) }, call.name) };
}

/** Normalisation by the moments of each sample over some axes, which stand last for ONNX's node. */
function layerNormalization(call: LayerCall, input: Flow): Flow {
  const { graph, config } = call;
  if (config.flag('rms_scaling', false)) throw config.unsupported('rms_scaling');
  const given = axesOf(call, input);
  const axes = given.toSorted((left, right) => left - right);
  const size = (axis: number): number => input.shape[axis]!;
  // Stored in the order in which the axes are listed, but read as if they were sorted.
  const parameter = (suffix: string): string => call.weight(suffix, given.map(size), { dims: axes.map(size) });
  const parameters = [
    config.flag('scale', true) ? parameter('gamma') : filled(call, axes.map(size), 1),
    ...(config.flag('center', true) ? [parameter('beta')] : []),
  ];
  const attributes = { axis: -axes.length, epsilon: { float: config.number('epsilon', 1e-3) } };
  const order = [...range(0, input.shape.length).filter((axis) => !axes.includes(axis)), ...axes];
  const value = graph.plain(input);
  const flow = { ...input, channelsFirst: false };
  if (order.every((axis, place) => axis === place)) return { ...flow, name: graph.op('LayerNormalization', [value, ...parameters], attributes, call.name) };
  const moved = graph.op('Transpose', [value], { perm: order }, `${call.name}/moved`);
  const normalised = graph.op('LayerNormalization', [moved, ...parameters], attributes, `${call.name}/normalised`);
  return { ...flow, name: graph.op('Transpose', [normalised], { perm: inverse(order) }, call.name) };
}

/** Normalisation over the rows, the columns and a part of the channels of each sample (Wu & He, arXiv 1803.08494). */
function groupNormalization(call: LayerCall, input: Flow): Flow {
  const { graph, config } = call;
  const { builder } = graph;
  const [axis, ...others] = axesOf(call, input);
  const rank = input.shape.length;
  if (others.length > 0 || (axis !== rank - 1 && axis !== 1)) throw config.unsupported('group normalisation over other axes than the channels');
  const channels = input.shape[axis]!;
  const given = config.number('groups', 32);
  const groups = given === -1 ? channels : given;
  if (channels < 0 || !(groups > 0) || channels % groups !== 0) throw config.error(`its ${channels} channels do not divide into ${groups} groups`);
  const channelsFirst = axis === rank - 1 && rank > 2;
  const value = channelsFirst ? graph.channelsFirst(input) : graph.plain(input);
  const grouped = graph.op('Reshape', [value, builder.ints([0, groups, -1])], {}, `${call.name}/grouped`);
  const normalised = graph.op('InstanceNormalization', [grouped, filled(call, [groups], 1), filled(call, [groups], 0)], { epsilon: { float: config.number('epsilon', 1e-3) } }, `${call.name}/normalised`);
  const [scale, center] = [config.flag('scale', true), config.flag('center', true)];
  const dims = [channels, ...new Array<number>(rank - 2).fill(1)];
  let result = graph.op('Reshape', [normalised, graph.op('Shape', [value], {}, `${call.name}/shape`)], {}, scale || center ? `${call.name}/ungrouped` : call.name);
  if (scale) result = graph.op('Mul', [result, call.weight('gamma', [channels], { dims })], {}, center ? `${call.name}/scaled` : call.name);
  if (center) result = graph.op('Add', [result, call.weight('beta', [channels], { dims })], {}, call.name);
  return { ...input, channelsFirst, name: result };
}

/** Smallest deviation that Keras' Normalization divides by. */
const smallestDeviation = 1e-7;

/** Moments of the training pictures, stored or given as settings; they are data about data, and are not trained. */
function inputNormalization(call: LayerCall, input: Flow): Flow {
  const { graph, config } = call;
  const axes = (config.integers('axis') ?? []).length === 0 ? [] : axesOf(call, input);
  const fixed = config.value('mean') !== undefined;
  const [mean, variance] = (fixed ? ['mean', 'variance'].map((key) => numbersIn(config.value(key))) : ['mean', 'variance'].map((suffix) => [...call.values(suffix)])) as [number[], number[]];
  const kept = input.shape.map((dim, axis) => (axes.includes(axis) ? dim : 1));
  const size = kept.reduce((product, dim) => product * dim, 1);
  if ([mean, variance].some((values) => (values.length !== size && values.length !== 1) || !values.every(Number.isFinite))) {
    throw config.error(`its ${mean.length} means and ${variance.length} variances do not fit its input of shape [${shown(input.shape)}]`);
  }
  const flow = { ...input, name: graph.plain(input), channelsFirst: false };
  // Leading axes of length one are left out: numbers for each channel are a vector.
  const dims = kept.slice(Math.min(kept.length - 1, Math.max(0, kept.findIndex((dim) => dim !== 1))));
  const constant = (values: number[]): string => (values.length === 1 ? graph.builder.float(values[0]!) : graph.builder.float(values, dims));
  const deviation = variance.map((value) => Math.max(Math.sqrt(value), smallestDeviation));
  if (config.flag('invert', false)) {
    const scaled = graph.op('Mul', [flow.name, constant(deviation)], {}, `${call.name}/scaled`);
    return { ...flow, name: graph.op('Add', [scaled, constant(mean)], {}, call.name) };
  }
  const centred = graph.op('Sub', [flow.name, constant(mean)], {}, `${call.name}/centred`);
  return { ...flow, name: graph.op('Mul', [centred, constant(deviation.map((value) => 1 / value))], {}, call.name) };
}

/** The numbers of a list of any depth. */
function numbersIn(value: unknown): number[] {
  return ([value] as unknown[]).flat(Infinity).map((item) => (typeof item === 'number' ? item : NaN));
}

/** Values divided by their length along some axes, as `sqrt(max(Σ x², 1e-12))`. */
function unitNormalization(call: LayerCall, input: Flow): Flow {
  const { graph } = call;
  const axes = graph.builder.ints(axesOf(call, input).map((axis) => graph.axis(input, axis)));
  const square = graph.op('Mul', [input.name, input.name], {}, `${call.name}/square`);
  const sum = graph.op('ReduceSum', [square, axes], { keepdims: 1 }, `${call.name}/sum`);
  const length = graph.op('Sqrt', [graph.op('Max', [sum, graph.builder.float(1e-12)], {}, `${call.name}/bounded`)], {}, `${call.name}/length`);
  return { ...input, name: graph.op('Div', [input.name, length], {}, call.name) };
}

/** What ConvNeXt multiplies each channel by (Touvron et al., arXiv 2103.17239). */
function layerScale(call: LayerCall, input: Flow): Flow {
  const { graph } = call;
  const channels = input.shape.at(-1)!;
  const flow = { ...input, name: graph.plain(input), channelsFirst: false };
  return { ...flow, name: graph.op('Mul', [flow.name, call.weight('gamma', [channels])], {}, call.name) };
}

const scaleAndCenter = (config: LayerConfig): string[] => [...(config.flag('scale', true) ? ['gamma'] : []), ...(config.flag('center', true) ? ['beta'] : [])];

/** Normalisations. */
export const normalizationLayers: Record<string, LayerKind> = {
  BatchNormalization: {
    weights: (config) => [...scaleAndCenter(config), 'moving_mean', 'moving_variance'],
    build: batchNormalization,
  },
  GroupNormalization: { weights: scaleAndCenter, build: groupNormalization },
  LayerNormalization: {
    weights: scaleAndCenter,
    build: layerNormalization,
  },
  LayerScale: { weights: () => ['gamma'], build: layerScale },
  Normalization: { weights: (config) => (config.value('mean') === undefined ? ['mean', 'variance', 'count'] : []), build: inputNormalization },
  UnitNormalization: { build: unitNormalization },
};
