/** The operators of the example networks as TensorFlow.js layers: one small function an operator. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfLayers from '@tensorflow/tfjs-layers';
import type { NodeProto, TensorProto } from '../../src/engine/graph/onnx_pb.ts';
import { decodeTensor, toFloat32 } from '../../src/engine/graph/tensor.ts';

type Layer = tfLayers.layers.Layer;
type Symbolic = tfLayers.SymbolicTensor;

/** What grows while the nodes are walked. */
export interface BuildState {
  /** Trained values of the ONNX file, by name. */
  weights: Map<string, TensorProto>;
  /** Every value that depends on the input. */
  values: Map<string, Symbolic>;
  /** Scalars that the graph itself makes. */
  constants: Map<string, number>;
  /** The new layers, with the weights that they get once the model is built. */
  layers: { layer: Layer; weights: tf.Tensor[] }[];
}

const integers = (node: NodeProto, name: string): number[] => node.attribute.find((attribute) => attribute.name === name)?.ints.map(Number) ?? [];
const nameOf = (weight: string): string => weight.replace(/\.(weight|bias)$/, '').replaceAll('.', '_');

/** Adds the layer of `node` to `state`; throws an error that names an operator that the example networks do not have. */
export function layerOf(node: NodeProto, state: BuildState): void {
  const build = operators[node.opType];
  if (!build) throw new Error(`operator ${node.opType} has no layer here (node ${node.name})`);
  build(node, state);
}

const inputsOf = (state: BuildState, node: NodeProto): Symbolic[] => node.input.flatMap((name) => state.values.get(name) ?? []);

/** Puts `layer` behind the node's inputs. */
function add(state: BuildState, node: NodeProto, layer: Layer, weights: tf.Tensor[] = [], inputs = inputsOf(state, node)): void {
  state.values.set(node.output[0]!, layer.apply(inputs.length === 1 ? inputs[0]! : inputs) as Symbolic);
  state.layers.push({ layer, weights });
}

/** The node's weight at input `index`; where the exporter merged equal weights, the one that stands for it. */
function weight(state: BuildState, node: NodeProto, index: number): tf.Tensor {
  const proto = state.weights.get(node.input[index]!);
  if (!proto) throw new Error(`input ${index} of ${node.name} is not a weight`);
  const tensor = decodeTensor(proto);
  return tf.tensor(toFloat32(tensor), tensor.dims, 'float32');
}

/** Axes of a convolution's weights: ONNX has output, input, height, width; TensorFlow.js has height, width, input, output. */
const channelsLast = [2, 3, 1, 0];

const operators: Record<string, (node: NodeProto, state: BuildState) => void> = {
  Conv(node, state) {
    const kernel = weight(state, node, 1);
    const bias = node.input.length > 2 ? [weight(state, node, 2)] : [];
    const [outputs, perGroup, height, width] = kernel.shape as [number, number, number, number];
    const depthwise = perGroup === 1 && outputs > 1 && Number(node.attribute.find((attribute) => attribute.name === 'group')?.i ?? 1) === outputs;
    const pads = integers(node, 'pads');
    let inputs = inputsOf(state, node);
    if (pads.some((pad) => pad > 0)) {
      // With a stride of 2, TensorFlow's own "same" padding would lie on the other side.
      const padding = tfLayers.layers.zeroPadding2d({ padding: [[pads[0]!, pads[2]!], [pads[1]!, pads[3]!]], name: `${nameOf(node.input[1]!)}_pad` });
      inputs = [padding.apply(inputs) as Symbolic];
    }
    const options = {
      kernelSize: [height, width] as [number, number], strides: integers(node, 'strides') as [number, number],
      padding: 'valid' as const, useBias: bias.length > 0, name: nameOf(node.input[1]!),
    };
    if (depthwise) add(state, node, tfLayers.layers.depthwiseConv2d(options), [tf.transpose(kernel, [2, 3, 0, 1]), ...bias], inputs);
    else add(state, node, tfLayers.layers.conv2d({ ...options, filters: outputs }), [tf.transpose(kernel, channelsLast), ...bias], inputs);
  },
  BatchNormalization(node, state) {
    const epsilon = node.attribute.find((attribute) => attribute.name === 'epsilon')?.f ?? 1e-5;
    add(state, node, tfLayers.layers.batchNormalization({ epsilon, name: nameOf(node.input[1]!) }), [1, 2, 3, 4].map((index) => weight(state, node, index)));
  },
  Relu: (node, state) => add(state, node, tfLayers.layers.reLU()),
  Clip(node, state) {
    const [least, most] = [state.constants.get(node.input[1]!), state.constants.get(node.input[2]!)];
    if (least !== 0 || most === undefined) throw new Error(`${node.name} is not a bounded ReLU`);
    add(state, node, tfLayers.layers.reLU({ maxValue: most }));
  },
  Add: (node, state) => add(state, node, tfLayers.layers.add()),
  MaxPool: (node, state) => add(state, node, tfLayers.layers.maxPooling2d({
    poolSize: integers(node, 'kernel_shape') as [number, number], strides: integers(node, 'strides') as [number, number],
  })),
  GlobalAveragePool: (node, state) => add(state, node, tfLayers.layers.globalAveragePooling2d({})),
  Flatten(node, state) {
    const value = state.values.get(node.input[0]!)!;
    // Global average pooling is flat already in TensorFlow.js; a map must be flattened in ONNX's order, channels first.
    if (value.shape.length === 2) { state.values.set(node.output[0]!, value); return; }
    const permuted = tfLayers.layers.permute({ dims: [3, 1, 2] }).apply(value) as Symbolic;
    state.values.set(node.output[0]!, tfLayers.layers.flatten().apply(permuted) as Symbolic);
  },
  Gemm(node, state) {
    const kernel = weight(state, node, 1);
    add(state, node, tfLayers.layers.dense({ units: kernel.shape[0], name: nameOf(node.input[1]!) }), [tf.transpose(kernel), weight(state, node, 2)]);
  },
  Softmax: (node, state) => add(state, node, tfLayers.layers.softmax({ name: 'probabilities' })),
  Constant(node, state) {
    const tensor = decodeTensor(node.attribute.find((attribute) => attribute.name === 'value')!.t!);
    state.constants.set(node.output[0]!, Number(tensor.data[0]));
  },
  Cast: (node, state) => void state.constants.set(node.output[0]!, state.constants.get(node.input[0]!)!),
  // The exporter stores equal weights once and gives the others by Identity.
  Identity: (node, state) => void state.weights.set(node.output[0]!, state.weights.get(node.input[0]!)!),
};
