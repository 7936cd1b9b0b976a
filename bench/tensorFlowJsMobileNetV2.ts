import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomSource } from '../src/engine/random.ts';
import { mobileNetV2Layers } from './kerasLayers.ts';
import { blocks } from './mobileNetV2Blocks.ts';
import { benchFolder } from './setup.ts';

interface Weight { name: string; shape: number[]; values: Float32Array | Int32Array }

/** A folder with `model.json` and its weights; the path of `model.json`. */
function write(name: string, format: string, modelTopology: unknown, weights: readonly Weight[], rest: Record<string, unknown> = {}): string {
  const folder = join(benchFolder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'weights.bin'), Buffer.concat(weights.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength))));
  const manifest = weights.map((weight) => ({ name: weight.name, shape: weight.shape, dtype: weight.values instanceof Int32Array ? 'int32' : 'float32' }));
  const path = join(folder, 'model.json');
  writeFileSync(path, JSON.stringify({ format, generatedBy: 'bench', convertedBy: null, ...rest, modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: manifest }] }));
  return path;
}

/** A TensorFlow.js layers model of the network that mobileNetV2.ts makes. */
export function tensorFlowJsLayersMobileNetV2(classes = 1000): string {
  const path = join(benchFolder, `mobilenetv2-${classes}-layers`, 'model.json');
  if (existsSync(path)) return path;
  const network = mobileNetV2Layers(classes);
  const layers = network.map(({ kind, name, inputs, config: { batch_shape, ...config } }) => ({
    class_name: kind, name, config: batch_shape === undefined ? config : { ...config, batch_input_shape: batch_shape },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  }));
  const model = { class_name: 'Functional', config: { name: 'mobilenetv2', layers, input_layers: [['input_layer', 0, 0]], output_layers: [[layers.at(-1)!.name, 0, 0]] } };
  const weights = network.flatMap(({ name, weights }) => weights.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })));
  return write(`mobilenetv2-${classes}-layers`, 'layers-model', { keras_version: '2.15.0', backend: 'tensorflow', model_config: model }, weights);
}

const base64 = (value: string): string => Buffer.from(value).toString('base64');

/** A TensorFlow.js graph model of the network that mobileNetV2.ts makes, fused as the converter writes it: batch norm folded, bias and ReLU6 inside the convolutions. */
export function tensorFlowJsGraphMobileNetV2(classes = 1000): string {
  const path = join(benchFolder, `mobilenetv2-${classes}-graph`, 'model.json');
  if (existsSync(path)) return path;
  const random = randomSource('mobilenet');
  const weights: Weight[] = [];
  const node: unknown[] = [];
  const type = { T: { type: 'DT_FLOAT' } };
  const shapeOf = (shape: readonly number[]): unknown => ({ dim: shape.map((size) => ({ size: String(size) })) });
  const weight = (name: string, shape: number[], deviation: number): string => {
    const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
    if (deviation > 0) random.fillNormal(values, deviation);
    weights.push({ name, shape, values });
    node.push({ name, op: 'Const', attr: { dtype: { type: 'DT_FLOAT' }, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shapeOf(shape) } } } });
    return name;
  };
  const op = (name: string, kind: string, input: string[], attr: Record<string, unknown> = type): string => {
    node.push({ name, op: kind, input, attr });
    return name;
  };
  let layer = 0;
  const conv = (from: string, input: number, output: number, kernel: number, stride: number, depthwise: boolean, relu: boolean): string => {
    const name = `conv${layer++}`;
    const kernels = weight(`${name}/weights`, depthwise ? [kernel, kernel, input, 1] : [kernel, kernel, input, output], Math.sqrt(2 / ((depthwise ? 1 : input) * kernel * kernel)));
    const attr = {
      ...type, strides: { list: { i: ['1', String(stride), String(stride), '1'] } }, dilations: { list: { i: ['1', '1', '1', '1'] } }, padding: { s: base64('SAME') }, data_format: { s: base64('NHWC') },
      explicit_paddings: { list: {} }, num_args: { i: '1' }, epsilon: { f: 0 }, fused_ops: { list: { s: (relu ? ['BiasAdd', 'Relu6'] : ['BiasAdd']).map(base64) } },
    };
    return op(name, depthwise ? 'FusedDepthwiseConv2dNative' : '_FusedConv2D', [from, kernels, weight(`${name}/bias`, [output], 0)], attr);
  };
  let x = conv(op('image', 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: { shape: shapeOf([-1, 224, 224, 3]) } }), 3, 32, 3, 2, false, true);
  for (const { input, hidden, output, stride } of blocks) {
    let y = hidden === input ? x : conv(x, input, hidden, 1, 1, false, true);
    y = conv(y, hidden, hidden, 3, stride, true, true);
    y = conv(y, hidden, output, 1, 1, false, false);
    x = stride === 1 && input === output ? op(`add${layer}`, 'AddV2', [x, y]) : y;
  }
  x = conv(x, 320, 1280, 1, 1, false, true);
  node.push({ name: 'axes', op: 'Const', attr: { dtype: { type: 'DT_INT32' }, value: { tensor: { dtype: 'DT_INT32', tensorShape: shapeOf([2]) } } } });
  weights.push({ name: 'axes', shape: [2], values: Int32Array.of(1, 2) });
  x = op('features', 'Mean', [x, 'axes'], { ...type, Tidx: { type: 'DT_INT32' }, keep_dims: { b: false } });
  const product = { ...type, transpose_a: { b: false }, transpose_b: { b: false }, num_args: { i: '1' }, epsilon: { f: 0 }, fused_ops: { list: { s: [base64('BiasAdd')] } } };
  op('logits', '_FusedMatMul', [x, weight('dense/weights', [1280, classes], Math.sqrt(2 / 1280)), weight('dense/bias', [classes], 0)], product);
  const signature = {
    inputs: { image: { name: 'image:0', dtype: 'DT_FLOAT', tensorShape: shapeOf([-1, 224, 224, 3]) } },
    outputs: { logits: { name: 'logits:0', dtype: 'DT_FLOAT', tensorShape: shapeOf([-1, classes]) } },
  };
  return write(`mobilenetv2-${classes}-graph`, 'graph-model', { node, library: {}, versions: { producer: 1882 } }, weights, { signature });
}
