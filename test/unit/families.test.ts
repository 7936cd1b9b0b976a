import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { cutGraph, subgraph } from '../../src/engine/graph/cut.ts';
import type { Head } from '../../src/engine/graph/head.ts';
import type { ModelGraph } from '../../src/engine/graph/modelGraph.ts';
import type { ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { prepareBatch } from '../../src/engine/inference/answers.ts';
import { openModel, type OpenModel } from '../../src/engine/openModel.ts';
import { trainableReason } from '../../src/engine/inspect.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../../src/engine/training/trainedPart.ts';
import { families, familyInput, unpackFamily, type Family } from '../fixtures/families.ts';
import { temporaryFolder } from './engineHarness.ts';

async function run(model: ModelProto, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

function assertClose(got: Tensor, wanted: readonly number[], what: string): void {
  const values = toFloat32(got);
  assert.equal(values.length, wanted.length, what);
  values.forEach((value, at) => assert.ok(Math.abs(value - wanted[at]!) < 1e-4, `${what}: answer ${at} is ${value}, not ${wanted[at]!}`));
}

/** Classes of every family. */
const classes = 7;

describe('classifier families of torchvision and timm, by both exporters of PyTorch', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  it('are all here', () => {
    const names = [...new Set(families.map(({ family }) => family))];
    for (const exporter of ['torchscript', 'dynamo']) {
      // The newer exporter does not know an operator of BEiT.
      assert.deepEqual(families.filter((entry) => entry.exporter === exporter).map(({ family }) => family), names.filter((name) => exporter === 'torchscript' || name !== 'beit'));
    }
  });

  for (const entry of families) {
    const name = `${entry.family}, ${entry.exporter}`;
    const wanted = entry.answers.flat();
    let model: OpenModel;
    let graph: ModelGraph;
    const feeds = (): Record<string, Tensor> => ({ [model.inputName]: familyInput(entry) });

    describe(name, () => {
      before(async () => {
        model = await openModel({ model: unpackFamily(entry, folder) });
        const prepared = await prepareBatch(model, onnxRuntime, 1);
        assert.equal(prepared.batch, null, 'the batch could not be opened');
        graph = prepared.graph;
      });

      it('answers two pictures as PyTorch does, and its features are what its last layer reads', async () => {
        const head = headOf(model);
        assert.deepEqual([model.classes, head.kind, trainableReason(model)], [classes, 'logits', null]);
        const values = await run(subgraph(graph, [], [...new Set([head.output, head.featureLayer])]), feeds());
        assertClose(values[head.output]!, wanted, 'whole');
        const dims = values[head.featureLayer]!.dims;
        assert.equal(dims[0], 2);
        assert.ok(entry.family === 'squeezenet' ? dims[1] === entry.features : dims.at(-1) === entry.features, `features of shape [${dims.join(', ')}], not ${entry.features}`);
        if (!joining(entry)) assert.equal(head.weights.length, entry.family === 'maxvit' ? 1 : 2);
      });

      for (const part of ['head', 'last:2', 'all']) {
        it(`cut for ${part}: the fixed part, then the trained part, answers as PyTorch does`, async () => {
          const head = headOf(model);
          const weights = selectWeights(graph, head, part);
          const cut = cutGraph(graph, weights, [head.output]);
          const values = await run(cut.fixed, feeds());
          for (const [value, tensor] of Object.entries(values)) assert.deepEqual([value, tensor.type, tensor.dims[0]! % 2], [value, 'float32', 0]);
          assertClose((await run(cut.trained, values))[head.output]!, wanted, 'cut');
          if (part === 'head' && !joining(entry)) assert.deepEqual(cut.values, [head.featureLayer]);
          if (part === 'all') assert.ok(cut.values.length === 1, `the cut for all has ${cut.values.join(', ')}`);

          const training = cutForTraining(graph, head, weights);
          const declared = declareInputs(training.forward, Object.fromEntries(training.values.map((value) => [value, values[value]!.dims])));
          const logits = await run(declared, Object.fromEntries(training.values.map((value) => [value, values[value]!])));
          assertClose(logits[logitsName]!, wanted, 'in the newer operator set');
        });
      }
    });
  }
});

/** Families whose answer is the mean of two last layers, which read two tokens or normalise one in two ways. */
const joining = ({ family }: Family): boolean => family === 'deit-distilled' || family === 'levit';

function headOf(model: OpenModel): Head {
  assert.ok(typeof model.head !== 'string', model.head as string);
  return model.head;
}
