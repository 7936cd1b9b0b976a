import assert from 'node:assert/strict';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import type { OptimizerName } from '../../src/engine/results.ts';
import { createOnnxRuntimeStep } from '../../src/engine/training/onnxRuntimeStep.ts';
import { createTensorFlowStep } from '../../src/engine/training/tensorflowStep.ts';
import type { TrainingBatch, TrainingDefinition, TrainingState } from '../../src/engine/training/trainingStep.ts';
import { floats, randomNumbers } from './gradientHarness.ts';

const [channels, side, width] = [3, 4, 5];

/** A convolution, batch norm, pooling and one fully connected layer, whose output is logits or an embedding. */
function definition(more: Partial<TrainingDefinition> = {}): TrainingDefinition {
  const next = randomNumbers(3);
  const signed = (): number => (next() - 0.5) * 1.5;
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', channels, side, side]);
  const normal = builder.op('BatchNormalization', [
    builder.op('Conv', ['x', builder.weight('kernel', floats([4, channels, 3, 3], signed))], { pads: [1, 1, 1, 1] }),
    builder.weight('scale', floats([4], () => 0.5 + next())), builder.weight('shift', floats([4], signed)),
    builder.weight('mean', floats([4], signed)), builder.weight('variance', floats([4], () => 0.5 + next())),
  ], { momentum: { float: 0.8 } });
  const pooled = builder.op('Flatten', [builder.op('GlobalAveragePool', [builder.op('Tanh', [normal])])]);
  builder.node('MatMul', [pooled, builder.weight('dense', floats([4, width], signed))], {}, { outputs: ['output'] });
  builder.output('output');
  return { forward: builder.build(), logits: 'output', weights: ['kernel', 'scale', 'shift', 'dense'], divergence: 'js', optimizer: 'sgd', threads: 1, ...more };
}

function batchOf(count: number, seed: number, { sigma = 0.3, alpha = 0.6, learningRate = 0.05 } = {}): TrainingBatch & { secondNoisy: Record<string, Tensor>; targets: Tensor } {
  const next = randomNumbers(seed);
  const clean = floats([count, channels, side, side], () => next() * 2 - 1);
  const disturbed = (): Tensor => ({ ...clean, data: (clean.data as Float32Array).map((value) => value + sigma * (next() * 2 - 1)) });
  const rows = floats([count, width], () => 0.1 + next());
  const data = rows.data as Float32Array;
  const sums = Array.from({ length: count }, (_, row) => data.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value, 0));
  return { clean: { x: clean }, noisy: { x: disturbed() }, secondNoisy: { x: disturbed() }, targets: { ...rows, data: data.map((value, index) => value / sums[Math.floor(index / width)]!) }, alpha, learningRate };
}

const forms: [name: string, more: Partial<TrainingDefinition>][] = [
  ['three views', { views: 3 }],
  ['embedding', { objective: 'embedding' }],
  ['triplet', { objective: 'triplet', margin: 0.4 }],
  ['shortened gradients', { clipNorm: 0.05 }],
  ['batches in parts', { microBatch: 4 }],
  ['triplets in parts, shortened', { objective: 'triplet', microBatch: 3, clipNorm: 0.1, margin: 0.4 }],
  ['updated statistics', { updateStatistics: true }],
  ['updated statistics in parts', { updateStatistics: true, microBatch: 5 }],
  ['embedding with updated statistics', { objective: 'embedding', updateStatistics: true }],
];

function assertStatesClose(actual: TrainingState, expected: TrainingState, tolerance: number): void {
  for (const part of ['weights', 'optimizer'] as const) {
    assert.deepEqual(Object.keys(actual[part]).sort(), Object.keys(expected[part]).sort());
    for (const [name, { data }] of Object.entries(expected[part])) {
      const largest = Math.max(...(data as Float32Array).map(Math.abs), 1e-3);
      (data as Float32Array).forEach((value, index) => {
        const other = Number(actual[part][name]!.data[index]);
        assert.ok(Math.abs(other - value) <= tolerance * largest, `${name}[${index}]: ${other}, not ${value}`);
      });
    }
  }
}

describe('objectives and forms of a training step', function () {
  this.timeout(60_000);

  for (const [name, more] of forms) {
    for (const optimizer of ['sgd', 'adam'] as OptimizerName[]) {
      it(`make the same steps on ONNX Runtime and on TensorFlow.js: ${name}, ${optimizer}`, async () => {
        const defined = definition({ ...more, optimizer });
        const [ours, theirs] = [await createOnnxRuntimeStep(defined), await createTensorFlowStep(defined)];
        for (let index = 0; index < 6; index++) {
          const batch = batchOf(9, index);
          const [a, b] = [await ours.train(batch), await theirs.train(batch)];
          for (const key of ['loss', 'stabilityLoss'] as const) assert.ok(Math.abs(a[key] - b[key]) < 1e-4 * Math.max(0.1, Math.abs(b[key])), `${key} of step ${index}: ${a[key]}, not ${b[key]}`);
        }
        const [a, b] = [await ours.evaluate(batchOf(9, 20)), await theirs.evaluate(batchOf(9, 20))];
        assert.ok(Math.abs(a.loss - b.loss) < 1e-4 && Math.abs(a.stabilityLoss - b.stabilityLoss) < 1e-4);
        assertStatesClose(await ours.state(), await theirs.state(), 2e-4);
        await ours.release();
        await theirs.release();
      });
    }

    it(`agree with finite differences of the losses: ${name}`, async () => {
      // Batches in parts and statistics of the batch are differentiated through what `train` says before its update.
      const defined = definition({ ...more });
      delete defined.clipNorm;
      const batch = { ...batchOf(9, 4), learningRate: 0 };
      const step = await createOnnxRuntimeStep(defined);
      await step.train(batch);
      const { optimizer } = await step.state();
      await step.reset();
      const start = await step.state();
      const total = async (weight: string, index: number, shift: number): Promise<number> => {
        const data = (start.weights[weight]!.data as Float32Array).slice();
        data[index]! += shift;
        await step.reset({ ...start, weights: { ...start.weights, [weight]: { ...start.weights[weight]!, data } } });
        const losses = await step.train(batch);
        return losses.loss + batch.alpha * losses.stabilityLoss;
      };
      for (const weight of defined.weights) {
        for (const index of [0, 3]) {
          const h = 1 / 64;
          const near = await total(weight, index, h) - await total(weight, index, -h);
          const far = await total(weight, index, 2 * h) - await total(weight, index, -2 * h);
          const difference = (8 * near - far) / (12 * h);
          const gradient = Number(optimizer[`${weight}/velocity`]!.data[index]);
          assert.ok(Math.abs(gradient - difference) < 2e-4 + 2e-3 * Math.abs(difference), `${weight}[${index}]: ${gradient}, not ${difference}`);
        }
      }
      await step.release();
    });

    it(`with α = 0 gives the weights of a training without noisy branches, bit for bit: ${name}`, async () => {
      const both = await createOnnxRuntimeStep(definition(more));
      const alone = await createOnnxRuntimeStep(definition(more), 'clean');
      for (let index = 0; index < 5; index++) {
        const batch = batchOf(9, index, { alpha: 0 });
        assert.equal((await both.train(batch)).loss, (await alone.train(batch)).loss);
      }
      assert.deepEqual(await both.state(), await alone.state());
      await both.release();
      await alone.release();
    });

    it(`has an L0 that the noise does not change and a stability loss that vanishes without it: ${name}`, async () => {
      const step = await createOnnxRuntimeStep(definition({ divergence: 'kl', ...more, ...(more.views === 3 ? { divergence: 'js' as const } : {}) }));
      const [none, some, much] = await Promise.all([0, 0.1, 1].map((sigma) => batchOf(9, 7, { sigma })).map((batch) => step.evaluate(batch)));
      assert.equal(none!.loss, some!.loss);
      assert.equal(none!.loss, much!.loss);
      assert.ok(Math.abs(none!.stabilityLoss) < 1e-6 && some!.stabilityLoss > 1e-5 && much!.stabilityLoss > some!.stabilityLoss);
      await step.release();
    });
  }

  it('are those of the definitions, in 64 bits', async () => {
    for (const [name, more] of forms.slice(0, 3)) {
      const defined = definition(more);
      const step = await createOnnxRuntimeStep(defined);
      const batch = batchOf(6, 2);
      const losses = await step.evaluate(batch);
      await step.release();
      const { onnxRuntime } = await import('../../src/engine/engines/onnxRuntime.ts');
      const session = await onnxRuntime.load(defined.forward);
      const answer = async (x: Tensor): Promise<number[][]> => {
        const { output } = await session.run({ x });
        return Array.from({ length: 6 }, (_, row) => Array.from(output!.data.slice(row * width, (row + 1) * width) as Float32Array));
      };
      const [clean, noisy, second] = [await answer(batch.clean['x']!), await answer(batch.noisy['x']!), await answer(batch.secondNoisy['x']!)];
      await session.release();
      const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
      const mean = (values: number[]): number => sum(values) / values.length;
      const softmax = (row: number[]): number[] => row.map((value) => Math.exp(value) / sum(row.map(Math.exp)));
      const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
      const distance = (a: number[], b: number[]): number => Math.hypot(...a.map((value, index) => value - b[index]!));
      const entropy = (row: number[]): number => -sum(row.map((value) => value * Math.log(value)));
      let expected: { loss: number; stabilityLoss: number };
      if (name === 'three views') {
        const targets = Array.from({ length: 6 }, (_, row) => Array.from(batch.targets.data.slice(row * width, (row + 1) * width) as Float32Array));
        expected = {
          loss: mean(clean.map((row, index) => -sum(softmax(row).map((value, at) => targets[index]![at]! * Math.log(value))))),
          // The entropy of the mean less the mean of the entropies.
          stabilityLoss: mean(clean.map((row, index) => {
            const views = [row, noisy[index]!, second[index]!].map(softmax);
            return entropy(row.map((_, at) => mean(views.map((view) => view[at]!)))) - mean(views.map(entropy));
          })),
        };
      } else {
        const e = clean.map(unit);
        const targets = Array.from({ length: 6 }, (_, row) => unit(Array.from(batch.targets.data.slice(row * width, (row + 1) * width) as Float32Array)));
        expected = {
          loss: name === 'embedding'
            ? mean(e.map((row, index) => 1 - sum(row.map((value, at) => value * targets[index]![at]!))))
            : mean([0, 3].map((at) => Math.max(0, 0.4 + distance(e[at]!, e[at + 1]!) - distance(e[at]!, e[at + 2]!)))),
          stabilityLoss: mean(e.map((row, index) => distance(row, unit(noisy[index]!)))),
        };
      }
      for (const key of ['loss', 'stabilityLoss'] as const) assert.ok(Math.abs(losses[key] - expected[key]) < 2e-6, `${name} ${key}: ${losses[key]}, not ${expected[key]}`);
    }
  });

  it('does not change its losses or gradients when a batch is repeated twice, or runs in parts', async () => {
    const twice = (tensor: Tensor): Tensor => ({ ...tensor, dims: [tensor.dims[0]! * 2, ...tensor.dims.slice(1)], data: Float32Array.from([...tensor.data, ...tensor.data] as number[]) });
    for (const more of [{ views: 3 }, { objective: 'embedding' }, { objective: 'triplet', margin: 0.4 }] as Partial<TrainingDefinition>[]) {
      const batch = batchOf(6, 5);
      const doubled = { ...batch, clean: { x: twice(batch.clean['x']!) }, noisy: { x: twice(batch.noisy['x']!) }, secondNoisy: { x: twice(batch.secondNoisy['x']!) }, targets: twice(batch.targets) };
      const results = [];
      for (const [given, microBatch] of [[batch, undefined], [doubled, undefined], [doubled, 9]] as const) {
        const step = await createOnnxRuntimeStep(definition({ ...more, ...(microBatch === undefined ? {} : { microBatch }) }));
        results.push({ losses: await step.train(given), state: await step.state() });
        await step.release();
      }
      for (const { losses, state } of results.slice(1)) {
        for (const key of ['loss', 'stabilityLoss'] as const) assert.ok(Math.abs(losses[key] - results[0]!.losses[key]) < 1e-6);
        assertStatesClose(state, results[0]!.state, 1e-5);
      }
    }
  });

  it('shortens the gradient to the norm, and leaves a shorter one as it is', async () => {
    const gradient = async (more: Partial<TrainingDefinition>): Promise<number[]> => {
      const step = await createOnnxRuntimeStep(definition(more));
      await step.train({ ...batchOf(9, 4), learningRate: 0 });
      const { optimizer } = await step.state();
      await step.release();
      return Object.values(optimizer).flatMap(({ data }) => [...data as Float32Array]);
    };
    const whole = await gradient({});
    const length = Math.hypot(...whole);
    const short = await gradient({ clipNorm: length / 4 });
    assert.ok(Math.abs(Math.hypot(...short) - length / 4) < 1e-5 * length);
    short.forEach((value, index) => { assert.ok(Math.abs(value - whole[index]! / 4) < 1e-6); });
    assert.deepEqual(await gradient({ clipNorm: length * 2 }), whole);
  });

  it('moves the running statistics to those of the clean pictures, by the momentum of the node', async () => {
    const step = await createOnnxRuntimeStep(definition({ updateStatistics: true }));
    const before = await step.state();
    const batch = batchOf(9, 3, { learningRate: 0 });
    await step.train(batch);
    const after = await step.state();
    await step.release();
    // The convolution by hand, in 64 bits.
    const [kernel, x] = [before.weights['kernel']!.data, batch.clean['x']!.data];
    for (let output = 0; output < 4; output++) {
      const values: number[] = [];
      for (let picture = 0; picture < 9; picture++) for (let row = 0; row < side; row++) for (let column = 0; column < side; column++) {
        let sum = 0;
        for (let channel = 0; channel < channels; channel++) for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) {
          if (row + i < 0 || row + i >= side || column + j < 0 || column + j >= side) continue;
          sum += Number(kernel[((output * channels + channel) * 3 + i + 1) * 3 + j + 1]) * Number(x[((picture * channels + channel) * side + row + i) * side + column + j]);
        }
        values.push(sum);
      }
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      for (const [name, value] of [['mean', mean], ['variance', variance]] as const) {
        const expected = 0.8 * Number(before.weights[name]!.data[output]) + 0.2 * value;
        assert.ok(Math.abs(Number(after.weights[name]!.data[output]) - expected) < 1e-5, `${name}[${output}]: ${Number(after.weights[name]!.data[output])}, not ${expected}`);
      }
    }
  });

  it('refuse what does not go together', async () => {
    const cases: [Partial<TrainingDefinition>, RegExp][] = [
      [{ views: 3, divergence: 'kl' }, /^Error: three views go with the objective classification and the divergence js$/],
      [{ objective: 'triplet', microBatch: 4 }, /^Error: parts of a batch of 4 pictures are no whole triplets$/],
      [{ microBatch: 0 }, /^Error: parts of a batch of 0 pictures$/],
      [{ clipNorm: 0 }, /^Error: gradients cannot be shortened to 0$/],
    ];
    for (const create of [createOnnxRuntimeStep, createTensorFlowStep]) {
      for (const [more, message] of cases) await assert.rejects(create(definition(more)), message);
    }
  });
});
