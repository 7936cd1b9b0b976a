import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inspect } from '../../../src/engine/inspect.ts';
import { formatOf, readModel } from '../../../src/engine/formats/index.ts';
import { tensorFlowJsGraph } from '../../../src/engine/formats/tensorFlowJsGraph.ts';
import { assertAgree, run, temporaryFolder, type Json, type Result } from '../tensorFlowJs/reference.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/graphModels');
const file = (name: string): string => join(fixtures, name, 'model.json');
/** TensorFlow's own answers, by `make_graph_models.py`. */
const answers = JSON.parse(readFileSync(join(fixtures, 'answers.json'), 'utf8')) as Record<string, number[][] | null>;

/** Operators of TensorFlow that TensorFlow.js does not have, and the models that use one of them. */
const lackingThere = new Map([['next', /Erfc/], ['elementwise', /Softsign/], ['shapes', /SpaceToDepth/]]);

const dims = [3, 16, 16, 3];
const pictures = [{ dims, data: Float32Array.from({ length: 3 * 16 * 16 * 3 }, (_, index) => Math.sin(index / 7) / 2 + 0.5) }];

/** A model's answers by TensorFlow.js itself, from the files. */
async function byTensorFlowJs(path: string): Promise<Result[]> {
  const json = JSON.parse(readFileSync(path, 'utf8')) as { modelTopology: object; signature: object; weightsManifest: tf.io.WeightsManifestConfig };
  const bytes = Uint8Array.from(Buffer.concat(json.weightsManifest.flatMap((group) => group.paths).map((shard) => readFileSync(join(dirname(path), shard)))));
  const model = await loadGraphModel({
    load: () => Promise.resolve({ modelTopology: json.modelTopology, signature: json.signature, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData: bytes.buffer }),
  });
  try {
    return tf.tidy(() => {
      const output = model.predict(tf.tensor(pictures[0]!.data, dims)) as tf.Tensor;
      return [{ dims: output.shape, data: output.dataSync<'float32'>().slice() }];
    });
  } finally {
    model.dispose();
  }
}

/** A copy of a model with its model.json changed. */
function changed(folder: string, name: string, change: (json: Json) => void): string {
  cpSync(join(fixtures, name), join(folder, name), { recursive: true });
  const path = join(folder, name, 'model.json');
  const json = JSON.parse(readFileSync(path, 'utf8')) as Json;
  change(json);
  writeFileSync(path, JSON.stringify(json));
  return path;
}

interface NodeJson { name: string; op: string; input?: string[]; attr?: Json }
const nodesOf = (json: Json): NodeJson[] => (json['modelTopology'] as { node: NodeJson[] }).node;
const nodeOf = (json: Json, op: string): NodeJson => nodesOf(json).find((node) => node.op === op)!;

describe('TensorFlow.js graph models', function () {
  this.timeout(60_000);
  const names = readdirSync(fixtures).filter((name) => !name.includes('.'));
  const folder = temporaryFolder();

  it('has fixtures', () => assert.ok(names.length >= 10));

  for (const name of names) {
    it(`${name}: answers as the framework does`, async () => {
      const graph = await readModel(file(name));
      assert.equal(graph.format, 'tensorflowjs-graph');
      assert.equal(graph.inputs[0]!.shape[0], -1, 'the number of pictures is not open');
      const results = await run(graph, pictures);
      const known = answers[name];
      if (known) assertAgree(results, [{ dims: [known.length, known[0]!.length], data: Float32Array.from(known.flat()) }]);
      const lacking = lackingThere.get(name);
      if (lacking) await assert.rejects(byTensorFlowJs(file(name)), lacking);
      else assertAgree(results, await byTensorFlowJs(file(name)));
    });

    it(`${name}: what was changed is read back, by TensorFlow.js too, and nothing else moved`, async () => {
      const graph = await tensorFlowJsGraph.read(file(name));
      const names = [...graph.origins.keys()];
      assert.ok(names.length >= 5, `weights: ${names.join(', ')}`);
      const weights = new Map(names.slice(-2).map((weight) => [weight, Float32Array.from(graph.constant(weight)!.data as Float32Array, (value, index) => value + Math.cos(index) / 10)]));
      const output = join(folder, `${name}-changed.json`);
      const written = await tensorFlowJsGraph.write(graph, weights, { 'model-stability.note': '"x"' }, output);
      assert.equal(written[0], output);
      const again = await readModel(output);
      for (const weight of names) {
        const wanted = weights.get(weight) ?? (graph.constant(weight)!.data as Float32Array);
        assert.deepEqual(again.constant(weight)!.data, wanted, weight);
      }
      assert.equal(again.metadata['model-stability.note'], 'x');
      const results = await run(again, pictures);
      assert.ok(results[0]!.data.some((value) => Number.isFinite(value)));
      if (!lackingThere.has(name)) assertAgree(results, await byTensorFlowJs(output));
      assert.deepEqual(readdirSync(join(fixtures, name)).sort(), ['group1-shard1of2.bin', 'group1-shard2of2.bin', 'model.json']);
    });
  }

  it('inspect names the feature layer and what can be trained', async () => {
    const report = await inspect({ model: file('plain') });
    assert.equal(report.format, 'tensorflowjs-graph');
    assert.deepEqual(report.inputs[0]!.shape.slice(1), [16, 16, 3]);
    assert.equal(report.classes, 5);
    assert.equal(report.trainable, true);
  });

  it('is told from a layers model also where the topology stands last and the format is missing', async () => {
    const path = changed(folder, 'plain', (json) => {
      const { modelTopology } = json;
      delete json['format'];
      delete json['modelTopology'];
      json['userDefinedMetadata'] = { long: 'x'.repeat(5000) };
      json['modelTopology'] = modelTopology;
    });
    assert.equal((await formatOf(path)).name, 'tensorflowjs-layers');
    assert.equal((await readModel(path)).format, 'tensorflowjs-graph');
  });

  const wrong: { what: string; change: (json: Json) => void; message: string }[] = [
    { what: 'an unknown operator', change: (json) => (nodeOf(json, 'Softmax').op = 'Betainc'), message: 'FILE: Betainc NODE: this operator cannot be opened' },
    { what: 'a loop', change: (json) => (nodeOf(json, 'Softmax').op = 'While'), message: 'FILE: While NODE: branches and loops in a graph cannot be opened' },
    { what: 'a graph that goes in a circle', change: (json) => (nodeOf(json, 'Relu6').input = [nodeOf(json, 'Softmax').name]), message: 'FILE: Relu6 functional_1/conv2d_1/Relu6 depends on itself' },
    { what: 'a node that reads what nothing makes', change: (json) => (nodeOf(json, 'Softmax').input = ['nobody']), message: 'FILE: NODE reads nobody, which no node makes' },
    { what: 'two nodes of one name', change: (json) => nodesOf(json).push({ ...nodeOf(json, 'Softmax') }), message: 'FILE: two nodes are called NODE' },
    { what: 'a node without an op', change: (json) => nodesOf(json).unshift({ name: 'x' } as NodeJson), message: 'FILE: node 0 of the graph has no name or no op' },
    { what: 'an input that is a constant without values', change: (json) => { delete json['signature']; nodeOf(json, 'Placeholder').op = 'Const'; }, message: 'FILE: Const image has no values in the weightsManifest' },
    { what: 'no input', change: (json) => ((json['modelTopology'] as { node: NodeJson[] }).node = nodesOf(json).filter(({ op }) => op !== 'Placeholder')), message: 'FILE: the graph has no input' },
    { what: 'an open number of channels', change: (json) => (nodeOf(json, 'Placeholder').attr!['shape'] = { shape: { dim: [{ size: '-1' }, { size: '16' }, { size: '16' }, { size: '-1' }] } }), message: 'FILE: the input image leaves more open than the pictures\' size ([-1, 16, 16, -1])' },
    { what: 'an absurd size', change: (json) => (nodeOf(json, 'Placeholder').attr!['shape'] = { shape: { dim: [{ size: '-1' }, { size: '99999999' }, { size: '99999999' }, { size: '3' }] } }), message: 'FILE: Conv2D functional_1/conv2d_1/convolution: it makes a value of the shape [1, 50000000, 50000000, 8]' },
    { what: 'no nodes', change: (json) => (json['modelTopology'] = { node: 'none' }), message: 'FILE is not a TensorFlow.js graph model: its modelTopology has no nodes' },
    { what: 'windows that reach over channels', change: (json) => (nodeOf(json, 'MaxPool').attr!['ksize'] = { list: { i: ['1', '2', '2', '2'] } }), message: 'FILE: MaxPool NODE: its ksize [1, 2, 2, 2] reach over pictures or channels' },
    { what: 'strides that are no numbers', change: (json) => (nodeOf(json, 'MaxPool').attr!['strides'] = { list: { i: ['1', 'two', '2', '1'] } }), message: 'FILE: MaxPool NODE: its strides is [1,null,2,1], not whole numbers' },
    { what: 'channels first', change: (json) => (nodeOf(json, 'MaxPool').attr!['data_format'] = { s: Buffer.from('NCHW').toString('base64') }), message: 'FILE: MaxPool NODE: its data_format is NCHW; NHWC can be opened' },
  ];
  for (const { what, change, message } of wrong) {
    it(`refuses ${what} by one sentence`, async () => {
      let node = '';
      const path = changed(folder, 'plain', (json) => {
        node = nodeOf(json, message.includes('MaxPool') ? 'MaxPool' : 'Softmax').name;
        change(json);
      });
      await assert.rejects(readModel(path), (error: Error) => {
        assert.equal(error.name, 'UserError', error.stack);
        assert.equal(error.message, message.replace('FILE', path).replace('NODE', node));
        return true;
      });
    });
  }
});
