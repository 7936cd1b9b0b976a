import { input, layers, model, type LayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { inverse, transpose } from '../../../src/engine/formats/layers/transpose.ts';
import type { ModelGraph } from '../../../src/engine/graph/modelGraph.ts';
import { numberToFloat16, toFloat32 } from '../../../src/engine/graph/tensor.ts';
import { assertAgree, load, predict, randomize, run, sample, save, temporaryFolder, type Json } from './reference.ts';

interface Weight {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; min?: number; scale?: number };
}
interface Group {
  paths: string[];
  weights: Weight[];
}

function network(): LayersModel {
  const picture = input({ shape: [6, 6, 3], name: 'picture' });
  const stem = layers.conv2d({ filters: 4, kernelSize: [3, 2], name: 'stem' }).apply(picture);
  const depthwise = layers.depthwiseConv2d({ kernelSize: [2, 3], depthMultiplier: 2, name: 'depthwise' }).apply(layers.prelu({ name: 'prelu' }).apply(layers.batchNormalization({ name: 'norm' }).apply(stem)));
  return randomize(model({ inputs: picture, outputs: layers.dense({ units: 3, activation: 'softmax', name: 'head' }).apply(layers.flatten().apply(depthwise)) as typeof picture }), 3);
}

const manifestOf = (json: Json): Group[] => json['weightsManifest'] as Group[];
const readJson = (path: string): Json => JSON.parse(readFileSync(path, 'utf8')) as Json;

/** The bytes of all of a model's shards, in their order. */
function bytesOf(path: string): Buffer {
  return Buffer.concat(manifestOf(readJson(path)).flatMap((group) => group.paths).map((shard) => readFileSync(join(dirname(path), shard))));
}

/** Cuts a saved model's one shard into shards and groups. */
function divided(path: string): string {
  const json = readJson(path);
  const { weights } = manifestOf(json)[0]!;
  const bytes = bytesOf(path);
  const sizeOf = (list: Weight[]): number => list.reduce((total, weight) => total + weight.shape.reduce((product, dim) => product * dim, 4), 0);
  const cut = sizeOf(weights.slice(0, 3));
  writeFileSync(join(dirname(path), 'group1-shard1of2'), bytes.subarray(0, 100));
  writeFileSync(join(dirname(path), 'group1-shard2of2'), bytes.subarray(100, cut));
  writeFileSync(join(dirname(path), 'group2-shard1of1'), bytes.subarray(cut));
  json['weightsManifest'] = [{ paths: ['group1-shard1of2', 'group1-shard2of2'], weights: weights.slice(0, 3) }, { paths: ['group2-shard1of1'], weights: weights.slice(3) }];
  writeFileSync(path, JSON.stringify(json));
  return path;
}

/** Stores a saved model's weights in fewer bits. */
function quantised(path: string, type: 'uint8' | 'uint16' | 'float16'): string {
  const json = readJson(path);
  const bytes = bytesOf(path);
  const [group] = manifestOf(json);
  let offset = 0;
  const pieces = group!.weights.map((weight) => {
    const values = new Float32Array(Uint8Array.from(bytes.subarray(offset, (offset += weight.shape.reduce((product, dim) => product * dim, 4)))).buffer);
    if (type === 'float16') {
      weight.quantization = { dtype: type };
      return Buffer.from(Uint16Array.from(values, numberToFloat16).buffer);
    }
    const min = Math.min(...values);
    const scale = (Math.max(...values) - min) / (type === 'uint8' ? 255 : 65535);
    weight.quantization = { dtype: type, min, scale };
    const stored = Array.from(values, (value) => Math.round((value - min) / scale));
    return Buffer.from((type === 'uint8' ? Uint8Array.from(stored) : Uint16Array.from(stored)).buffer);
  });
  writeFileSync(join(dirname(path), group!.paths[0]!), Buffer.concat(pieces));
  writeFileSync(path, JSON.stringify(json));
  return path;
}

/** New values for some weights, each its own. */
function changesOf(graph: ModelGraph, names: string[]): Map<string, Float32Array> {
  return new Map(names.map((name, index) => [name, toFloat32(graph.constant(name)!).map((value, place) => value * 0.5 + index / 10 + place / 10000)]));
}

const changedNames = ['stem/kernel', 'depthwise/depthwise_kernel', 'prelu/alpha', 'norm/beta', 'head/kernel', 'head/bias'];
const picture = { dims: [2, 6, 6, 3], data: sample([2, 6, 6, 3]) };

const stores: { name: string; store: (path: string) => string }[] = [
  { name: 'one shard', store: (path) => path },
  { name: 'several groups and shards', store: divided },
  { name: 'uint8', store: (path) => quantised(path, 'uint8') },
  { name: 'uint16', store: (path) => quantised(path, 'uint16') },
  { name: 'float16', store: (path) => quantised(path, 'float16') },
];

describe('TensorFlow.js layers models: writing', function () {
  // A busy machine needs longer than mocha's two seconds for TensorFlow.js' plain JavaScript.
  this.timeout(60_000);
  const root = temporaryFolder();
  const saved = async (change?: (json: Json) => Json): Promise<string> => save(network(), mkdtempSync(join(root, 'model-')), 'model', change);

  for (const { name, store } of stores) {
    it(`${name}: nothing changed, the bytes stay`, async () => {
      const path = store(await saved());
      const output = join(dirname(path), 'copy.json');
      const files = await tensorFlowJsLayers.write(await tensorFlowJsLayers.read(path), new Map(), {}, output);
      assert.equal(files[0], output);
      assert.deepEqual(files.slice(1).map((file) => basename(file)), manifestOf(readJson(output)).flatMap((group) => group.paths));
      assert.ok(bytesOf(output).equals(bytesOf(path)));
      const withoutPaths = (file: string): Json => ({ ...readJson(file), weightsManifest: manifestOf(readJson(file)).map((group) => group.weights) });
      assert.deepEqual(withoutPaths(output), withoutPaths(path));
    });

    it(`${name}: TensorFlow.js loads what was changed, and the rest as it was`, async () => {
      const path = store(await saved());
      const graph = await tensorFlowJsLayers.read(path);
      const output = join(dirname(path), 'changed.json');
      const changes = changesOf(graph, changedNames);
      await tensorFlowJsLayers.write(graph, changes, {}, output);
      const before = new Map((await load(path)).weights.map((weight) => [weight.originalName, weight.read()]));
      const loaded = await load(output);
      for (const weight of loaded.weights) {
        const { originalName } = weight;
        const values = changes.get(originalName);
        const origin = graph.origins.get(originalName)!;
        const order = origin.transposition;
        const expected = values && order ? transpose(values, order.map((axis) => origin.shape[axis]!), inverse(order)) : values;
        assert.deepEqual(weight.read().dataSync(), expected ?? before.get(originalName)!.dataSync(), originalName);
      }
      const again = await tensorFlowJsLayers.read(output);
      assertAgree(await run(again, [picture]), predict(loaded, [picture]));
      for (const [weight, values] of changes) {
        assert.deepEqual(toFloat32(again.constant(weight)!), values, weight);
        assert.equal(again.origins.get(weight)!.storedType, 'float32');
      }
      const stored = new Map(manifestOf(readJson(path)).flatMap((group) => group.weights).map((weight) => [weight.name, weight]));
      for (const weight of manifestOf(readJson(output)).flatMap((group) => group.weights)) {
        assert.deepEqual(weight.quantization, changes.has(weight.name) ? undefined : stored.get(weight.name)!.quantization, weight.name);
      }
    });
  }

  it('metadata is added to what is there', async () => {
    const path = await saved((json) => ({ ...json, convertedBy: 'someone', userDefinedMetadata: { author: 'Ada', count: 3, modelStability: { classNames: ['a', 'b', 'c'], preprocessing: { resize: 'crop' } } } }));
    const graph = await tensorFlowJsLayers.read(path);
    assert.deepEqual(graph.metadata, { author: 'Ada', 'model-stability.classNames': '["a","b","c"]', 'model-stability.preprocessing': '{"resize":"crop"}' });
    const output = join(dirname(path), 'noted.json');
    await tensorFlowJsLayers.write(graph, new Map(), { 'model-stability.stabilize': '{"alpha":1}', 'model-stability.note': 'by hand', other: 'text' }, output);
    assert.deepEqual(readJson(output)['userDefinedMetadata'], {
      author: 'Ada', count: 3, other: 'text',
      modelStability: { classNames: ['a', 'b', 'c'], preprocessing: { resize: 'crop' }, stabilize: { alpha: 1 }, note: 'by hand' },
    });
    assert.equal(readJson(output)['convertedBy'], 'someone');
    assert.equal((await tensorFlowJsLayers.read(output)).metadata['model-stability.stabilize'], '{"alpha":1}');
  });

  it('a weight that is changed by a wrong number of values is a fault', async () => {
    const path = await saved();
    const graph = await tensorFlowJsLayers.read(path);
    await assert.rejects(tensorFlowJsLayers.write(graph, new Map([['head/bias', new Float32Array(2)]]), {}, join(dirname(path), 'x.json')), { message: 'weight head/bias has 2 new values, its shape wants 3' });
    await assert.rejects(tensorFlowJsLayers.write(graph, new Map([['head/sias', new Float32Array(2)]]), {}, join(dirname(path), 'x.json')), { message: `${path} has no weight head/sias` });
  });

  it('no file that is there is lost', async () => {
    const path = await saved();
    const folder = dirname(path);
    const graph = await tensorFlowJsLayers.read(path);
    await assert.rejects(tensorFlowJsLayers.write(graph, new Map(), {}, path), { name: 'UserError', message: `cannot write ${path}: it is a file of the model itself` });
    const strange = join(folder, 'new-group1-shard1of1.bin');
    writeFileSync(strange, 'mine');
    const first = await tensorFlowJsLayers.write(graph, new Map(), {}, join(folder, 'new.json'));
    assert.deepEqual(first.map((file) => basename(file)), ['new.json', 'new-2-group1-shard1of1.bin']);
    // Written again, the output takes its earlier shards with it.
    const second = await tensorFlowJsLayers.write(graph, changesOf(graph, ['head/bias']), {}, join(folder, 'new.json'));
    assert.deepEqual(second.map((file) => basename(file)), ['new.json', 'new-3-group1-shard1of1.bin']);
    assert.deepEqual(readdirSync(folder).sort(), ['model.json', 'model.weights.bin', 'new-3-group1-shard1of1.bin', 'new-group1-shard1of1.bin', 'new.json']);
    assert.equal(readFileSync(strange, 'utf8'), 'mine');
  });

  it('a folder that cannot be written to keeps nothing', async () => {
    const path = await saved();
    const graph = await tensorFlowJsLayers.read(path);
    await assert.rejects(tensorFlowJsLayers.write(graph, new Map(), {}, join(dirname(path), 'missing', 'new.json')), { name: 'UserError', message: /^cannot write .*: the folder does not exist$/ });
    // The shard can be written, the model.json cannot: a folder has its name.
    mkdirSync(join(dirname(path), 'taken.json'));
    await assert.rejects(tensorFlowJsLayers.write(graph, new Map(), {}, join(dirname(path), 'taken.json')), { name: 'UserError', message: /^cannot write .*taken\.json: / });
    assert.deepEqual(readdirSync(dirname(path)).sort(), ['model.json', 'model.weights.bin', 'taken.json']);
  });
});
