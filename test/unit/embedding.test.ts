import assert from 'node:assert/strict';
import { join } from 'node:path';
import { compareRuns } from '../../src/engine/compare.ts';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { toFloat32 } from '../../src/engine/graph/tensor.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { openModel } from '../../src/engine/openModel.ts';
import type { InspectOptions } from '../../src/engine/options.ts';
import { sequence } from '../../src/engine/sequence.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { embeddings, familyInput, unpackFamily } from '../fixtures/families.ts';
import { exampleModels, quiet, readPairsOf, smallModel, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';

const paths = Array.from({ length: 30 }, (_, at) => `${'abc'[at % 3]!}/${at}.png`);

describe('embedding models', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const model = (): string => unpackFamily(embeddings[0]!, folder);

  describe('are known by their end', () => {
    for (const entry of embeddings) {
      it(`PyTorch's normalize, ${entry.exporter}: its answers are PyTorch's`, async () => {
        const { graph, objective, featureLayer, output, classes } = await openModel({ model: unpackFamily(entry, folder) });
        assert.deepEqual([objective, featureLayer, classes], ['embedding', output, null]);
        const session = await onnxRuntime.load(graph.model, { threads: 1 });
        const got = toFloat32((await session.run({ [graph.inputs[0]!.name]: familyInput(entry) }))[output]!);
        await session.release();
        entry.answers.flat().forEach((value, at) => assert.ok(Math.abs(value - got[at]!) < 1e-4));
      });
    }

    /** The small model's logits with something behind them. */
    const ending = (end: (graph: GraphBuilder, vector: string) => string): string => {
      const graph = new GraphBuilder();
      const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.input('pixels', 'float32', ['batch', 3, 8, 8])])]);
      const vector = graph.op('Gemm', [flat, graph.weight('w', { type: 'float32', dims: [3, 4], data: Float32Array.from({ length: 12 }, (_, at) => at) })]);
      graph.output(end(graph, vector), 'float32', ['batch', 4]);
      return writeModel(join(folder, 'ending.onnx'), graph.build());
    };
    const squared = (graph: GraphBuilder, of: string): string => graph.op('Sqrt', [graph.op('ReduceSum', [graph.op('Mul', [of, of]), graph.ints([1])], { keepdims: 1 })]);
    const cases: [name: string, objective: string, end: (graph: GraphBuilder, vector: string) => string][] = [
      ['LpNormalization', 'embedding', (graph, vector) => graph.op('LpNormalization', [vector], { axis: 1, p: 2 })],
      ['x / √Σx²', 'embedding', (graph, vector) => graph.op('Div', [vector, squared(graph, vector)])],
      ['x / (√Σx² + ε)', 'embedding', (graph, vector) => graph.op('Div', [vector, graph.op('Add', [squared(graph, vector), graph.float(1e-6)])])],
      ['the length of something else', 'classification', (graph, vector) => graph.op('Div', [vector, squared(graph, graph.op('Relu', [vector]))])],
      ['a temperature', 'classification', (graph, vector) => graph.op('Div', [vector, graph.float(2)])],
      ['a softmax of a vector of length 1', 'classification', (graph, vector) => graph.op('Softmax', [graph.op('Mul', [graph.op('LpNormalization', [vector], { axis: 1, p: 2 }), graph.float(16)])], { axis: 1 })],
      ['nothing', 'classification', (_, vector) => vector],
    ];
    for (const [name, objective, end] of cases) it(`${name}: ${objective}`, async () => assert.equal((await openModel({ model: ending(end) })).objective, objective));

    const told: [name: string, options: () => InspectOptions, objective: string][] = [
      ['a vector that is not scaled, as the user says', () => ({ model: ending((_, vector) => vector), objective: 'embedding' }), 'embedding'],
      ['a vector of length 1 that are classes all the same', () => ({ model: model(), objective: 'classification' }), 'classification'],
      ['a model that knows the names of its classes', () => ({ model: exampleModels.digits, objective: 'embedding' }), 'classification'],
      ['a model that ends in a softmax', () => ({ model: writeModel(join(folder, 'softmax.onnx'), smallModel({ softmax: true })), objective: 'embedding' }), 'classification'],
    ];
    for (const [name, options, objective] of told) it(`${name}: ${objective}`, async () => assert.equal((await openModel(options())).objective, objective));
  });

  it('are inspected without classes', async () => {
    const { head, output, classes, trainable } = await inspect({ model: model() });
    assert.deepEqual([head, output, classes, trainable], [null, null, null, true]);
  });

  it('are evaluated by feature distance alone, with labels and without', async () => {
    const images = await writePictures(join(folder, 'pictures'), paths);
    const run = join(folder, 'run');
    const evaluation = await evaluate({ model: model(), images, run, threads: 1 }, quiet());
    assert.deepEqual([evaluation.clean, evaluation.instability, evaluation.method.labels], [null, null, 'folders']);
    const pairs = readPairsOf(run);
    assert.equal(pairs.length, paths.length * evaluation.distortions.length);
    for (const pair of pairs) {
      assert.deepEqual([pair.labelA, pair.labelB, pair.topA, pair.topB, pair.klDivergence, pair.jsDivergence], ['', '', [], [], null, null]);
      assert.ok(pair.featureDistance <= 2 && (pair.featureDistance > 0 || pair.distortion === 'thumbnail'), 'pictures of 16 × 16 pixels are thumbnails already');
    }
    for (const { name, strength, labelInstability, klDivergence, jsDivergence, featureDistance } of evaluation.distortions) {
      assert.deepEqual([labelInstability, klDivergence, jsDivergence], [null, null, null]);
      const distances = pairs.filter((pair) => pair.distortion === name && pair.strength === strength).map((pair) => pair.featureDistance);
      assert.ok(Math.abs(featureDistance.mean - distances.reduce((sum, value) => sum + value, 0) / distances.length) < 1e-5);
    }
    const comparison = await compareRuns(run, run);
    assert.deepEqual([comparison.clean, comparison.distortions[0]!.labelInstability, comparison.distortions[0]!.klDivergence], [null, null, null]);
    assert.equal(comparison.verdict, 'The median feature distance is the same at every distortion.');
  });

  it('are stabilized with the distance of their own vectors, and the new file answers with vectors of length 1', async () => {
    const images = await writePictures(join(folder, 'pictures'), paths);
    const result = await stabilize({ model: model(), images, run: join(folder, 'stabilized'), threads: 1, epochs: 3, alpha: 1, sigma: 0.1 }, quiet());
    assert.deepEqual([result.options.objective, result.options.targets], ['embedding', 'own embeddings']);
    assert.match(result.reason, /^Versions of a picture come nearer/);
    const graph = await readModel(result.output);
    const session = await onnxRuntime.load(graph.model, { threads: 1 });
    const got = toFloat32((await session.run({ [graph.inputs[0]!.name]: familyInput(embeddings[0]!) }))['output']!);
    await session.release();
    for (const vector of [got.subarray(0, 7), got.subarray(7)]) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    assert.notDeepEqual(got, toFloat32({ type: 'float32', dims: [14], data: Float32Array.from(embeddings[0]!.answers.flat()) }));
  });

  it('have no labels that could differ from frame to frame, and say so', async () => {
    const images = await writePictures(join(folder, 'pictures'), paths);
    await assert.rejects(sequence({ model: model(), images, run: join(folder, 'frames') }, quiet()), { name: 'UserError', message: `${model()} answers with an embedding, which has no label that could differ from frame to frame` });
  });
});
