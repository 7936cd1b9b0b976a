import { range, type Flow } from '../flow.ts';
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

/** Normalisations. */
export const normalizationLayers: Record<string, LayerKind> = {
  BatchNormalization: {
    weights: (config) => [...(config.flag('scale', true) ? ['gamma'] : []), ...(config.flag('center', true) ? ['beta'] : []), 'moving_mean', 'moving_variance'],
    build: batchNormalization,
  },
  LayerNormalization: {
    weights: (config) => [...(config.flag('scale', true) ? ['gamma'] : []), ...(config.flag('center', true) ? ['beta'] : [])],
    build: layerNormalization,
  },
};
