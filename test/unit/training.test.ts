import assert from 'node:assert/strict';
import { join } from 'node:path';
import { epochOrder, makeBatch, stepSize } from '../../src/engine/training/batches.ts';
import { checkForward } from '../../src/engine/training/checkForward.ts';
import { collectFeatures, collectPictures } from '../../src/engine/training/collectFeatures.ts';
import { FreshFeatures, storedVersions } from '../../src/engine/training/freshFeatures.ts';
import { epochsAfter, paretoFront, rankPoints, searchGrid, searchRounds } from '../../src/engine/training/search.ts';
import { alphaOf, learningRateOf } from '../../src/engine/training/train.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../../src/engine/training/trainedPart.ts';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { copyMessage } from '../../src/engine/graph/copyMessage.ts';
import { subgraph } from '../../src/engine/graph/cut.ts';
import { GraphProtoSchema, ModelProtoSchema } from '../../src/engine/graph/onnx_pb.ts';
import { encodeTensor, toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { openDataset } from '../../src/engine/dataset.ts';
import { openModel } from '../../src/engine/openModel.ts';
import type { Version } from '../../src/engine/pictures/prepare.ts';
import { ProgressMeter } from '../../src/engine/progress.ts';
import type { Progress, SearchPoint } from '../../src/engine/results.ts';
import { exampleModels, quiet, smallModel, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';

describe('the course of a training', () => {
  const course = { alpha: 2, learningRate: 0.8, epochs: 4 };

  it('lets α rise evenly and is whole after the warm-up', () => {
    assert.deepEqual([1, 2, 3, 4, 5].map((epoch) => alphaOf({ ...course, alphaWarmup: 3 }, epoch)), [0.5, 1, 1.5, 2, 2]);
    assert.equal(alphaOf({ ...course, alphaWarmup: 0 }, 1), 2);
  });

  it('keeps the learning rate, or lets it fall along a cosine', () => {
    assert.deepEqual([1, 4].map((epoch) => learningRateOf({ ...course, schedule: 'constant' }, epoch)), [0.8, 0.8]);
    const expected = [0.8, 0.4 * (1 + Math.SQRT1_2), 0.4, 0.4 * (1 - Math.SQRT1_2)];
    expected.forEach((rate, at) => assert.ok(Math.abs(learningRateOf({ ...course, schedule: 'cosine' }, at + 1) - rate) < 1e-12));
  });
});

describe('batches', () => {
  /** A store that answers with the index and the version of each picture. */
  const store = (count: number): Parameters<typeof makeBatch>[0]['store'] => ({
    count, paths: [], skipped: [], atOnce: 4,
    batch: (indices, version) => ({ value: { type: 'float32', dims: [indices.length, 2], data: Float32Array.from(Array.from(indices, (index, place) => [index, version(place)]).flat()) } }),
    close: () => undefined,
  });
  const truth = Uint32Array.of(0, 1, 0, 1, 2, 0);

  it('show every picture once an epoch, in an order of the seed and the epoch', () => {
    const set = { store: store(6), truth };
    const order = (seed: number, epoch: number): number[] => [...epochOrder(set, 'classification', seed, epoch)];
    assert.deepEqual(order(1, 1).sort((a, b) => a - b), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(order(1, 1), order(1, 1));
    assert.equal(new Set([order(1, 1), order(1, 2), order(2, 1)].map(String)).size, 3);
  });

  it('make triplets of a query, another picture of its class and one of another class; who is alone is no query', () => {
    const found = new Set<string>();
    for (let epoch = 1; epoch < 60; epoch++) {
      const order = epochOrder({ store: store(6), truth }, 'triplet', 3, epoch);
      assert.deepEqual(order, epochOrder({ store: store(6), truth }, 'triplet', 3, epoch));
      assert.equal(order.length, 15);
      const queries = Array.from({ length: 5 }, (_, at) => order[3 * at]!);
      assert.deepEqual([...queries].sort(), [0, 1, 2, 3, 5]);
      for (let at = 0; at < order.length; at += 3) {
        const [query, positive, negative] = order.subarray(at, at + 3);
        assert.ok(query !== positive && truth[query!] === truth[positive!] && truth[query!] !== truth[negative!]);
        found.add(`${query} ${positive} ${negative}`);
      }
    }
    // 0, 2 and 5: two positives and three negatives each; 1 and 3: one positive and four negatives each.
    assert.equal(found.size, 3 * 2 * 3 + 2 * 1 * 4);
    assert.deepEqual([stepSize(32, 'triplet'), stepSize(2, 'triplet'), stepSize(32, 'classification')], [30, 3, 32]);
    assert.throws(() => epochOrder({ store: store(3), truth: Uint32Array.of(0, 1, 2) }, 'triplet', 0, 1), { name: 'UserError', message: 'there is no triplet to train with: that takes two pictures of one class and one of another' });
    assert.throws(() => epochOrder({ store: store(2), truth: Uint32Array.of(4, 4) }, 'triplet', 0, 1), { name: 'UserError' });
  });

  it('show another draw in every epoch, and never one twice among the views of a picture', async () => {
    const set = { store: store(6), truth, firstDraw: 5, draws: 3, targets: null };
    for (let epoch = 1; epoch < 5; epoch++) {
      const { clean, noisy, secondNoisy } = await makeBatch(set, Uint32Array.of(4, 2), epoch, 3);
      assert.deepEqual([...clean['value']!.data], [4, 0, 2, 0]);
      assert.deepEqual([...noisy['value']!.data], [4, 5 + ((epoch + 4) % 3), 2, 5 + ((epoch + 2) % 3)]);
      assert.deepEqual([...secondNoisy!['value']!.data], [4, 5 + ((epoch + 5) % 3), 2, 5 + ((epoch + 3) % 3)]);
    }
  });
});

describe('a search', () => {
  const given = { learningRate: 0.01, searchRate: false, parts: ['head'], sweep: null, sweepPoints: 5, seed: 1 };
  const brief = (points: ReturnType<typeof searchGrid>): string[] => points.map(({ train, alpha, sigma, learningRate }) => `${train} ${alpha} ${sigma} ${learningRate}`);

  it('has a control before its points, but not in a sweep', () => {
    assert.deepEqual(brief(searchGrid({ ...given, sigma: 0.2 })), ['head 0 0.2 0.01', 'head 0.01 0.2 0.01', 'head 0.1 0.2 0.01', 'head 1 0.2 0.01']);
    assert.deepEqual(brief(searchGrid({ ...given, alpha: 0, sigma: 0.2 })), ['head 0 0.2 0.01']);
    const swept = searchGrid({ ...given, sweep: 'grid', searchRate: true, parts: ['head', 'all'] });
    assert.equal(swept.length, 2 * 3 * 5 * 5);
    assert.ok(swept.every(({ alpha }) => alpha > 0) && new Set(brief(swept)).size === swept.length);
    assert.deepEqual(brief(searchGrid({ ...given, sweep: 'grid', alpha: 0, sigma: 0.1 })), ['head 0 0.1 0.01']);
  });

  it('at random stays between the ends of the grid and leaves what is given', () => {
    const points = searchGrid({ ...given, sweep: 'random', sweepPoints: 200, searchRate: true, parts: ['head', 'all'] });
    assert.equal(points.length, 200);
    for (const { alpha, sigma, learningRate } of points) assert.ok(alpha >= 0.001 && alpha <= 10 && sigma >= 0.01 && sigma <= 0.4 && learningRate >= 0.001 && learningRate <= 0.1);
    // Evenly on a logarithmic scale: half of the values lie below the geometric middle.
    assert.ok(Math.abs(points.filter(({ alpha }) => alpha < 0.1).length - 100) < 30);
    assert.deepEqual(points, searchGrid({ ...given, sweep: 'random', sweepPoints: 200, searchRate: true, parts: ['head', 'all'] }));
    assert.ok(searchGrid({ ...given, sweep: 'random', alpha: 3, sigma: 0.07 }).every(({ alpha, sigma, learningRate }) => alpha === 3 && sigma === 0.07 && learningRate === 0.01));
  });

  it('gives all epochs to few and few epochs to all', () => {
    assert.deepEqual(searchRounds(75, 50, true), [{ until: 6, keep: 25 }, { until: 17, keep: 9 }, { until: 50, keep: 0 }]);
    assert.deepEqual(searchRounds(8, 9, true), [{ until: 1, keep: 3 }, { until: 9, keep: 0 }]);
    assert.deepEqual(searchRounds(3, 9, true), [{ until: 9, keep: 3 }]);
    assert.deepEqual(searchRounds(75, 50, false), [{ until: 50, keep: 75 }]);
  });

  it('counts the epochs that follow a training: of its round, of later rounds, of the control', () => {
    // 7 points of 50 epochs in one round, the control among them: 4 wait after the third.
    assert.equal(epochsAfter(searchRounds(7, 50, false), 0, 4, 0), 4 * 50);
    const rounds = searchRounds(75, 50, true);
    // 75 points to epoch 6, the best 25 on to 17, the best 9 of them to 50, and a control of 50.
    assert.equal(epochsAfter(rounds, 0, 74, 50), 74 * 6 + 25 * 11 + 9 * 33 + 50);
    assert.equal(epochsAfter(rounds, 1, 3, 50), 3 * 11 + 9 * 33 + 50);
    assert.equal(epochsAfter(rounds, 2, 0, 50), 50);
  });

  it('tells what all trainings have left by the speed of the one before', () => {
    const told: Progress[] = [];
    const meter = new ProgressMeter({ progress: (progress) => told.push(progress) }, 'training', 'epochs', 10, { units: 20, perSecond: 2 });
    meter.advance(4);
    // 6 epochs of this one and 20 of others, 2 a second; its own speed is not known at once.
    assert.deepEqual([told.at(-1)!.secondsLeft, told.at(-1)!.trainingSecondsLeft], [undefined, 6 / 2 + 20 / 2]);
    new ProgressMeter({ progress: (progress) => told.push(progress) }, 'training', 'epochs', 10, { units: 20, perSecond: null }).advance();
    assert.equal(told.at(-1)!.trainingSecondsLeft, undefined, 'nothing is said where nothing is known');
  });

  const point = (precisionAt1: number, labelInstability: number, rejected?: string): SearchPoint => ({ alpha: 1, sigma: 1, learningRate: 1, precisionAt1, labelInstability, ...(rejected === undefined ? {} : { rejected }) });

  it('ranks by stability among those that keep their precision, then by precision', () => {
    assert.deepEqual(rankPoints([point(0.9, 0.3), point(0.5, 0.1, 'fell'), point(0.91, 0.2), point(0.92, 0.2), point(0.6, 0.4, 'fell')]), [3, 2, 0, 4, 1]);
    const embedded = [{ ...point(0.9, 0), featureDistance: 0.4 }, { ...point(0.9, 0), featureDistance: 0.1 }];
    assert.deepEqual(rankPoints(embedded), [1, 0]);
  });

  it('knows the Pareto front', () => {
    assert.deepEqual([...paretoFront([point(0.9, 0.3), point(0.8, 0.2), point(0.8, 0.25), point(0.7, 0.4), point(0.9, 0.3)])], [0, 1, 4]);
    assert.deepEqual([...paretoFront([])], []);
  });
});

describe('features near the input', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  it('are made anew with the same numbers that would have been kept', async () => {
    const images = await writePictures(join(folder, 'pictures'), ['a/1.png', 'a/2.png', 'b/1.png']);
    const { items } = await openDataset({ images, seed: 0 });
    for (const file of [writeModel(join(folder, 'small.onnx'), smallModel()), exampleModels.patchesTensorFlowJs, exampleModels.digits]) {
      const model = await openModel({ model: file });
      const versions: Version[] = [
        { kind: 'clean' }, { kind: 'noisy', noise: 'gaussian', sigma: 0.1, draw: 0 }, { kind: 'noisy', noise: 'coloured', sigma: 0.2, draw: 1 },
        { kind: 'distorted', distortion: { name: 'jpeg', strength: 10 } }, { kind: 'distorted', distortion: { name: 'jpeg', strength: 10 }, draw: 1 },
        { kind: 'distorted', distortion: { name: 'crop', strength: 2 }, draw: 0 }, { kind: 'distorted', distortion: { name: 'crop', strength: 2 }, draw: 1 },
      ];
      const first = model.graph.nodes.find((node) => node.opType === 'Conv')!.output[0]!;
      const fixed = subgraph(model.graph, [], [first]);
      const session = await onnxRuntime.load(fixed, { threads: 1 });
      const [, ...shape] = (await session.run({ [model.inputName]: { type: 'float32', dims: [1, ...Object.values(sizes(model))], data: new Float32Array(Object.values(sizes(model)).reduce((a, b) => a * b)) } }))[first]!.dims;
      const parts = { model, engine: onnxRuntime, threads: 1, items, seed: 5, step: 'test' };
      const kept = await collectFeatures({ ...parts, versions, fixed, shapes: { [first]: shape }, path: join(folder, `${model.graph.format}-${items.length}-${file.length}.kept`) }, quiet());
      const pictures = await collectPictures({ ...parts, versions: storedVersions(versions), path: join(folder, `${model.graph.format}-${items.length}-${file.length}.bytes`) }, quiet());
      const fresh = new FreshFeatures({ model, pictures, versions, fixed: session, value: '', seed: 5 });
      assert.deepEqual([fresh.count, fresh.paths], [kept.count, kept.paths]);
      const seen = new Set<string>();
      for (let version = 0; version < versions.length; version++) {
        const wanted = toFloat32(kept.batch([2, 0], () => version)[first]!);
        const got = toFloat32((await fresh.batch([2, 0], () => version))[first]!);
        assert.ok(wanted.every((value, at) => Math.abs(value - got[at]!) < 1e-5), `version ${version} of ${file}`);
        seen.add(wanted.join());
      }
      // JPEG has nothing random: its copy to train with is that of the evaluation.
      assert.equal(seen.size, versions.length - 1);
      kept.close();
      await fresh.close();
    }
  });

  function sizes(model: Awaited<ReturnType<typeof openModel>>): number[] {
    const { layout, width, height, channels } = model.input;
    return layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  }
});

describe('the check of the cut', () => {
  const folder = temporaryFolder();

  it('lets the same network pass and names the first value that differs', async () => {
    const model = await openModel({ model: writeModel(join(folder, 'small.onnx'), smallModel()) });
    if (typeof model.head === 'string') throw new Error(model.head);
    const part = cutForTraining(model.graph, model.head, selectWeights(model.graph, model.head, 'all'));
    const input: Record<string, Tensor> = { pixels: { type: 'float32', dims: [2, 3, 8, 8], data: Float32Array.from({ length: 384 }, (_, at) => Math.sin(at)) } };
    const forward = declareInputs(part.forward, Object.fromEntries(part.values.map((name) => [name, [2, 3, 8, 8]])));
    const parts = { graph: model.graph, fixed: part.fixed, forward, input, logits: { whole: model.head.logits, part: logitsName }, engine: onnxRuntime, threads: 1 };
    await checkForward(parts);
    const cases: [weight: string, first: string][] = [['conv.weight', 'conv'], ['head.bias', 'logits']];
    for (const [weight, first] of cases) {
      const graph = copyMessage(GraphProtoSchema, forward.graph!, {
        initializer: forward.graph!.initializer.map((tensor) => (tensor.name !== weight ? tensor : encodeTensor(weight, { type: 'float32', dims: tensor.dims.map(Number), data: new Float32Array(tensor.dims.reduce((size, dim) => size * Number(dim), 1)).fill(0.7) }))),
      });
      await assert.rejects(checkForward({ ...parts, forward: copyMessage(ModelProtoSchema, forward, { graph }) }), (error: Error) => {
        const value = /^.*small\.onnx cannot be stabilized: its trained part does not compute what the whole model does, first at the value (.*)$/.exec(error.message)?.[1];
        const producer = model.graph.producer(value ?? '');
        return error.name === 'UserError' && producer?.name === first;
      });
    }
  });
});
