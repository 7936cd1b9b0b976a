import { create } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { cutGraph, passedName, subgraph, withWeights } from '../../src/engine/graph/cut.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { dependsOnInput, findHead, type Head } from '../../src/engine/graph/head.ts';
import type { ModelGraph } from '../../src/engine/graph/modelGraph.ts';
import { NodeProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { encodeTensor, toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { planAnswers, prepareBatch, type Answer } from '../../src/engine/inference/answers.ts';
import { Network } from '../../src/engine/inference/network.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../../src/engine/training/trainedPart.ts';
import { onnxFixtures, tensorFlowJsFixtures, type ModelFixture } from '../fixtures/fixtures.ts';
import { exampleModels, quiet, readPairsOf, smallModel, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';

async function run(model: ModelProto, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function largestDifference(a: Tensor, b: Tensor): number {
  const [left, right] = [toFloat32(a), toFloat32(b)];
  assert.equal(left.length, right.length);
  return left.reduce((largest, value, at) => Math.max(largest, Math.abs(value - right[at]!)), 0);
}

const inputOf = (graph: ModelGraph, { input }: Pick<ModelFixture, 'input'>): Record<string, Tensor> => ({ [graph.inputs[0]!.name]: { type: 'float32', dims: input.shape, data: input.data } });

/** Seeded values that look like pixels. */
function pixels(dims: number[]): Tensor {
  return { type: 'float32', dims, data: Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, (_, at) => ((at * 7919) % 256) / 255) };
}

/** The table of positions is resized by sizes that come from the picture's shape. */
function resizedPositions(): ModelProto {
  const graph = new GraphBuilder(18);
  const wave = (name: string, dims: number[]): string => graph.weight(name, { type: 'float32', dims, data: Float32Array.from({ length: dims.reduce((product, dim) => product * dim) }, (_, index) => Math.sin(index)) });
  const x = graph.input('x', 'float32', ['batch', 3, 'height', 'width']);
  const patches = graph.op('Conv', [x, wave('conv', [4, 3, 2, 2])], { strides: [2, 2] });
  const side = (start: number): string => graph.op('Reshape', [graph.op('Div', [graph.op('Squeeze', [graph.op('Shape', [x], { start, end: start + 1 })]), graph.op('Constant', [], { value_int: 2 })]), graph.ints([-1])]);
  const sizes = graph.op('Concat', [graph.ints([1, 4]), graph.op('Concat', [side(2), side(3)], { axis: 0 })], { axis: 0 });
  const resized = graph.op('Resize', [wave('positions', [1, 4, 3, 3]), '', '', sizes], { mode: 'cubic', antialias: 1 });
  const features = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Relu', [graph.op('Add', [patches, resized])])])]);
  graph.output(graph.op('MatMul', [features, wave('head', [4, 3])]), 'float32', ['batch', 3]);
  return graph.build();
}

const models: { name: string; file: string; input?: ModelFixture['input'] }[] = [
  ...onnxFixtures().filter(({ unknown }) => unknown === null),
  ...tensorFlowJsFixtures().filter(({ unknown }) => unknown === null).map((fixture) => ({ ...fixture, name: `${fixture.name} (TensorFlow.js)` })),
  ...Object.entries(exampleModels).map(([name, file]) => ({ name: `example ${name}`, file })),
];
const parts = ['head', 'last:2', 'batch-norm', 'all'];

describe('cut', function () {
  this.timeout(30_000);
  const temporary = temporaryFolder();
  describe('fixed part, then trained part, is the whole', () => {
    it('where a position table is resized to the pictures\' size, as vision transformers of open size do', async () => {
      const path = writeModel(`${temporary}/positions.onnx`, resizedPositions());
      const { graph, output } = await openModel({ model: path, inputSize: [12, 10] });
      const feeds = { x: pixels([2, 3, 10, 12]) };
      const whole = await run(subgraph(graph, [], [output]), feeds);
      const { fixed, trained, values } = cutGraph(graph, graph.origins.keys(), [output]);
      assert.deepEqual(values, ['x/handed']);
      assert.equal(largestDifference((await run(trained, await run(fixed, feeds)))[output]!, whole[output]!), 0);
    });

    for (const { name, file, input } of models) {
      it(name, async () => {
        const graph = await readModel(file, input && { width: input.shape[2]!, height: input.shape[1]! });
        const head = findHead(graph) as Head;
        const shape = graph.inputs[0]!.shape;
        const feeds = input ? inputOf(graph, { input }) : { [graph.inputs[0]!.name]: pixels([2, ...shape.slice(1)]) };
        const hasNorm = graph.nodes.some((node) => node.opType === 'BatchNormalization' && graph.weightsOf(node).length > 0);
        const whole = await run(subgraph(graph, [], [head.output, head.logits]), feeds);
        for (const part of parts) {
          if (part === 'batch-norm' && !hasNorm) {
            assert.throws(() => selectWeights(graph, head, part), { name: 'UserError', message: `${file} has no weights to train with --train batch-norm` });
            continue;
          }
          const weights = selectWeights(graph, head, part);
          const cut = cutGraph(graph, weights, [head.output]);
          const values = await run(cut.fixed, feeds);
          // No weight may lie in the fixed part that is trained, and what is cut must depend on the picture.
          const fixedWeights = new Set(cut.fixed.graph!.initializer.map((tensor) => tensor.name));
          assert.deepEqual(weights.filter((weight) => fixedWeights.has(weight)), [], `${part}: trained weights before the cut`);
          assert.ok(cut.values.every((value) => dependsOnInput(graph, value.replace(/\/handed$/, ''))), part);
          for (const value of cut.values) assert.equal(values[value]!.type, 'float32', `${part}: ${value} is no picture's feature`);
          const answers = await run(cut.trained, values);
          assert.ok(largestDifference(answers[head.output]!, whole[head.output]!) < 1e-5, `${part}: another answer`);

          // The same cut as training wants it: brought to a newer operator set, with one output [batch, classes].
          const training = cutForTraining(graph, head, weights);
          const forward = declareInputs(training.forward, Object.fromEntries(training.values.map((value) => [value, values[value]!.dims])));
          const logits = (await run(forward, Object.fromEntries(training.values.map((value) => [value, values[value]!]))))[logitsName]!;
          assert.ok(largestDifference(logits, whole[head.logits]!) < 1e-5, `${part}: other logits`);
          assert.equal(logits.dims.length, 2);
          assert.deepEqual(weights.filter((weight) => !forward.graph!.initializer.some((tensor) => tensor.name === weight)), [], `${part}: weights that are no initializers`);
        }
      });
    }
  });

  it('trains what was asked for', async () => {
    const graph = await readModel(exampleModels.digits);
    const head = findHead(graph) as Head;
    const sizes = (part: string): number => selectWeights(graph, head, part).length;
    // Two convolutions and two fully connected layers, each with a weight and a bias.
    assert.deepEqual(['head', 'last:1', 'last:2', 'last:3', 'last:4', 'last:9', 'all'].map(sizes), [2, 2, 4, 6, 8, 8, 8]);
    for (const part of ['tail', 'last:0', 'last:x', 'last']) assert.throws(() => selectWeights(graph, head, part), { name: 'UserError', message: `unknown part to train: ${part} (known: head, last:N, batch-norm, all)` });
  });

  it('leaves values that are only shapes with the part that uses them', async () => {
    const graphs = new GraphBuilder();
    const x = graphs.input('x', 'float32', ['batch', 3, 4, 4]);
    const features = graphs.op('GlobalAveragePool', [graphs.op('Relu', [x], {}, 'relu')], {}, 'pool');
    // features.view(features.size(0), -1), as older exporters write it.
    const batch = graphs.op('Gather', [graphs.op('Shape', [features]), graphs.constant({ type: 'int64', dims: [], data: BigInt64Array.of(0n) })], {}, 'batch size');
    const shape = graphs.op('Concat', [graphs.op('Unsqueeze', [batch, graphs.ints([0])]), graphs.ints([-1])], { axis: 0 }, 'new shape');
    const flat = graphs.op('Reshape', [features, shape], {}, 'flat');
    const scaled = graphs.op('Mul', [features, graphs.weight('scale', { type: 'float32', dims: [3, 1, 1], data: Float32Array.of(1, 2, 3) })], {}, 'scaled');
    const joined = graphs.op('Concat', [flat, graphs.op('Reshape', [scaled, shape])], { axis: 1 });
    graphs.output(graphs.op('MatMul', [joined, graphs.weight('w', { type: 'float32', dims: [6, 2], data: Float32Array.from({ length: 12 }, (_, at) => at) })], {}, 'logits'), 'float32', ['batch', 2]);
    const path = writeModel(`${folder}/shapes.onnx`, graphs.build());
    const graph = await readModel(path);
    const cut = cutGraph(graph, ['scale', 'w'], ['logits']);
    assert.deepEqual(cut.values.toSorted(), ['flat', 'pool']);
    const feeds = { x: pixels([3, 3, 4, 4]) };
    assert.ok(largestDifference((await run(cut.trained, await run(cut.fixed, feeds)))['logits']!, (await run(graph.model, feeds))['logits']!) < 1e-6);
  });

  it('hands on an output that lies before the cut', async () => {
    const graph = await readModel(exampleModels.digits);
    const head = findHead(graph) as Head;
    const cut = cutGraph(graph, head.weights, [head.output, head.featureLayer]);
    assert.deepEqual(cut.values, [head.featureLayer]);
    const values = await run(cut.fixed, { [graph.inputs[0]!.name]: pixels([2, 1, 28, 28]) });
    const answers = await run(cut.trained, values);
    assert.deepEqual(answers[passedName(head.featureLayer)]!.data, values[head.featureLayer]!.data);
  });

  it('gives weights new values without touching the model', async () => {
    const graph = await readModel(onnxFixtures().find(({ name }) => name === 'constant-nodes')!.file);
    const head = findHead(graph) as Head;
    const name = head.weights[1]!;
    const before = toFloat32(graph.constant(name)!).slice();
    const feeds = { [graph.inputs[0]!.name]: pixels([1, 3, 16, 16]) };
    const [old, fresh] = [await run(graph.model, feeds), await run(withWeights(graph.model, new Map([[name, before.map((value) => value + 1)]])), feeds)];
    // A bias that is one larger makes every logit one larger.
    assert.ok(toFloat32(fresh[head.output]!).every((value, at) => Math.abs(value - 1 - toFloat32(old[head.output]!)[at]!) < 1e-5));
    assert.deepEqual(toFloat32(graph.constant(name)!), before);
  });

  const folder = temporaryFolder();

  describe('a fixed batch', () => {
    const fixed = onnxFixtures().find(({ name }) => name === 'fixed-batch')!;

    it('of one picture is opened: two pictures are answered as each alone', async () => {
      const model = await openModel({ model: fixed.file });
      const { graph, batch } = await prepareBatch(model, onnxRuntime, 1);
      assert.equal(batch, null);
      const [, ...rest] = fixed.input.shape as [number, ...number[]];
      const two = pixels([2, ...rest]);
      const size = two.data.length / 2;
      const together = await run(graph.model, { [model.inputName]: two });
      const each = await Promise.all([0, 1].map(async (at) => toFloat32((await run(model.graph.model, { [model.inputName]: { ...two, dims: [1, ...rest], data: two.data.slice(at * size, (at + 1) * size) } }))[model.output]!)));
      const got = toFloat32(together[model.output]!);
      each.flatMap((values) => [...values]).forEach((value, at) => assert.ok(Math.abs(value - got[at]!) < 1e-5));
    });

    it('of four pictures is opened too', async () => {
      const model = await openModel({ model: writeModel(`${folder}/four.onnx`, smallModel({ batch: 4 })) });
      assert.equal((await prepareBatch(model, onnxRuntime, 1)).batch, null);
    });

    /** Insists on its batch: the features are added to a constant with a row for each picture. */
    const insisting = (batch: number): ModelProto => {
      const model = smallModel({ batch });
      const graph = model.graph!;
      const gemm = graph.node.find(({ opType }) => opType === 'Gemm')!;
      gemm.input[0] = 'rows';
      graph.initializer.push(encodeTensor('zeros', { type: 'float32', dims: [batch, 6], data: new Float32Array(batch * 6) }));
      graph.node.splice(graph.node.indexOf(gemm), 0, create(NodeProtoSchema, { opType: 'Add', name: 'rows', input: ['features', 'zeros'], output: ['rows'] }));
      return model;
    };

    /** Insists on its batch: the pictures are reshaped with their batch inside another dimension. */
    const reshaped = (): ModelProto => {
      const model = smallModel({ batch: 2 });
      const graph = model.graph!;
      const pool = graph.node.find(({ opType }) => opType === 'Flatten')!;
      pool.input[0] = 'there and back';
      const ints = (name: string, values: number[]): void => void graph.initializer.push(encodeTensor(name, { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }));
      ints('there', [3, 4]);
      ints('back', [2, 6, 1, 1]);
      graph.node.splice(graph.node.indexOf(pool), 0,
        create(NodeProtoSchema, { opType: 'Reshape', name: 'there', input: ['pool', 'there'], output: ['flat pool'] }),
        create(NodeProtoSchema, { opType: 'Reshape', name: 'back', input: ['flat pool', 'back'], output: ['there and back'] }));
      return model;
    };

    const stubborn: [name: string, model: ModelProto, batch: number][] = [['a constant with a row a picture', insisting(2), 2], ['a Reshape without the batch', reshaped(), 2], ['one picture and a row for it', insisting(3), 3]];
    for (const [name, model, batch] of stubborn) {
      it(`that cannot be opened (${name}) stays, is evaluated all the same, and is not stabilized`, async () => {
        const stem = name.replaceAll(' ', '-');
        const path = writeModel(`${folder}/${stem}.onnx`, model);
        const images = await writePictures(`${folder}/pictures`, ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png', 'c/1.png', 'c/2.png', 'c/3.png']);
        const opened = await openModel({ model: path });
        assert.equal((await prepareBatch(opened, onnxRuntime, 1)).batch, batch);
        await evaluate({ model: path, images, run: `${folder}/${stem}-run`, threads: 1 }, quiet());
        // Its open twin has the same weights, so that its pairs are the authority.
        await evaluate({ model: writeModel(`${folder}/open.onnx`, smallModel()), images, run: `${folder}/${stem}-open-run`, threads: 1 }, quiet());
        const [got, wanted] = [readPairsOf(`${folder}/${stem}-run`), readPairsOf(`${folder}/${stem}-open-run`)];
        assert.equal(got.length, 28);
        got.forEach((pair, at) => {
          assert.deepEqual([pair.image, pair.labelA, pair.labelB], [wanted[at]!.image, wanted[at]!.labelA, wanted[at]!.labelB]);
          assert.ok(Math.abs(pair.klDivergence! - wanted[at]!.klDivergence!) < 1e-5);
        });
        await assert.rejects(stabilize({ model: path, images, run: `${folder}/${stem}-stabilize` }, quiet()), { name: 'UserError', message: `${path} cannot be stabilized: it takes exactly ${batch} pictures at once and nothing else` });
      });
    }

    it('of a model that cannot run at all shows the engine\'s own reason', async () => {
      const model = smallModel({ batch: 2 });
      model.graph!.node.at(-1)!.opType = 'Swirl';
      const path = writeModel(`${folder}/swirl.onnx`, model);
      const images = await writePictures(`${folder}/pictures`, ['a/1.png']);
      await assert.rejects(evaluate({ model: path, images, run: `${folder}/swirl-run` }, quiet()), { name: 'UserError', message: /unsupported operator: Swirl/ });
    });

    it('pads the last run and drops what the padding answers', async () => {
      const answers = async (path: string, model: ModelProto, data: Float32Array): Promise<Answer[]> => {
        const plan = await planAnswers(await openModel({ model: writeModel(path, model) }), onnxRuntime, 1);
        const network = await Network.load(plan.network, onnxRuntime, 1);
        const [answered] = plan.read(await network.run(data));
        await network.release();
        return answered!;
      };
      const input = pixels([5, 3, 8, 8]).data as Float32Array;
      const got = await answers(`${folder}/three.onnx`, insisting(3), input);
      const wanted = await answers(`${folder}/open3.onnx`, smallModel(), input);
      assert.equal(got.length, 5);
      got.forEach(({ probabilities, features }, at) => {
        probabilities.forEach((value, label) => assert.ok(Math.abs(value - wanted[at]!.probabilities[label]!) < 1e-6));
        features.forEach((value, place) => assert.ok(Math.abs(value - wanted[at]!.features[place]!) < 1e-6));
      });
    });
  });
});
