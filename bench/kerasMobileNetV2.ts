import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { randomSource } from '../src/engine/random.ts';
import { archive, hdf5 } from '../test/unit/keras/modelFiles.ts';
import { benchFolder } from './setup.ts';

type Entry = Record<string, unknown>;

/** A `.keras` file of the network that mobileNetV2.ts makes, as keras.applications describes it: padding, batch norm and activations are layers. */
export async function kerasMobileNetV2(classes = 1000): Promise<string> {
  const path = join(benchFolder, `mobilenetv2-${classes}.keras`);
  if (existsSync(path)) return path;
  const random = randomSource('mobilenet');
  const layers: Entry[] = [];
  const weights: [path: string, shape: number[], values: Float32Array][] = [];
  const counts = new Map<string, number>();
  const normal = (shape: number[], deviation: number, mean = 0): Float32Array => {
    const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    if (deviation > 0) random.fillNormal(values, deviation);
    return values.map((value) => value + mean);
  };
  const layer = (kind: string, folder: string, inputs: string[], config: Entry, stored: [shape: number[], values: Float32Array][] = []): string => {
    const number = counts.get(folder) ?? 0;
    counts.set(folder, number + 1);
    const name = number === 0 ? folder : `${folder}_${number}`;
    const tensors = inputs.map((input) => ({ class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [input, 0, 0] } }));
    layers.push({
      module: 'keras.layers', class_name: kind, config: { name, trainable: true, ...config }, registered_name: null, name,
      inbound_nodes: inputs.length === 0 ? [] : [{ args: inputs.length > 1 ? [tensors] : tensors, kwargs: {} }],
    });
    stored.forEach(([shape, values], index) => weights.push([`layers/${name}/vars/${index}`, shape, values]));
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
  let channels = 32;
  for (const [expansion, to, repeat, firstStride] of [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const) {
    for (let block = 0; block < repeat; block++) {
      const stride = block === 0 ? firstStride : 1;
      const hidden = channels * expansion;
      let y = expansion === 1 ? x : conv(x, channels, hidden, 1, 1, false, true);
      y = conv(y, hidden, hidden, 3, stride, true, true);
      y = conv(y, hidden, to, 1, 1, false, false);
      x = stride === 1 && channels === to ? layer('Add', 'add', [x, y], {}) : y;
      channels = to;
    }
  }
  x = layer('GlobalAveragePooling2D', 'global_average_pooling2d', [conv(x, 320, 1280, 1, 1, false, true)], { data_format: 'channels_last', keepdims: false });
  const shape = [1280, classes];
  x = layer('Dense', 'dense', [x], { units: classes, activation: 'linear', use_bias: true }, [[shape, normal(shape, Math.sqrt(2 / 1280))], [[classes], normal([classes], 0)]]);
  const config = { module: 'keras.src.models.functional', class_name: 'Functional', config: { name: 'mobilenetv2', trainable: true, layers, input_layers: [['input_layer', 0, 0]], output_layers: [[x, 0, 0]] }, registered_name: 'Functional' };
  return archive(path, config, await hdf5(benchFolder, weights));
}
