import { create } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { subgraph } from '../../src/engine/graph/cut.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { findHead } from '../../src/engine/graph/head.ts';
import { ModelGraph } from '../../src/engine/graph/modelGraph.ts';
import { NodeProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { inspect, trainableReason } from '../../src/engine/inspect.ts';
import { onnxFixtures, tensorFlowJsFixtures, type ModelFixture } from '../fixtures/fixtures.ts';
import { exampleModels, smallModel, temporaryFolder, writeModel } from './engineHarness.ts';

const modelGraph = (model: ModelProto): ModelGraph => {
  const weights = model.graph!.initializer.filter(({ dims }) => dims.length > 0).map(({ name, dims }) => [name, { file: '', key: name, storedType: 'float32' as const, shape: dims.map(Number) }] as const);
  return new ModelGraph({ format: 'onnx', path: 'test.onnx', files: [], model, origins: new Map(weights), metadata: {} });
};

/** What each network's source says of its end (test/fixtures/networks.py, tensorFlowJsNetworks.ts): kind, features, classes. */
const onnxHeads: Record<string, [kind: 'logits' | 'probabilities', features: number, classes: number]> = {
  'activations-default': ['logits', 4, 5], activations: ['logits', 4, 5], 'channels-last': ['probabilities', 8, 5], 'constant-nodes': ['logits', 8, 5],
  'dense-blocks': ['logits', 10, 5], 'external-files': ['logits', 8, 5], 'fixed-batch': ['logits', 8, 5], 'float16-network': ['logits', 8, 5],
  'float16-weights': ['logits', 8, 5], 'log-softmax': ['logits', 8, 5], 'matmul-head': ['probabilities', 8, 5], 'mobilenet-default': ['logits', 24, 6],
  'mobilenet-torchscript': ['probabilities', 24, 6], 'mobilenet-v3': ['logits', 16, 5], 'newest-opset': ['probabilities', 8, 5], 'plain-opset9': ['logits', 16, 5],
  'residual-batch-norm': ['logits', 8, 5], 'residual-opset9': ['probabilities', 8, 5], 'residual-unoptimized': ['logits', 8, 5],
  'squeezenet-default': ['probabilities', 8, 5], squeezenet: ['probabilities', 8, 5], 'typed-fields': ['logits', 8, 5],
};
const tensorFlowJsHeads: Record<string, [kind: 'logits' | 'probabilities', features: number, classes: number]> = {
  'activation-layers': ['probabilities', 4, 5], activations: ['logits', 26, 5], 'batch-norm': ['probabilities', 4, 5], convolutions: ['probabilities', 48, 5],
  depthwise: ['probabilities', 4, 5], flatten: ['probabilities', 6, 5], float16: ['probabilities', 8, 5], groups: ['probabilities', 8, 5],
  'keras-converter': ['probabilities', 8, 5], logits: ['logits', 8, 5], merging: ['probabilities', 27, 5], mobilenet: ['probabilities', 6, 5],
  nested: ['probabilities', 4, 5], 'no-ending': ['probabilities', 8, 5], noise: ['probabilities', 6, 5], 'old-sequential': ['probabilities', 144, 5],
  'open-size': ['probabilities', 6, 5], pooling: ['probabilities', 8, 5], rescaling: ['probabilities', 6, 5], residual: ['probabilities', 6, 5],
  sequential: ['probabilities', 144, 5], shapes: ['probabilities', 4, 5], uint16: ['probabilities', 8, 5], uint8: ['probabilities', 8, 5],
};

function softmax(values: Float64Array): Float64Array {
  const exponentials = values.map((value) => Math.exp(value - Math.max(...values)));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/** The classifier written out by hand: W·features + b at every position, ReLU where the network has one, mean over the positions. */
function classify(features: Tensor, weight: Tensor, bias: Tensor, transposed: boolean, relu: boolean): Float64Array[] {
  const [values, w, b] = [features, weight, bias].map(toFloat32) as [Float32Array, Float32Array, Float32Array];
  const [count, size] = features.dims as [number, number];
  const positions = values.length / count / size;
  return Array.from({ length: count }, (_, row) => Float64Array.from(b, (shift, label) => {
    let mean = 0;
    for (let position = 0; position < positions; position++) {
      let sum = shift;
      for (let at = 0; at < size; at++) sum += values[(row * size + at) * positions + position]! * w[transposed ? label * size + at : at * b.length + label]!;
      mean += (relu ? Math.max(0, sum) : sum) / positions;
    }
    return mean;
  }));
}

describe('head', () => {
  const folder = temporaryFolder();
  const sets: [name: string, fixtures: ModelFixture[], heads: typeof onnxHeads][] = [['ONNX', onnxFixtures(), onnxHeads], ['TensorFlow.js', tensorFlowJsFixtures(), tensorFlowJsHeads]];
  for (const [format, fixtures, heads] of sets) {
    it(`has a line for every ${format} fixture`, () => {
      assert.deepEqual(fixtures.filter(({ unknown }) => unknown === null).map(({ name }) => name).sort(), Object.keys(heads).sort());
    });
    for (const fixture of fixtures.filter(({ unknown }) => unknown === null)) {
      const [kind, features, classes] = heads[fixture.name]!;
      it(`${format} ${fixture.name}: ${features} features, ${classes} classes, ${kind}; the answer is the classifier on the features`, async () => {
        const [height, width] = fixture.input.shape.slice(format === 'ONNX' ? 2 : 1) as [number, number];
        const graph = await readModel(fixture.file, { width, height });
        const head = findHead(graph);
        assert.ok(typeof head !== 'string', head as string);
        assert.equal(head.kind, kind);
        const [weight, bias] = head.weights.map((name) => graph.constant(name)!) as [Tensor, Tensor];
        assert.equal(head.weights.length, 2);
        assert.deepEqual(bias.dims, [classes]);
        assert.deepEqual(weight.dims.filter((dim) => dim > 1).sort((a, b) => a - b), [features, classes].sort((a, b) => a - b));

        const session = await onnxRuntime.load(subgraph(graph, [], [head.featureLayer, head.output]), { threads: 1 });
        const { shape, data } = fixture.input;
        const got = await session.run({ [graph.inputs[0]!.name]: { type: 'float32', dims: shape, data } });
        await session.release();
        assert.equal(got[head.featureLayer]!.dims[1], features);
        const gemm = head.nodes.find(({ opType }) => opType === 'Gemm');
        const transposed = weight.dims.length === 4 || gemm?.attribute.some(({ name, i }) => name === 'transB' && i === 1n) === true;
        const logits = classify(got[head.featureLayer]!, weight, bias, transposed, head.nodes.some(({ opType }) => opType === 'Relu'));
        const logSoftmax = head.nodes.some(({ opType }) => opType === 'LogSoftmax');
        const wanted = logits.flatMap((row) => [...(logSoftmax ? softmax(row).map(Math.log) : kind === 'probabilities' ? softmax(row) : row)]);
        toFloat32(got[head.output]!).forEach((value, at) => assert.ok(Math.abs(value - wanted[at]!) < 1e-4, `answer ${at}: ${value}, not ${wanted[at]!}`));
      });
    }
  }

  it('takes for features what several last layers have in common', () => {
    const head = findHead(modelGraph(joined()));
    assert.ok(typeof head !== 'string');
    assert.deepEqual([head.featureLayer, head.weights], ['flatten', ['a', 'b']]);
  });

  it('finds the head of the example models, the same in both formats', async () => {
    const found = await Promise.all(Object.values(exampleModels).map(async (model) => {
      const { head, output, classes, trainable, classNames } = await inspect({ model });
      return [head?.parameters, output, classes, trainable, classNames?.length];
    }));
    assert.deepEqual(found, [[330, 'probabilities', 10, true, 10], [330, 'probabilities', 10, true, 10], [1161, 'logits', 9, true, 9], [1161, 'logits', 9, true, 9]]);
  });

  describe('feature layer of the user\'s choice', () => {
    const plain = onnxFixtures().find(({ name }) => name === 'plain-opset9')!.file;
    const cases: [named: string, featureLayer: string, layers: string[]][] = [
      ['/7/Gemm_output_0', '/7/Gemm_output_0', ['10.weight', '10.bias']],
      ['/7/Gemm', '/7/Gemm_output_0', ['10.weight', '10.bias']],
      ['/6/Reshape_output_0', '/6/Reshape_output_0', ['7.weight', '7.bias', '10.weight', '10.bias']],
      ['/6/Reshape', '/6/Reshape_output_0', ['7.weight', '7.bias', '10.weight', '10.bias']],
    ];
    for (const [named, featureLayer, weights] of cases) {
      it(named, async () => {
        const head = findHead(await readModel(plain), named);
        assert.ok(typeof head !== 'string');
        assert.deepEqual([head.featureLayer, head.weights], [featureLayer, weights]);
      });
    }

    it('that the model does not have is an error, with a head and without', async () => {
      await assert.rejects(openModel({ model: plain, featureLayer: 'nothing' }), { name: 'UserError', message: 'unknown feature layer: nothing' });
      const model = writeModel(`${folder}/sigmoid.onnx`, ending('Sigmoid'));
      await assert.rejects(openModel({ model, featureLayer: 'nothing' }), { name: 'UserError', message: 'unknown feature layer: nothing' });
    });

    it('is used also for a model without a head', async () => {
      const model = writeModel(`${folder}/sigmoid2.onnx`, ending('Sigmoid'));
      assert.equal((await openModel({ model })).featureLayer, 'end');
      assert.equal((await openModel({ model, featureLayer: 'relu' })).featureLayer, 'relu');
    });

    it('that does not lead to the answer is an error', () => {
      const model = smallModel();
      model.graph!.node.push(create(NodeProtoSchema, { opType: 'Neg', name: 'aside', input: ['relu'], output: ['aside'] }));
      assert.throws(() => findHead(modelGraph(model), 'aside'), { name: 'UserError', message: 'feature layer aside does not lead to the output logits' });
    });

    it('after the last weights leaves nothing to train, and says so', async () => {
      const model = await openModel({ model: plain, featureLayer: '/10/Gemm' });
      assert.equal(trainableReason(model), 'nothing after the feature layer output has weights');
    });
  });

  describe('a model without one says why', () => {
    const cases: [name: string, model: ModelProto, reason: string][] = [
      ['sigmoid', ending('Sigmoid'), 'the model ends in a sigmoid, Sigmoid end: its answers are not one class of several'],
      ['another last layer', ending('Softplus'), 'the last layer is Softplus end, which is no matrix product and no convolution'],
      ['a sum of convolutions', residual(), 'the output is not made by one last layer: Add sum joins several'],
      ['no weights', weightless(), 'no layer with weights lies before the output'],
      ['whole numbers out', integers(), 'the model has no output of floating-point numbers'],
    ];
    for (const [name, model, reason] of cases) it(name, () => assert.equal(findHead(modelGraph(model)), reason));
  });

});

/** The small model with another operator at its end. */
function ending(opType: string): ModelProto {
  const model = smallModel();
  model.graph!.node.push(create(NodeProtoSchema, { opType, name: 'end', input: ['logits'], output: ['end'] }));
  model.graph!.output[0]!.name = 'end';
  return model;
}

/** A block of a residual network with nothing behind it. */
function residual(): ModelProto {
  const graph = new GraphBuilder();
  const x = graph.op('Relu', [graph.input('x', 'float32', ['batch', 3, 4, 4])]);
  const convolution = graph.op('Conv', [x, graph.weight('w', { type: 'float32', dims: [3, 3, 1, 1], data: new Float32Array(9).fill(0.1) })]);
  graph.output(graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Add', [convolution, x], {}, 'sum')])]), 'float32', ['batch', 3]);
  return graph.build();
}

/** Two fully connected layers on the same features, their answers added. */
function joined(): ModelProto {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', ['batch', 3, 4, 4]);
  const flat = graph.op('Flatten', [x]);
  const half = (name: string): string => graph.op('MatMul', [flat, graph.weight(name, { type: 'float32', dims: [48, 2], data: new Float32Array(96).fill(0.1) })]);
  graph.output(graph.op('Add', [half('a'), half('b')], {}, 'sum'), 'float32', ['batch', 2]);
  return graph.build();
}

function weightless(): ModelProto {
  const graph = new GraphBuilder();
  graph.output(graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.input('x', 'float32', ['batch', 3, 4, 4])])]), 'float32', ['batch', 3]);
  return graph.build();
}

function integers(): ModelProto {
  const graph = new GraphBuilder();
  graph.output(graph.op('ArgMax', [graph.op('Flatten', [graph.input('x', 'float32', ['batch', 3, 4, 4])])], { axis: 1 }), 'int64', ['batch', 1]);
  return graph.build();
}
