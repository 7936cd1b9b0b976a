import type { Flow } from '../flow.ts';
import type { LayerConfig } from '../layerConfig.ts';
import { activated } from './activation.ts';
import { flowOf, imageOf, windowOf, type Image } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

const useBias = (config: LayerConfig): boolean => config.flag('use_bias', true);
const withBias = (config: LayerConfig, ...weights: string[]): string[] => (useBias(config) ? [...weights, 'bias'] : weights);

/** The bias of a convolution as a list of inputs: one, or none. */
const biasOf = (call: LayerCall, filters: number): string[] => (useBias(call.config) ? [call.weight('bias', [filters])] : []);

/** Conv1D and Conv2D: kernels are stored as spatial axes, in, out; ONNX has out, in, spatial axes. */
function convolution(rank: number): LayerKind {
  return {
    weights: (config) => withBias(config, 'kernel'),
    build: (call, input) => activated(call, (name) => {
      const { config } = call;
      const image = knownChannels(call, imageOf(call, input, rank));
      const kernel = config.counts('kernel_size', rank, 0);
      const filters = config.count('filters', 0);
      const group = config.count('groups', 1);
      const window = windowOf(call, image.spatial, kernel, config.counts('strides', rank, 1), config.counts('dilation_rate', rank, 1));
      const spatialAxes = [...kernel.keys()];
      const weight = call.weight('kernel', [...kernel, image.channels / group, filters], { transposition: [rank + 1, rank, ...spatialAxes] });
      const result = call.graph.op('Conv', [image.name, weight, ...biasOf(call, filters)], { ...window.attributes, group: group > 1 ? group : undefined }, name);
      return flowOf(call, input, { name: result, channels: filters, spatial: window.spatial });
    }),
  };
}

/** The depthwise part of a layer: one group a channel, `depth_multiplier` filters each. */
function depthwise(call: LayerCall, image: Image, bias: (filters: number) => string[], name: string): Image {
  const { config } = call;
  const kernel = config.counts('kernel_size', 2, 0);
  // TensorFlow.js leaves a separable convolution's multiplier out of what it saves; the weight knows it.
  const multiplier = config.count('depth_multiplier', call.weightShape('depthwise_kernel').at(-1) ?? 1);
  const filters = image.channels * multiplier;
  const window = windowOf(call, image.spatial, kernel, config.counts('strides', 2, 1), config.counts('dilation_rate', 2, 1));
  const weight = call.weight('depthwise_kernel', [...kernel, image.channels, multiplier], { transposition: [2, 3, 0, 1], dims: [filters, 1, ...kernel] });
  return {
    name: call.graph.op('Conv', [image.name, weight, ...bias(filters)], { ...window.attributes, group: image.channels }, name),
    channels: filters, spatial: window.spatial,
  };
}

function transposed(call: LayerCall, input: Flow, name: string): Flow {
  const { config } = call;
  const image = knownChannels(call, imageOf(call, input, 2));
  const kernel = config.counts('kernel_size', 2, 0);
  const strides = config.counts('strides', 2, 1);
  const filters = config.count('filters', 0);
  const padding = config.word('padding', 'valid');
  if (padding !== 'same' && padding !== 'valid') throw config.unsupported(`padding ${padding}`);
  if (config.value('output_padding') !== undefined) throw config.unsupported('output_padding');
  if (config.counts('dilation_rate', 2, 1).some((rate) => rate !== 1)) throw config.unsupported('a dilation_rate other than 1');
  // With `same` the output is input · stride: what reaches beyond is cut, the greater part at the end; what is missing is zero.
  const excess = kernel.map((size, axis) => Math.max(0, size - strides[axis]!));
  const before = excess.map((size) => Math.floor(size / 2));
  const missing = kernel.map((size, axis) => Math.max(0, strides[axis]! - size));
  const spatial = image.spatial.map((dim, axis) => (dim < 0 ? -1 : dim * strides[axis]! + (padding === 'valid' ? excess[axis]! : 0)));
  const weight = call.weight('kernel', [...kernel, filters, image.channels], { transposition: [3, 2, 0, 1] });
  const result = call.graph.op('ConvTranspose', [image.name, weight, ...biasOf(call, filters)], {
    kernel_shape: kernel, strides,
    pads: padding === 'same' ? [...before, ...excess.map((size, axis) => size - before[axis]!)] : undefined,
    output_padding: missing.some((size) => size > 0) ? missing : undefined,
  }, name);
  return flowOf(call, input, { name: result, channels: filters, spatial });
}

function knownChannels(call: LayerCall, image: Image): Image {
  if (image.channels < 0) throw call.config.error('its input has an open number of channels');
  return image;
}

/** Convolutions. */
export const convolutionLayers: Record<string, LayerKind> = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv2DTranspose: {
    weights: (config) => withBias(config, 'kernel'),
    build: (call, input) => activated(call, (name) => transposed(call, input, name)),
  },
  DepthwiseConv2D: {
    weights: (config) => withBias(config, 'depthwise_kernel'),
    // As Keras 3 calls it.
    aliases: { depthwise_kernel: 'kernel' },
    build: (call, input) => activated(call, (name) => flowOf(call, input, depthwise(call, knownChannels(call, imageOf(call, input, 2)), (filters) => biasOf(call, filters), name))),
  },
  SeparableConv2D: {
    weights: (config) => withBias(config, 'depthwise_kernel', 'pointwise_kernel'),
    build: (call, input) => activated(call, (name) => {
      const filters = call.config.count('filters', 0);
      const inner = depthwise(call, knownChannels(call, imageOf(call, input, 2)), () => [], `${call.name}/depthwise`);
      const weight = call.weight('pointwise_kernel', [1, 1, inner.channels, filters], { transposition: [3, 2, 0, 1] });
      const result = call.graph.op('Conv', [inner.name, weight, ...biasOf(call, filters)], { kernel_shape: [1, 1] }, name);
      return flowOf(call, input, { name: result, channels: filters, spatial: inner.spatial });
    }),
  },
};
