import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { layerKinds } from '../../../src/engine/formats/layers/kinds/index.ts';
import { assertAgree, predict, randomize, run, sample, save, temporaryFolder, type Layer } from './reference.ts';

type Shape = number[];
interface Case {
  name: string;
  shape: Shape;
  /** Layers in a row. */
  stack: (() => Layer)[];
  /** The same by other layers, where TensorFlow.js' processor backend computes the layer wrongly. */
  reference?: (() => Layer)[];
  /** How many nodes of an operator the graph may have. */
  nodes?: Record<string, number>;
}

const activations = ['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu'] as const;

const conv = (args: Partial<Parameters<typeof layers.conv2d>[0]> = {}) => (): Layer => layers.conv2d({ filters: 4, kernelSize: 3, ...args });

const permuted = (...dims: number[]) => (): Layer => layers.permute({ dims });

const padding: Case[] = (['same', 'valid'] as const).flatMap((pad) => [1, 2, 3].flatMap((strides) => [[6, 7, 3], [5, 8, 2]].flatMap((shape): Case[] => [
  { name: `conv ${pad}, stride ${strides}, ${shape.join('×')}`, shape, stack: [conv({ padding: pad, strides, kernelSize: [3, 2] })] },
  { name: `depthwise ${pad}, stride ${strides}, ${shape.join('×')}`, shape, stack: [() => layers.depthwiseConv2d({ kernelSize: 3, padding: pad, strides, depthMultiplier: 2 })] },
  { name: `transposed ${pad}, stride ${strides}, ${shape.join('×')}`, shape, stack: [() => layers.conv2dTranspose({ filters: 3, kernelSize: [2, 3], padding: pad, strides })] },
  { name: `max pooling ${pad}, stride ${strides}, ${shape.join('×')}`, shape, stack: [() => layers.maxPooling2d({ poolSize: [3, 2], padding: pad, strides })] },
  { name: `average pooling ${pad}, stride ${strides}, ${shape.join('×')}`, shape, stack: [() => layers.averagePooling2d({ poolSize: [3, 2], padding: pad, strides })] },
])));

const cases: Case[] = [
  ...padding,
  ...activations.map((activation): Case => ({ name: `activation ${activation}`, shape: [5, 4, 3], stack: [conv({ activation, kernelSize: 2 }), () => layers.activation({ activation }), () => layers.flatten()] })),
  { name: 'conv with dilation', shape: [9, 8, 3], stack: [conv({ dilationRate: 2, padding: 'same' }), conv({ dilationRate: [2, 1] })] },
  { name: 'conv without bias', shape: [6, 6, 3], stack: [conv({ useBias: false })] },
  { name: 'conv larger than stride, kernel 1', shape: [6, 5, 3], stack: [conv({ kernelSize: 1, strides: 4, padding: 'same' })] },
  { name: 'convs in a row keep their order of axes', shape: [9, 9, 3], stack: [conv(), conv({ activation: 'relu' }), () => layers.maxPooling2d({ poolSize: 2 }), () => layers.globalAveragePooling2d({}), () => layers.dense({ units: 3 })], nodes: { Transpose: 1, Gemm: 1, Flatten: 1 } },
  { name: 'one channel needs no transposition', shape: [8, 8, 1], stack: [conv(), () => layers.globalMaxPooling2d({})], nodes: { Transpose: 0 } },
  { name: 'separable conv', shape: [7, 8, 3], stack: [() => layers.separableConv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', depthMultiplier: 2, activation: 'relu' })] },
  { name: 'separable conv without bias', shape: [7, 8, 3], stack: [() => layers.separableConv2d({ filters: 5, kernelSize: [2, 3], useBias: false })] },
  { name: 'conv1d', shape: [11, 3], stack: [() => layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'tanh' }), () => layers.conv1d({ filters: 2, kernelSize: 2, dilationRate: 2 }), () => layers.maxPooling1d({ poolSize: 2, strides: 1 }), () => layers.flatten()] },
  { name: 'average pooling 1d', shape: [11, 3], stack: [() => layers.averagePooling1d({ poolSize: 3, strides: 2, padding: 'same' }), () => layers.globalAveragePooling1d({})] },
  { name: 'global max pooling 1d', shape: [11, 3], stack: [() => layers.globalMaxPooling1d({})] },
  { name: 'dense', shape: [7], stack: [() => layers.dense({ units: 5, activation: 'relu' }), () => layers.dense({ units: 3, activation: 'softmax' })] },
  { name: 'dense without bias', shape: [7], stack: [() => layers.dense({ units: 5, useBias: false })] },
  { name: 'dense on three axes', shape: [4, 7], stack: [() => layers.dense({ units: 5 })] },
  { name: 'dense after conv', shape: [5, 6, 2], stack: [conv(), () => layers.dense({ units: 5, activation: 'sigmoid' }), conv({ kernelSize: 2 })] },
  { name: 'flatten restores the order', shape: [5, 6, 2], stack: [conv(), () => layers.flatten(), () => layers.dense({ units: 3 })], nodes: { Transpose: 2 } },
  { name: 'flatten of one place', shape: [3, 3, 2], stack: [conv(), () => layers.flatten(), () => layers.dense({ units: 3 })], nodes: { Transpose: 1 } },
  { name: 'reshape restores the order', shape: [4, 6, 2], stack: [conv(), () => layers.reshape({ targetShape: [4, -1] }), () => layers.reshape({ targetShape: [8, 4] }), () => layers.dense({ units: 3 })] },
  { name: 'reshape to a picture', shape: [24], stack: [() => layers.reshape({ targetShape: [2, 4, 3] }), conv({ kernelSize: 2 })] },
  { name: 'permute', shape: [4, 5, 3], stack: [conv(), () => layers.permute({ dims: [2, 3, 1] })] },
  { name: 'permute to channels first', shape: [4, 5, 3], stack: [conv(), () => layers.permute({ dims: [3, 1, 2] })], nodes: { Transpose: 1 } },
  { name: 'repeat vector', shape: [5], stack: [() => layers.repeatVector({ n: 3 })] },
  { name: 'zero padding', shape: [4, 5, 3], stack: [() => layers.zeroPadding2d({ padding: [[1, 2], [0, 3]] }), conv({ strides: 2 }), () => layers.zeroPadding2d({ padding: 2 }), () => layers.zeroPadding2d()] },
  { name: 'cropping', shape: [8, 9, 3], stack: [() => layers.cropping2D({ cropping: [[1, 2], [0, 3]] }), () => layers.cropping2D({ cropping: 1 })] },
  { name: 'cropping by rows and columns', shape: [8, 9, 3], stack: [() => layers.cropping2D({ cropping: [2, 1] as unknown as number })] },
  { name: 'nearest up-sampling', shape: [3, 4, 2], stack: [() => layers.upSampling2d({ size: [2, 3] }), conv()] },
  { name: 'bilinear up-sampling', shape: [3, 4, 2], stack: [() => layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })] },
  { name: 'rescaling', shape: [4, 4, 3], stack: [() => layers.rescaling({ scale: 1 / 127.5, offset: -1 }), conv()] },
  { name: 'rescaling between convs', shape: [6, 6, 3], stack: [conv(), () => layers.rescaling({ scale: 0.5 }), conv()], nodes: { Transpose: 2 } },
  { name: 'dropout and noise', shape: [6], stack: [() => layers.dropout({ rate: 0.5 }), () => layers.gaussianNoise({ stddev: 1 }), () => layers.gaussianDropout({ rate: 0.3 }), () => layers.alphaDropout({ rate: 0.3 }), () => layers.dense({ units: 2 })] },
  { name: 'only dropout', shape: [6], stack: [() => layers.dropout({ rate: 0.5 })] },
  { name: 'spatial dropout', shape: [6, 2], stack: [() => layers.spatialDropout1d({ rate: 0.5 }), () => layers.flatten()] },
  { name: 'relu layers', shape: [5, 5, 3], stack: [conv(), () => layers.reLU(), () => layers.reLU({ maxValue: 0.6 })] },
  { name: 'leaky relu, elu, thresholded relu', shape: [5, 5, 3], stack: [() => layers.leakyReLU(), conv(), () => layers.leakyReLU({ alpha: 0.2 }), () => layers.elu(), () => layers.thresholdedReLU({ theta: 0.3 })] },
  { name: 'prelu', shape: [5, 4, 3], stack: [conv(), () => layers.prelu({})] },
  { name: 'prelu with shared axes', shape: [5, 4, 3], stack: [() => layers.prelu({ sharedAxes: [1, 2] }), conv()] },
  { name: 'prelu on vectors', shape: [5], stack: [() => layers.prelu({})] },
  { name: 'softmax layer', shape: [5, 4, 3], stack: [conv(), () => layers.softmax({ axis: -1 })] },
  { name: 'batch norm', shape: [5, 4, 3], stack: [() => layers.batchNormalization({}), conv(), () => layers.batchNormalization({ epsilon: 0.01 }), () => layers.activation({ activation: 'relu' })], nodes: { BatchNormalization: 2, Transpose: 2 } },
  { name: 'batch norm without scale', shape: [5, 4, 3], stack: [conv(), () => layers.batchNormalization({ scale: false })] },
  { name: 'batch norm without center', shape: [5, 4, 3], stack: [conv(), () => layers.batchNormalization({ center: false })] },
  { name: 'batch norm on vectors', shape: [6], stack: [() => layers.dense({ units: 4 }), () => layers.batchNormalization({})], nodes: { Transpose: 0 } },
  { name: 'batch norm over another axis', shape: [5, 4, 3], 
    stack: [() => layers.batchNormalization({ axis: 2 }), conv(), () => layers.batchNormalization({ axis: 1 })],
    reference: [permuted(1, 3, 2), () => layers.batchNormalization({}), permuted(1, 3, 2), conv(), permuted(2, 3, 1), () => layers.batchNormalization({}), permuted(3, 1, 2)] },
  { name: 'batch norm on sequences', shape: [5, 4], stack: [() => layers.batchNormalization({}), () => layers.dense({ units: 3 })] },
  { name: 'layer norm', shape: [5, 4, 3], stack: [conv(), () => layers.layerNormalization({})] },
  { name: 'layer norm over all axes', shape: [5, 4, 3], stack: [conv(), () => layers.layerNormalization({ axis: [1, 2, 3], epsilon: 1e-5 })] },
  { name: 'layer norm over inner axes', shape: [5, 4, 3], stack: [() => layers.layerNormalization({ axis: [2, 1], center: false })] },
  { name: 'layer norm without scale', shape: [6], stack: [() => layers.layerNormalization({ scale: false })] },
  { name: 'layer norm without both', shape: [6], stack: [() => layers.layerNormalization({ scale: false, center: false })] },
  { name: 'channels first', shape: [3, 8, 9], stack: [
    conv({ dataFormat: 'channelsFirst', padding: 'same', strides: 2 }), () => layers.activation({ activation: 'tanh' }),
    () => layers.maxPooling2d({ poolSize: 2, dataFormat: 'channelsFirst', strides: 1 }), () => layers.zeroPadding2d({ padding: 1, dataFormat: 'channelsFirst' }),
    () => layers.globalAveragePooling2d({ dataFormat: 'channelsFirst' }), () => layers.dense({ units: 3 }),
  ], nodes: { Transpose: 0 } },
  { name: 'channels first, batch norm', shape: [3, 4, 5], stack: [() => layers.batchNormalization({ axis: 1 })], reference: [permuted(2, 3, 1), () => layers.batchNormalization({}), permuted(3, 1, 2)], nodes: { Transpose: 0 } },
  { name: 'channels first, flattened', shape: [3, 4, 5], stack: [conv({ dataFormat: 'channelsFirst' }), () => layers.flatten({ dataFormat: 'channelsFirst' })] },
];

/** A residual block with a squeeze-and-excitation gate, joined in every way. */
function branching(): LayersModel {
  const picture = input({ shape: [8, 8, 3] });
  const stem = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(picture) as typeof picture;
  const gate = layers.conv2d({ filters: 4, kernelSize: 1, activation: 'sigmoid' }).apply(
    layers.reshape({ targetShape: [1, 1, 4] }).apply(layers.globalAveragePooling2d({}).apply(stem))) as typeof picture;
  const gated = layers.multiply().apply([stem, gate]) as typeof picture;
  const other = layers.conv2d({ filters: 4, kernelSize: 1 }).apply(gated) as typeof picture;
  const joined = layers.concatenate().apply([
    layers.add().apply([stem, gated, other]) as typeof picture,
    layers.average().apply([stem, gated, other]) as typeof picture,
    layers.maximum().apply([stem, gated]) as typeof picture,
    layers.minimum().apply([stem, other, gated]) as typeof picture,
    picture,
  ]) as typeof picture;
  const stacked = layers.concatenate({ axis: 1 }).apply([joined, joined]) as typeof picture;
  return model({ inputs: picture, outputs: [stacked, layers.dense({ units: 3, activation: 'softmax' }).apply(layers.flatten().apply(gated)) as typeof picture] });
}

/** A vector added to a picture: TensorFlow.js puts axes of length one after its batch. */
function unequalRanks(): LayersModel {
  const picture = input({ shape: [5, 5, 4] });
  const stem = layers.conv2d({ filters: 4, kernelSize: 3 }).apply(picture) as typeof picture;
  return model({ inputs: picture, outputs: layers.add().apply([stem, layers.globalMaxPooling2d({}).apply(stem) as typeof picture]) as typeof picture });
}

/** One set of layers called twice, as a siamese network does, and a nested model in a nested one. */
function shared(): LayersModel {
  const left = input({ shape: [6, 6, 2] });
  const right = input({ shape: [6, 6, 2] });
  const block = sequential({ name: 'block', layers: [layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], name: 'inner_conv' }), layers.prelu({ name: 'inner_prelu' })] });
  const inner = input({ shape: [6, 6, 2] });
  const tower = model({ name: 'tower', inputs: inner, outputs: layers.flatten().apply(block.apply(inner)) as typeof inner });
  const dense = layers.dense({ units: 4, name: 'shared_dense' });
  const one = dense.apply(tower.apply(left)) as typeof left;
  const two = dense.apply(tower.apply(right)) as typeof left;
  return model({ inputs: [left, right], outputs: [layers.concatenate().apply([one, two]) as typeof left, one] });
}

/** A network as the base of a classifier, which is how transfer learning makes them. */
function transferred(): LayersModel {
  const picture = input({ shape: [9, 9, 3] });
  const base = model({ name: 'base', inputs: picture, outputs: layers.reLU().apply(layers.batchNormalization({}).apply(layers.conv2d({ filters: 4, kernelSize: 3 }).apply(picture))) as typeof picture });
  return sequential({ layers: [base, sequential({ layers: [layers.globalAveragePooling2d({ inputShape: [7, 7, 4] }), layers.dense({ units: 5 })] }), layers.softmax({ axis: -1 })] });
}

/** A picture of any size. */
function openSize(): LayersModel {
  const picture = input({ shape: [null, null, 3] });
  const first = layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', strides: 2 }).apply(picture);
  const second = layers.averagePooling2d({ poolSize: 2, padding: 'same' }).apply(layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: 'same' }).apply(first));
  return model({ inputs: picture, outputs: layers.dense({ units: 3 }).apply(layers.globalAveragePooling2d({}).apply(second)) as typeof picture });
}

const networks: { name: string; make: () => LayersModel; shapes: Shape[] }[] = [
  { name: 'branches that are joined', make: branching, shapes: [[8, 8, 3]] },
  { name: 'values of unequal rank that are joined', make: unequalRanks, shapes: [[5, 5, 4]] },
  { name: 'layers and models that are called twice', make: shared, shapes: [[6, 6, 2], [6, 6, 2]] },
  { name: 'a base inside a classifier', make: transferred, shapes: [[9, 9, 3]] },
  { name: 'a picture of any size, odd', make: openSize, shapes: [[11, 9, 3]] },
  { name: 'a picture of any size, even', make: openSize, shapes: [[12, 8, 3]] },
];

describe('TensorFlow.js layers models: what the graph computes', function () {
  // A busy machine needs longer than mocha's two seconds for TensorFlow.js' plain JavaScript.
  this.timeout(60_000);
  const folder = temporaryFolder();

  const seen = new Set<string>();

  async function check(reference: LayersModel, shapes: Shape[], nodes: Record<string, number> = {}, opened = reference): Promise<void> {
    const [height, width = 1] = shapes[0]!;
    const graph = await tensorFlowJsLayers.read(await save(opened, folder), { width, height: height! });
    for (const [, name] of readFileSync(graph.path, 'utf8').matchAll(/"class_name":"(\w+)"/g)) seen.add(name!);
    const inputs = shapes.map((shape, index) => ({ dims: [3, ...shape], data: sample([3, ...shape], index + 2) }));
    assertAgree(await run(graph, inputs), predict(reference, inputs));
    for (const [opType, count] of Object.entries(nodes)) assert.equal(graph.nodes.filter((node) => node.opType === opType).length, count, `number of ${opType} nodes`);
    const weights = reference.weights.reduce((total, weight) => total + weight.shape.reduce<number>((product, dim) => product * (dim ?? 1), 1), 0);
    assert.equal(graph.parameters, weights, 'every weight has an origin');
  }

  function stacked(shape: Shape, stack: (() => Layer)[]): LayersModel {
    const picture = input({ shape });
    return randomize(model({ inputs: picture, outputs: stack.reduce((value, layer) => layer().apply(value) as typeof picture, picture) }), 7);
  }

  for (const { name, shape, stack, nodes, reference = stack } of cases) {
    it(name, async () => check(stacked(shape, reference), [shape], nodes, stacked(shape, stack)));
  }

  for (const { name, make, shapes } of networks) it(name, async () => check(randomize(make(), 11), shapes));

  it('every layer that TensorFlow.js has was held against it', () => {
    const known = tf.serialization.SerializationMap.getMap().classNameMap;
    // Its Identity is an initializer; the others it cannot run inside of a model, or they do nothing outside of training.
    assert.deepEqual([...layerKinds.keys()].filter((name) => name in known && !seen.has(name)), ['Identity', 'RandomWidth', 'CenterCrop', 'Resizing']);
  });
});
