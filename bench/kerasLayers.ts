import { randomSource } from '../src/engine/random.ts';
import { blocks } from './mobileNetV2Blocks.ts';

/** A layer as Keras describes it, with its weights in Keras' order. */
export interface KerasLayer {
  kind: string;
  /** Its number among the layers of its kind stands behind its kind's name, from the second on. */
  name: string;
  /** Kind's name, as Keras' files call folders of weights. */
  folder: string;
  inputs: string[];
  config: Record<string, unknown>;
  weights: { name: string; shape: number[]; values: Float32Array }[];
}

/** Keras' names of weights, in the order in which it stores them. */
const weightNames: Record<string, readonly string[]> = {
  Conv2D: ['kernel'], DepthwiseConv2D: ['depthwise_kernel'], BatchNormalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'], Dense: ['kernel', 'bias'],
};

/** The network that mobileNetV2.ts makes as keras.applications describes it: padding, batch norm and activations are layers. Seeded random weights. */
export function mobileNetV2Layers(classes: number): KerasLayer[] {
  const random = randomSource('mobilenet');
  const layers: KerasLayer[] = [];
  const counts = new Map<string, number>();
  const normal = (shape: number[], deviation: number, mean = 0): Float32Array => {
    const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    if (deviation > 0) random.fillNormal(values, deviation);
    return values.map((value) => value + mean);
  };
  const layer = (kind: string, folder: string, inputs: string[], config: Record<string, unknown>, stored: [shape: number[], values: Float32Array][] = []): string => {
    const number = counts.get(folder) ?? 0;
    counts.set(folder, number + 1);
    const name = number === 0 ? folder : `${folder}_${number}`;
    const weights = stored.map(([shape, values], index) => ({ name: weightNames[kind]![index]!, shape, values }));
    layers.push({ kind, name, folder, inputs, config: { name, trainable: true, ...config }, weights });
    return name;
  };
  const conv = (from: string, input: number, output: number, kernel: number, stride: number, depthwise: boolean, relu: boolean): string => {
    let x = stride === 2 ? layer('ZeroPadding2D', 'zero_padding2d', [from], { padding: [[0, 1], [0, 1]], data_format: 'channels_last' }) : from;
    const common = { strides: [stride, stride], padding: stride === 2 ? 'valid' : 'same', use_bias: false, activation: 'linear', kernel_size: [kernel, kernel] };
    const shape = depthwise ? [kernel, kernel, input, 1] : [kernel, kernel, input, output];
    const values = normal(shape, Math.sqrt(2 / ((depthwise ? 1 : input) * kernel * kernel)));
    x = depthwise ? layer('DepthwiseConv2D', 'depthwise_conv2d', [x], { ...common, depth_multiplier: 1 }, [[shape, values]]) : layer('Conv2D', 'conv2d', [x], { ...common, filters: output }, [[shape, values]]);
    const channels = [output];
    x = layer('BatchNormalization', 'batch_normalization', [x], { axis: -1, epsilon: 1e-3 }, [[channels, normal(channels, 0, 1)], [channels, normal(channels, 0)], [channels, normal(channels, 0)], [channels, normal(channels, 0, 1)]]);
    return relu ? layer('ReLU', 're_lu', [x], { max_value: 6 }) : x;
  };
  let x = conv(layer('InputLayer', 'input_layer', [], { batch_shape: [null, 224, 224, 3], dtype: 'float32' }), 3, 32, 3, 2, false, true);
  for (const { input, hidden, output, stride } of blocks) {
    let y = hidden === input ? x : conv(x, input, hidden, 1, 1, false, true);
    y = conv(y, hidden, hidden, 3, stride, true, true);
    y = conv(y, hidden, output, 1, 1, false, false);
    x = stride === 1 && input === output ? layer('Add', 'add', [x, y], {}) : y;
  }
  x = layer('GlobalAveragePooling2D', 'global_average_pooling2d', [conv(x, 320, 1280, 1, 1, false, true)], { data_format: 'channels_last', keepdims: false });
  const shape = [1280, classes];
  layer('Dense', 'dense', [x], { units: classes, activation: 'linear', use_bias: true }, [[shape, normal(shape, Math.sqrt(2 / 1280))], [[classes], normal([classes], 0)]]);
  return layers;
}
