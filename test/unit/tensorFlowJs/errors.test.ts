import { input, layers, model, type LayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { randomize, save, temporaryFolder, type Json } from './reference.ts';

interface LayerEntry {
  class_name: string;
  name: string;
  config: Json;
  inbound_nodes: unknown[][][];
}
interface Weight {
  name: string;
  shape: unknown;
  dtype: unknown;
  quantization?: unknown;
}
interface Group {
  paths: unknown;
  weights: Weight[];
}

function network(): LayersModel {
  const picture = input({ shape: [6, 6, 3], name: 'picture' });
  const stem = layers.conv2d({ filters: 4, kernelSize: 3, name: 'stem' }).apply(picture);
  const joined = layers.add({ name: 'joined' }).apply([stem, layers.activation({ activation: 'relu', name: 'relu' }).apply(stem)] as (typeof picture)[]);
  return randomize(model({ inputs: picture, outputs: layers.dense({ units: 2, name: 'head' }).apply(layers.flatten({ name: 'flat' }).apply(joined)) as typeof picture }), 3);
}

const configOf = (json: Json): { layers: LayerEntry[]; input_layers: unknown; output_layers: unknown } => (json['modelTopology'] as { config: ReturnType<typeof configOf> }).config;
const layer = (json: Json, name: string): LayerEntry => configOf(json).layers.find((entry) => entry.name === name)!;
const groups = (json: Json): Group[] => json['weightsManifest'] as Group[];
const weight = (json: Json, name: string): Weight => groups(json)[0]!.weights.find((entry) => entry.name === name)!;

/** A change of a good model, and all of the message; FILE stands for the model's path. */
const wrong: { name: string; change: (json: Json, folder: string) => unknown; message: string }[] = [
  { name: 'a layer of an unknown class', change: (json) => (layer(json, 'relu').class_name = 'Swirl'), message: 'unsupported layer: Swirl "relu" in FILE' },
  { name: 'a class with the name of a method', change: (json) => (layer(json, 'relu').class_name = 'toString'), message: 'unsupported layer: toString "relu" in FILE' },
  { name: 'a Lambda', change: (json) => (layer(json, 'relu').class_name = 'Lambda'), message: 'unsupported layer: Lambda "relu" in FILE: it holds code, and no code of a model is run' },
  { name: 'an unknown activation', change: (json) => (layer(json, 'relu').config['activation'] = 'wave'), message: 'unsupported layer: Activation "relu" in FILE: unknown activation: wave' },
  { name: 'an activation with the name of a method', change: (json) => (layer(json, 'relu').config['activation'] = 'constructor'), message: 'unsupported layer: Activation "relu" in FILE: unknown activation: constructor' },
  { name: 'a setting of a wrong type', change: (json) => (layer(json, 'stem').config['strides'] = 'two'), message: 'layer Conv2D "stem" in FILE: strides is "two", expected 2 whole numbers of at least 1' },
  { name: 'an unknown padding', change: (json) => (layer(json, 'stem').config['padding'] = 'causal'), message: 'unsupported layer: Conv2D "stem" in FILE: padding causal' },
  { name: 'a window larger than its input', change: (json) => (layer(json, 'picture').config['batch_input_shape'] = [null, 2, 6, 3]), message: 'layer Conv2D "stem" in FILE: its input of 2, 6 is smaller than its window of 3 × 3' },
  { name: 'a kernel that does not fit', change: (json) => (layer(json, 'picture').config['batch_input_shape'] = [null, 6, 6, 1]), message: 'layer Conv2D "stem" in FILE: weight stem/kernel has the shape [3, 3, 3, 4], it wants [3, 3, 1, 4]' },
  { name: 'an input without a shape', change: (json) => delete layer(json, 'picture').config['batch_input_shape'], message: 'layer InputLayer "picture" in FILE: its batch_input_shape is missing' },
  { name: 'an input of another rank', change: (json) => (layer(json, 'picture').config['batch_input_shape'] = [null, 6]), message: 'layer Conv2D "stem" in FILE: its input has the shape [?, 6], it wants 4 axes' },
  { name: 'a layer that reads from nowhere', change: (json) => (layer(json, 'relu').inbound_nodes = [[['ghost', 0, 0, {}]]]), message: 'FILE has no layer "ghost", which it reads from' },
  { name: 'layers in a circle', change: (json) => (layer(json, 'stem').inbound_nodes = [[['relu', 0, 0, {}]]]), message: 'layer Conv2D "stem" in FILE: it reads from itself' },
  { name: 'an output that a layer has not', change: (json) => (layer(json, 'relu').inbound_nodes = [[['stem', 0, 1, {}]]]), message: 'layer Conv2D "stem" in FILE: layer "relu" reads its output 1, which is not there' },
  { name: 'a call that a layer has not', change: (json) => (layer(json, 'relu').inbound_nodes = [[['stem', 3, 0, {}]]]), message: 'layer Conv2D "stem" in FILE: its call 3 is read, but it has 1' },
  { name: 'a reference that is none', change: (json) => (layer(json, 'relu').inbound_nodes = [[[1, 2, 3]]]), message: 'layer "relu" in FILE: [1,2,3] does not name the output of a layer' },
  { name: 'one value to join', change: (json) => (layer(json, 'joined').inbound_nodes = [[['stem', 0, 0, {}]]]), message: 'layer Add "joined" in FILE: it joins 1 values, it wants 2 or more' },
  { name: 'values that do not fit together', change: (json) => (layer(json, 'relu').class_name = 'GlobalAveragePooling2D', layer(json, 'joined').inbound_nodes = [[['picture', 0, 0, {}], ['stem', 0, 0, {}]]]), message: 'layer Add "joined" in FILE: its inputs do not fit together: [?, 6, 6, 3] and [?, 4, 4, 4]' },
  { name: 'a name that stands twice', change: (json) => (layer(json, 'relu').name = 'stem'), message: 'layer Activation "stem" in FILE: its name stands twice' },
  { name: 'a model without layers', change: (json) => (configOf(json).layers = []), message: `layer Model "model" in FILE: it has no layers` },
  { name: 'a model without outputs', change: (json) => (configOf(json).output_layers = []), message: `layer Model "model" in FILE: it has no inputs or no outputs` },
  { name: 'a layer as the whole model', change: (json) => (json['modelTopology'] = { class_name: 'Dense', config: { name: 'head' } }), message: 'unsupported layer: Dense "head" in FILE: it is the whole model' },
  { name: 'models nested too deep', change: (json) => (json['modelTopology'] = Array.from({ length: 50 }).reduce<object>((inner) => ({ class_name: 'Sequential', config: { name: 'nest', layers: [inner] } }), { class_name: 'Dense', config: { name: 'head' } })), message: 'FILE: models are nested more than 32 deep' },
  { name: 'no manifest', change: (json) => delete json['weightsManifest'], message: 'FILE has no weights: its weightsManifest is missing' },
  { name: 'a weight that is missing', change: (json) => (weight(json, 'head/bias').name = 'other'), message: 'layer Dense "head" in FILE: its bias is missing from the weightsManifest' },
  { name: 'a weight that stands twice', change: (json) => (weight(json, 'head/bias').name = 'stem/bias'), message: 'FILE: weight stem/bias stands twice in the weightsManifest' },
  { name: 'a shape that is none', change: (json) => (weight(json, 'head/bias').shape = [-2]), message: 'FILE: weight head/bias has the shape [-2]' },
  { name: 'a shape that no memory holds', change: (json) => (weight(json, 'head/bias').shape = [2 ** 40, 2 ** 40]), message: 'FILE: weight head/bias has the shape [1099511627776,1099511627776]' },
  { name: 'a huge weight', change: (json) => (weight(json, 'head/bias').shape = [2 ** 40]), message: 'FILE: model.weights.bin holds 968 bytes, its weights need 4398046512064' },
  { name: 'a type of weights that is unknown', change: (json) => (weight(json, 'head/bias').dtype = 'string'), message: 'FILE: weight head/bias has the type string, which is not supported' },
  { name: 'a type with the name of a method', change: (json) => (weight(json, 'head/bias').dtype = 'toString'), message: 'FILE: weight head/bias has the type toString, which is not supported' },
  { name: 'a quantised weight without a scale', change: (json) => (weight(json, 'head/bias').quantization = { dtype: 'uint8' }), message: 'FILE: weight head/bias is quantised without a scale and a min' },
  { name: 'a missing shard', change: (_, folder) => rmSync(join(folder, 'model.weights.bin')), message: 'FILE: the weight file model.weights.bin is missing' },
  { name: 'a shard that is cut short', change: (_, folder) => writeFileSync(join(folder, 'model.weights.bin'), 'only a start'), message: 'FILE: model.weights.bin holds 12 bytes, its weights need 968' },
  { name: 'shards that are cut short', change: (json, folder) => (writeFileSync(join(folder, 'b'), 'only a start'), groups(json)[0]!.paths = ['b', 'b']), message: 'FILE: b, b hold 24 bytes, their weights need 968' },
  { name: 'a shard outside the folder', change: (json) => (groups(json)[0]!.paths = ['../secret.bin']), message: 'FILE: the weight file lies outside the model\'s folder: ../secret.bin' },
  { name: 'a shard by an absolute path', change: (json) => (groups(json)[0]!.paths = ['/etc/passwd']), message: 'FILE: the weight file lies outside the model\'s folder: /etc/passwd' },
  { name: 'a shard behind a link', change: (json, folder) => (symlinkSync('/etc', join(folder, 'link')), groups(json)[0]!.paths = ['link/passwd']), message: 'FILE: the weight file lies outside the model\'s folder: link/passwd' },
  { name: 'a folder as a shard', change: (json, folder) => (mkdirSync(join(folder, 'shards')), groups(json)[0]!.paths = ['shards']), message: 'FILE: the weight file shards is not a file' },
  { name: 'a path that is no text', change: (json) => (groups(json)[0]!.paths = [7]), message: 'FILE: a path of the weightsManifest is not text' },
  { name: 'a group without paths', change: (json) => (groups(json)[0]!.paths = null), message: 'FILE: group 1 of the weightsManifest has no paths or no weights' },
  { name: 'a graph model with layers', change: (json) => (json['format'] = 'graph-model'), message: 'FILE is not a TensorFlow.js graph model: its modelTopology has no nodes' },
  { name: 'an empty graph', change: (json) => (json['modelTopology'] = { node: [], versions: {} }), message: 'FILE: the graph has no input' },
  { name: 'a topology without a class', change: (json) => (json['modelTopology'] = { model_config: [] }), message: 'FILE is not a TensorFlow.js layers model: it has no modelTopology with a class_name' },
  { name: 'no topology', change: (json) => delete json['modelTopology'], message: 'FILE is not a TensorFlow.js layers model: it has no modelTopology with a class_name' },
];

describe('TensorFlow.js layers models: wrong files', function () {
  // A busy machine needs longer than mocha's two seconds for TensorFlow.js' plain JavaScript.
  this.timeout(60_000);
  const root = temporaryFolder();

  for (const { name, change, message } of wrong) {
    it(name, async () => {
      const folder = mkdtempSync(join(root, 'model-'));
      const path = await save(network(), folder);
      const json = JSON.parse(readFileSync(path, 'utf8')) as Json;
      (json['modelTopology'] as { config: Json }).config['name'] = 'model';
      change(json, folder);
      writeFileSync(path, JSON.stringify(json));
      await assert.rejects(tensorFlowJsLayers.read(path), { name: 'UserError', message: message.replaceAll('FILE', path) });
    });
  }

  it('a model that multiplies itself', async () => {
    const chain = (inner: object, level: number): object => ({
      class_name: 'Model', name: `level${level}`,
      config: {
        name: `level${level}`, input_layers: [['start', 0, 0]], output_layers: [['inner', 10, 0]],
        layers: [
          { class_name: 'InputLayer', name: 'start', config: { batch_input_shape: [null, 2] }, inbound_nodes: [] },
          { ...inner, name: 'inner', inbound_nodes: Array.from({ length: 10 }, (_, call) => [[call === 0 ? 'start' : 'inner', call, 0, {}]]) },
        ],
      },
    });
    const last = { class_name: 'Model', name: 'last', config: { name: 'last', input_layers: [['start', 0, 0]], output_layers: [['relu', 0, 0]], layers: [
      { class_name: 'InputLayer', name: 'start', config: { batch_input_shape: [null, 2] }, inbound_nodes: [] },
      { class_name: 'Activation', name: 'relu', config: { activation: 'relu' }, inbound_nodes: [[['start', 0, 0, {}]]] },
    ] } };
    const path = join(root, 'bomb.json');
    writeFileSync(path, JSON.stringify({ modelTopology: Array.from({ length: 12 }).reduce<object>((inner, _, level) => chain(inner, level), last), weightsManifest: [] }));
    await assert.rejects(tensorFlowJsLayers.read(path), { name: 'UserError', message: /: the model has more than 20000 calls of layers$/ });
  });

  const texts = [
    { name: 'a file that is cut short', text: '{"modelTopology": {"class_', message: /^FILE is not JSON, or it is cut short: / },
    { name: 'a list', text: '["modelTopology"]', message: /^FILE is not a TensorFlow\.js layers model: / },
  ];
  for (const { name, text, message } of texts) {
    it(name, async () => {
      const path = join(root, 'text.json');
      writeFileSync(path, text);
      await assert.rejects(tensorFlowJsLayers.read(path), (error: Error) => error.name === 'UserError' && message.test(error.message.replaceAll(path, 'FILE')));
    });
  }
});

describe('TensorFlow.js layers models: recognised by their beginning', () => {
  const heads: [text: string, known: boolean][] = [
    ['{"modelTopology":{"class_name":', true],
    ['\uFEFF\n  {\n  "format" : "layers-model",\n  "weightsManifest" : [', true],
    ['{"format":"graph-model","modelTopology":', true],
    ['{"name":"modelTopology"}', false],
    ['{"name":"a","version":"1.0.0"}', false],
    ['["modelTopology":', false],
    ['', false],
  ];
  for (const [text, known] of heads) it(JSON.stringify(text), () => assert.equal(tensorFlowJsLayers.matches('model.json', new TextEncoder().encode(text)), known));
});
