import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { dependsOnInput } from '../../src/engine/graph/head.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import { staticShapes } from '../../src/engine/graph/staticShapes.ts';
import { layerList } from '../../src/engine/layerList.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { selectWeights } from '../../src/engine/training/trainedPart.ts';
import { onnxFixtures, tensorFlowJsFixtures } from '../fixtures/fixtures.ts';
import { exampleModels } from './engineHarness.ts';

/** Networks of every kind that a runtime can run, which is the authority for their shapes; one has no fixed size, so that there is none to tell. */
const networks = [...onnxFixtures(), ...tensorFlowJsFixtures()].filter(({ unknown, name }) => unknown === null && name !== 'open-size')
  .map(({ name, file }) => [name, file] as const);

describe('shapes without running', function () {
  this.timeout(60_000);
  for (const [name, file] of [...networks, ['digits', exampleModels.digits], ['patches', exampleModels.patches]] as const) {
    it(`of ${name} are those that ONNX Runtime makes`, async () => {
      const { graph } = await openModel({ model: file });
      const measured = await measureShapes(graph.model, onnxRuntime, { threads: 1 });
      const computed = graph.nodes.filter((node) => node.opType !== 'Constant').map((node) => node.output[0]!);
      const shapes = staticShapes(graph);
      for (const value of computed) {
        const shape = shapes.get(value);
        const truth = measured.get(value)!.shape;
        // A dimension that is left open says nothing; one that is told must be right.
        if (shape) assert.deepEqual(shape.map((dim, axis) => dim < 0 ? truth[axis] : dim), truth, value);
      }
      // One exporter makes a bias by expanding a zero, which is no layer of the network.
      const layers = computed.filter((value) => dependsOnInput(graph, value) && /^float/.test(measured.get(value)!.type) && graph.producer(value)!.opType !== 'Expand');
      assert.deepEqual(layers.filter((value) => !shapes.get(value)?.slice(1).every((dim) => dim > 0)), []);
    });
  }
});

describe('the list of layers', () => {
  it('names operators, shapes, parameters and the place from the end', async () => {
    const list = (await inspect({ model: exampleModels.digits, layers: true })).layerList!;
    const info = await inspect({ model: exampleModels.digits });
    assert.equal(info.layerList, undefined);
    assert.equal(list.reduce((sum, layer) => sum + layer.parameters, 0), info.parameters);
    assert.deepEqual(list.filter((layer) => layer.fromEnd !== null).map((layer) => layer.fromEnd), Array.from({ length: info.layers }, (_, index) => info.layers - index));
    assert.deepEqual(list.filter((layer) => layer.isFeatureLayer).map((layer) => layer.output), [info.featureLayer]);
    assert.equal(list.filter((layer) => layer.inHead).reduce((sum, layer) => sum + layer.parameters, 0), info.head?.parameters);
    assert.deepEqual(list.at(-1)?.shape, [-1, 10]);
  });

  for (const train of ['last:1', 'last:2', 'last:3']) {
    it(`counts places as ${train} does`, async () => {
      const model = await openModel({ model: exampleModels.patches });
      assert.ok(typeof model.head !== 'string');
      const list = layerList(model)!;
      const first = list.findIndex((layer) => layer.fromEnd === Number(train.slice('last:'.length)));
      const parameters = list.slice(first).reduce((sum, layer) => sum + layer.parameters, 0);
      const weights = selectWeights(model.graph, model.head, train);
      const sizes = weights.map((name) => (model.graph.constantShape(name) ?? []).reduce((product, dim) => product * dim, 1));
      assert.equal(parameters, sizes.reduce((sum, size) => sum + size, 0));
    });
  }

  it('marks the feature layer that is chosen', async () => {
    const list = (await inspect({ model: exampleModels.patches, layers: true })).layerList!;
    const chosen = list.find((layer) => layer.operator === 'GlobalAveragePool')!;
    const marked = (await inspect({ model: exampleModels.patches, layers: true, featureLayer: chosen.output })).layerList!;
    assert.deepEqual(marked.filter((layer) => layer.isFeatureLayer).map((layer) => layer.name), [chosen.name]);
  });
});
