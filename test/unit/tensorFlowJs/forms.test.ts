import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { transpose } from '../../../src/engine/formats/layers/transpose.ts';
import { toFloat32 } from '../../../src/engine/graph/tensor.ts';
import { assertAgree, predict, randomize, run, sample, save, temporaryFolder, type Json } from './reference.ts';

/** The forms in which other programs write the same model, and what its weights remember. */

interface LayerEntry {
  class_name: string;
  name: string;
  config: Json;
  inbound_nodes: unknown;
}
interface Topology {
  class_name: string;
  config: { layers: LayerEntry[]; input_layers: unknown; output_layers: unknown };
}
interface ManifestWeight {
  name: string;
  shape: number[];
  dtype: string;
  group?: string;
}

function network(): LayersModel {
  const picture = input({ shape: [8, 8, 3], name: 'picture' });
  const stem = layers.conv2d({ filters: 4, kernelSize: 3, name: 'stem', useBias: false }).apply(picture);
  const norm = layers.batchNormalization({ name: 'norm' }).apply(stem);
  const depthwise = layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, name: 'depthwise' }).apply(layers.reLU({ name: 'relu' }).apply(norm));
  const joined = layers.add({ name: 'joined' }).apply([depthwise, layers.conv2d({ filters: 8, kernelSize: 1, name: 'side' }).apply(depthwise)] as (typeof picture)[]);
  const features = layers.globalAveragePooling2d({ name: 'features' }).apply(joined);
  return randomize(model({ inputs: picture, outputs: layers.dense({ units: 3, activation: 'softmax', name: 'head' }).apply(features) as typeof picture }), 3);
}

const topologyOf = (json: Json): Topology => json['modelTopology'] as Topology;
const weightsOf = (json: Json): ManifestWeight[] => (json['weightsManifest'] as { weights: ManifestWeight[] }[])[0]!.weights;
const renamed = (rename: (name: string) => string) => (json: Json): Json => {
  for (const weight of weightsOf(json)) weight.name = rename(weight.name);
  return json;
};

/** As Keras 3 writes a graph: calls as their arguments, types as policies. */
function keras3(json: Json): Json {
  const { config } = topologyOf(json);
  for (const layer of config.layers) {
    layer.inbound_nodes = (layer.inbound_nodes as [string, number, number][][]).map((call) => {
      const tensors = call.map(([name, node, tensor]) => ({ class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [name, node, tensor] } }));
      return { args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} };
    });
    layer.config['dtype'] = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
    if (layer.class_name === 'InputLayer') {
      layer.config['batch_shape'] = layer.config['batch_input_shape'];
      delete layer.config['batch_input_shape'];
    }
  }
  config.input_layers = (config.input_layers as unknown[])[0];
  config.output_layers = (config.output_layers as unknown[])[0];
  return { ...json, modelTopology: { keras_version: '3.4.1', backend: 'tensorflow', model_config: { class_name: 'Functional', config } } };
}

const order = ['gamma', 'beta', 'moving_mean', 'moving_variance', 'depthwise_kernel', 'kernel', 'bias'];

const forms: { name: string; change: (json: Json) => Json }[] = [
  { name: 'as TensorFlow.js saves it', change: (json) => json },
  { name: 'without a format, wrapped by Keras', change: ({ modelTopology, weightsManifest }) => ({ weightsManifest, modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: modelTopology } }) },
  { name: 'by Keras 3', change: keras3 },
  { name: 'weights with a number at the end', change: renamed((name) => `${name}:0`) },
  { name: 'weights inside scopes', change: renamed((name) => `model_1/${name}`) },
  { name: 'weights with a scope inside the layer', change: renamed((name) => name.replace('/', '/cell/')) },
  { name: 'weights of layers that were renamed', change: renamed((name) => `other_${name}`) },
  { name: 'weights with the layer twice', change: renamed((name) => `${name.split('/')[0]!}/${name}`) },
  { name: 'an optimizer\'s weights after those of the model', change: (json) => {
    weightsOf(json).push({ name: 'Adam/stem/kernel', shape: [0], dtype: 'float32', group: 'optimizer' });
    return json;
  } },
  { name: 'keys in the way of JavaScript', change: (json) => {
    for (const layer of topologyOf(json).config.layers) {
      for (const [key, value] of Object.entries(layer.config)) {
        if (key !== 'name') layer.config[key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())] = value;
        if (key.includes('_')) Reflect.deleteProperty(layer.config, key);
      }
    }
    return json;
  } },
  { name: 'names that every object has', change: (json) => JSON.parse(JSON.stringify(json).replaceAll('"stem"', '"__proto__"').replaceAll('"stem/', '"__proto__/').replaceAll('"norm"', '"constructor"').replaceAll('"norm/', '"constructor/')) as Json },
];

describe('TensorFlow.js layers models: forms of the file', function () {
  // A busy machine needs longer than mocha's two seconds for TensorFlow.js' plain JavaScript.
  this.timeout(60_000);
  const folder = temporaryFolder();
  const picture = { dims: [2, 8, 8, 3], data: sample([2, 8, 8, 3]) };

  for (const { name, change } of forms) {
    it(name, async () => {
      const reference = network();
      const graph = await tensorFlowJsLayers.read(await save(reference, folder, 'model', change));
      assertAgree(await run(graph, [picture]), predict(reference, [picture]));
    });
  }

  it('an old sequential model, a bare list of layers', async () => {
    const reference = randomize(sequential({ layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 4 })] }), 3);
    const path = await save(reference, folder, 'old', (json) => {
      const topology = topologyOf(json);
      return { ...json, modelTopology: { ...topology, config: topology.config.layers } };
    });
    assertAgree(await run(await tensorFlowJsLayers.read(path), [picture]), predict(reference, [picture]));
  });

  it('numbers of Keras 3 in the place of weight names', async () => {
    const reference = randomize(sequential({ layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 4, name: 'head' })] }), 3);
    const path = await save(reference, folder, 'numbered', renamed((name) => name.replace('kernel', 'vars/0').replace('bias', 'vars/1')));
    assertAgree(await run(await tensorFlowJsLayers.read(path), [picture]), predict(reference, [picture]));
  });

  it('a whole-number input is fed with floats, which are rounded', async () => {
    const reference = network();
    const path = await save(reference, folder, 'integers', (json) => {
      topologyOf(json).config.layers[0]!.config['dtype'] = 'int32';
      return json;
    });
    const graph = await tensorFlowJsLayers.read(path);
    const whole = { ...picture, data: picture.data.map((value) => Math.round(value * 20)) };
    assert.equal(graph.inputs[0]!.type, 'float32');
    const between = { ...whole, data: whole.data.map((value) => value + 0.4) };
    assertAgree(await run(graph, [between]), predict(reference, [whole]));
  });

  it('the weights know where they came from', async () => {
    const reference = network();
    const graph = await tensorFlowJsLayers.read(await save(reference, folder));
    const tensors = new Map(reference.weights.map((weight) => [weight.originalName, weight.read()]));
    assert.deepEqual([...graph.origins.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, origin] of graph.origins) {
      assert.equal(origin.key, name);
      assert.equal(origin.file, graph.files[1]);
      assert.equal(origin.storedType, 'float32');
      assert.deepEqual(origin.shape, tensors.get(name)!.shape);
      const stored = tensors.get(name)!.dataSync<'float32'>();
      assert.deepEqual(toFloat32(graph.constant(name)!), origin.transposition ? transpose(stored, origin.shape, origin.transposition) : stored, name);
    }
    assert.deepEqual(graph.origins.get('stem/kernel')!.transposition, [3, 2, 0, 1]);
    assert.deepEqual(graph.constantShape('depthwise/depthwise_kernel'), [8, 1, 3, 3]);
    const norm = graph.nodes.find((node) => node.opType === 'BatchNormalization')!;
    assert.deepEqual(norm.input.slice(1), order.slice(0, 4).map((suffix) => `norm/${suffix}`));
    assert.deepEqual(graph.outputs.map((output) => output.name), ['head']);
    assert.ok(graph.producer('features'), 'the pooled features carry their layer\'s name');
    assert.equal(graph.opset(), 18);
  });

  it('settings of Keras that TensorFlow.js passes over', async () => {
    const values = [-2, -0.5, 0, 0.5, 1, 1.5, 3];
    const rectify = { negative_slope: 0.25, threshold: 1, max_value: 2 };
    const path = await save(randomize(sequential({ layers: [layers.reLU({ inputShape: [7] })] }), 1), folder, 'relu', (json) => {
      Object.assign(topologyOf(json).config.layers.at(-1)!.config, rectify);
      return json;
    });
    const [result] = await run(await tensorFlowJsLayers.read(path), [{ dims: [1, 7], data: Float32Array.from(values) }]);
    // Keras: x ≥ 2 → 2; 1 ≤ x < 2 → x; else 0.25 · (x − 1).
    assert.deepEqual([...result!.data], [-0.75, -0.375, -0.25, -0.125, 1, 1.5, 2]);

    const pooled = network();
    const kept = await tensorFlowJsLayers.read(await save(pooled, folder, 'kept', (json) => {
      topologyOf(json).config.layers.find((layer) => layer.name === 'features')!.config['keepdims'] = true;
      return json;
    }));
    const [probabilities] = await run(kept, [picture]);
    const [expected] = predict(pooled, [picture]);
    assertAgree([probabilities!], [{ dims: [2, 1, 1, 3], data: expected!.data }]);
  });

  it('layers of Keras that TensorFlow.js has not', async () => {
    const x = input({ shape: [3], name: 'x' });
    const quarter = layers.rescaling({ scale: 0.25, name: 'quarter' }).apply(layers.dropout({ rate: 0.5, name: 'nothing' }).apply(x));
    const path = await save(model({ inputs: x, outputs: layers.add({ name: 'difference' }).apply([x, quarter] as (typeof x)[]) as typeof x }), folder, 'subtract', (json) => {
      const classes = new Map([['difference', 'Subtract'], ['nothing', 'ActivityRegularization']]);
      for (const layer of topologyOf(json).config.layers) layer.class_name = classes.get(layer.name) ?? layer.class_name;
      return json;
    });
    const [result] = await run(await tensorFlowJsLayers.read(path), [{ dims: [1, 3], data: Float32Array.of(4, -8, 2) }]);
    assert.deepEqual([...result!.data], [3, -6, 1.5]);
  });

  it('a causal convolution is one of a sequence with zeros before it', async () => {
    const make = (): LayersModel => randomize(sequential({ layers: [layers.conv1d({ filters: 3, kernelSize: 3, dilationRate: 2, inputShape: [11, 2], name: 'causal' })] }), 5);
    const path = await save(make(), folder, 'causal', (json) => {
      Object.assign(topologyOf(json).config.layers.at(-1)!.config, { padding: 'causal', batch_input_shape: [null, 7, 2] });
      return json;
    });
    const data = sample([1, 7, 2]);
    const padded = new Float32Array(22);
    padded.set(data, 8);
    assertAgree(await run(await tensorFlowJsLayers.read(path), [{ dims: [1, 7, 2], data }]), predict(make(), [{ dims: [1, 11, 2], data: padded }]));
  });

  for (const [height, width] of [[3, 7], [9, 4], [1, 5]] as const) {
    for (const interpolation of ['bilinear', 'nearest'] as const) {
      it(`resizing to ${height} × ${width}, ${interpolation}`, async () => {
        const path = await save(sequential({ layers: [layers.resizing({ height, width, interpolation, inputShape: [8, 8, 3] })] }), folder, 'resizing');
        // TensorFlow.js cannot run the layer in a model; its kernel can do what Keras does.
        const kernel = interpolation === 'bilinear' ? tf.image.resizeBilinear : tf.image.resizeNearestNeighbor;
        const expected = tf.tidy(() => kernel(tf.tensor4d(picture.data, [2, 8, 8, 3]), [height, width], false, true).dataSync<'float32'>().slice());
        assertAgree(await run(await tensorFlowJsLayers.read(path), [picture]), [{ dims: [2, height, width, 3], data: expected }]);
      });
    }
  }
});
