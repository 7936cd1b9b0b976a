import type { Flow } from '../../layers/flow.ts';
import { shown } from '../../operators/call.ts';
import { flowOf, imageOf, windowOf, type Padding } from '../../operators/image.ts';
import type { NodeCall, NodeKind } from '../nodeCall.ts';
import { fused } from './fused.ts';

/** Height and width of a setting with a number an axis. */
export function spatialOf(call: NodeCall, name: string): [number, number] {
  if (call.text('data_format', 'NHWC') !== 'NHWC') throw call.error(`its data_format is ${call.text('data_format')}; NHWC can be opened`);
  const values = call.ints(name);
  if (values.length === 0) return [1, 1];
  if (values.length !== 4 || values[0] !== 1 || values[3] !== 1) throw call.error(`its ${name} ${shown(values)} reach over pictures or channels`);
  return [values[1]!, values[2]!];
}

export function paddingOf(call: NodeCall): Padding {
  const padding = call.text('padding', 'VALID');
  if (padding === 'SAME') return 0;
  if (padding === 'VALID') return 1;
  const pads = call.ints('explicit_paddings');
  if (padding !== 'EXPLICIT' || pads.length !== 8 || pads.some((pad) => pad < 0 || pad > 65_536)) throw call.error(`its padding ${padding} ${shown(pads)} cannot be`);
  return [pads[2]!, pads[4]!, pads[3]!, pads[5]!];
}

function weightShape(call: NodeCall, input: number): [number, number, number, number] {
  const { shape } = call.stored(input) ?? call.input(input);
  if (shape.length !== 4 || shape.some((dim) => dim < 1)) throw call.error(`its weights have the shape ${shown(shape)}, it wants 4 axes`);
  return shape as [number, number, number, number];
}

/** Weights in ONNX's order: as they lie in the file, or moved by nodes where they are computed. */
function weights(call: NodeCall, input: number, transposition: number[], dims?: number[]): string {
  if (call.stored(input)) return call.fixed(input, { transposition, ...(dims && { dims }) });
  const moved = call.op('Transpose', [call.graph.plain(call.input(input))], { perm: transposition }, `${call.name}/weights`);
  return dims ? call.op('Reshape', [moved, call.graph.builder.ints(dims)], {}, `${call.name}/weights_of_each`) : moved;
}

function convolution(call: NodeCall, depthwise: boolean, bias: string[], name: string): Flow {
  const image = imageOf(call, call.input(0));
  const [height, width, inputs, multiplier] = weightShape(call, 1);
  const outputs = depthwise ? inputs * multiplier : multiplier;
  const groups = depthwise ? inputs : image.channels / inputs;
  if (!Number.isInteger(groups) || outputs % groups !== 0 || (depthwise && inputs !== image.channels)) throw call.error(`its weights of ${shown([height, width, inputs, multiplier])} do not fit ${image.channels} channels`);
  const window = windowOf(call, image.spatial, { kernel: [height, width], strides: spatialOf(call, 'strides'), dilations: spatialOf(call, 'dilations'), padding: paddingOf(call) });
  const kernel = depthwise ? weights(call, 1, [2, 3, 0, 1], [outputs, 1, height, width]) : weights(call, 1, [3, 2, 0, 1]);
  const made = call.op('Conv', [image.name, kernel, ...bias], { ...window.attributes, group: groups === 1 ? undefined : groups }, name);
  return flowOf({ ...image, name: made, channels: outputs, spatial: window.spatial });
}

const plain = (name: string, depthwise: boolean): NodeKind => ({ name, build: (call) => convolution(call, depthwise, [], call.name) });
const withMore = (name: string, depthwise: boolean): NodeKind => ({ name, build: (call) => fused(call, (bias, result) => convolution(call, depthwise, bias, result)) });

/** The way back of a convolution: the first input is the size of what it makes. */
const transposed: NodeKind = {
  name: 'Conv2DBackpropInput',
  build: (call) => {
    const size = call.integers(0).slice(1);
    const image = imageOf(call, call.input(2));
    const [height, width, outputs, inputs] = weightShape(call, 1);
    if (size.length !== 3 || size[2] !== outputs || inputs !== image.channels) throw call.error(`its weights do not fit its input and the size ${shown(size)}`);
    const strides = spatialOf(call, 'strides');
    const dilations = spatialOf(call, 'dilations');
    const spatial = size.slice(0, 2) as [number, number];
    // The padding is that of the convolution that leads from the output's size to the input's.
    const forward = windowOf(call, spatial, { kernel: [height, width], strides, dilations, padding: paddingOf(call) });
    if (forward.spatial.some((dim, axis) => dim !== image.spatial[axis])) throw call.error(`its size of ${spatial.join(' × ')} does not fit its input of ${image.spatial.join(' × ')}`);
    const pads = (forward.attributes['pads'] as number[] | undefined) ?? [0, 0, 0, 0];
    const reach = [height, width].map((length, axis) => (length - 1) * dilations[axis]! + 1);
    const rest = spatial.map((dim, axis) => dim - ((image.spatial[axis]! - 1) * strides[axis]! + reach[axis]! - pads[axis]! - pads[axis + 2]!));
    const attributes = { ...forward.attributes, output_padding: rest.some((pad) => pad > 0) ? rest : undefined };
    const made = call.op('ConvTranspose', [image.name, weights(call, 1, [3, 2, 0, 1])], attributes, call.name);
    return flowOf({ ...image, name: made, channels: outputs, spatial });
  },
};

const pooling = (name: string, opType: string): NodeKind => ({
  name,
  build: (call) => {
    const image = imageOf(call, call.input(0));
    const window = windowOf(call, image.spatial, { kernel: spatialOf(call, 'ksize'), strides: spatialOf(call, 'strides'), dilations: [1, 1], padding: paddingOf(call) });
    return flowOf({ ...image, name: call.op(opType, [image.name], window.attributes, call.name), spatial: window.spatial });
  },
});

/** Convolutions and poolings over windows; those with an underscore or "Fused" are the converter's, with a bias and an activation. */
export const convolutionKinds: readonly NodeKind[] = [
  pooling('AvgPool', 'AveragePool'),
  plain('Conv2D', false),
  transposed,
  plain('DepthwiseConv2dNative', true),
  withMore('FusedDepthwiseConv2dNative', true),
  pooling('MaxPool', 'MaxPool'),
  withMore('_FusedConv2D', false),
  withMore('_FusedDepthwiseConv2dNative', true),
];
