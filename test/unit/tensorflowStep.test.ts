import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../src/engine/engines/tensorflow/backend.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import type { Divergence, OptimizerName } from '../../src/engine/results.ts';
import { createOnnxRuntimeStep } from '../../src/engine/training/onnxRuntimeStep.ts';
import { createTensorFlowStep } from '../../src/engine/training/tensorflowStep.ts';
import type { TrainingBatch, TrainingDefinition, TrainingState, TrainingStep } from '../../src/engine/training/trainingStep.ts';
import { floats, positives } from './tensorflowCases.ts';

const divergences: Divergence[] = ['cross-entropy', 'kl', 'js', 'l2'];
const optimizers: OptimizerName[] = ['sgd', 'adam'];
const [features, hidden, classes] = [7, 6, 4];

/** The head of a network: two fully connected layers. */
function layers(divergence: Divergence, optimizer: OptimizerName): TrainingDefinition {
  const builder = new GraphBuilder();
  builder.input('features', 'float32', ['batch', features]);
  for (const [name, dims, seed] of [['w1', [features, hidden], 1], ['b1', [hidden], 2], ['w2', [classes, hidden], 3], ['b2', [classes], 4]] as const) builder.weight(name, floats([...dims], seed));
  const inner = builder.op('Tanh', [builder.op('Add', [builder.op('MatMul', ['features', 'w1']), 'b1'])]);
  builder.node('Gemm', [inner, 'w2', 'b2'], { transB: 1 }, { outputs: ['logits'] });
  builder.output('logits');
  return { forward: builder.build(), logits: 'logits', weights: ['w1', 'b1', 'w2', 'b2'], divergence, optimizer, threads: 1 };
}

/** The end of a convolutional network: a depthwise and a pointwise convolution, batch norm, pooling and a fully connected layer. */
function convolutions(divergence: Divergence, optimizer: OptimizerName): TrainingDefinition {
  const builder = new GraphBuilder();
  builder.input('features', 'float32', ['batch', 3, 7, 6]);
  const weights = { depthwise: [3, 1, 3, 3], pointwise: [5, 3, 1, 1], scale: [5], shift: [5], w: [5, classes], b: [classes] };
  Object.entries(weights).forEach(([name, dims], index) => builder.weight(name, floats(dims, index)));
  builder.weight('mean', floats([5], 8));
  builder.weight('variance', positives([5], 9));
  const spatial = builder.op('Conv', ['features', 'depthwise'], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] });
  const normalised = builder.op('BatchNormalization', [builder.op('Conv', [spatial, 'pointwise']), 'scale', 'shift', 'mean', 'variance']);
  const pooled = builder.op('Flatten', [builder.op('GlobalAveragePool', [builder.op('Clip', [normalised, builder.float(0), builder.float(6)])])]);
  builder.node('Gemm', [pooled, 'w', 'b'], {}, { outputs: ['logits'] });
  builder.output('logits');
  return { forward: builder.build(), logits: 'logits', weights: Object.keys(weights), divergence, optimizer, threads: 1 };
}

function batchOf(size: number, seed: number, { sigma = 0.3, alpha = 0.7, learningRate = 0.02, shape = [features] } = {}): TrainingBatch & { targets: Tensor } {
  const clean = floats([size, ...shape], seed);
  const noise = floats([size, ...shape], seed + 0.5).data;
  const noisy: Tensor = { ...clean, data: (clean.data as Float32Array).map((value, index) => value + sigma * Number(noise[index])) };
  // Labels for the even rows, answers of a model for the odd ones.
  const rows = Array.from({ length: size }, (_, row) => (row % 2 === 0 ? [0, 1, 0, 0] : [0.1, 0.2, 0.3, 0.4]));
  const targets: Tensor = { type: 'float32', dims: [size, classes], data: Float32Array.from(rows.flat()) };
  return { clean: { features: clean }, noisy: { features: noisy }, targets, alpha, learningRate };
}

function twice(tensor: Tensor): Tensor {
  return { ...tensor, dims: [tensor.dims[0]! * 2, ...tensor.dims.slice(1)], data: Float32Array.from([...tensor.data as Float32Array, ...tensor.data as Float32Array]) };
}

function assertClose(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(Math.abs(expected), 1e-2), `${what}: ${actual}, not ${expected}`);
}

/** Relative to the largest value of each array. */
function assertStatesClose(actual: TrainingState, expected: TrainingState, tolerance: number): void {
  assert.equal(actual.steps, expected.steps);
  for (const part of ['weights', 'optimizer'] as const) {
    assert.deepEqual(Object.keys(actual[part]).sort(), Object.keys(expected[part]).sort());
    for (const [name, { dims, data }] of Object.entries(expected[part])) {
      assert.deepEqual(actual[part][name]!.dims, dims);
      const largest = Math.max(...(data as Float32Array).map(Math.abs));
      (data as Float32Array).forEach((value, index) => {
        const other = Number(actual[part][name]!.data[index]);
        assert.ok(Math.abs(other - value) <= tolerance * largest, `${name}[${index}]: ${other}, not ${value}`);
      });
    }
  }
}

function variableOf(data: Float32Array, dims: number[]): tf.Variable {
  const values = tf.tensor(data, dims);
  const variable = tf.variable(values);
  values.dispose();
  return variable;
}

/** Makes a step for a test and frees it after. */
async function withStep<Result>(definition: TrainingDefinition, use: (step: TrainingStep) => Promise<Result>, create = createTensorFlowStep): Promise<Result> {
  const step = await create(definition);
  try {
    return await use(step);
  } finally {
    await step.release();
  }
}

const stability = (divergence: Divergence, batch: TrainingBatch) => withStep(layers(divergence, 'sgd'), async (step) => (await step.evaluate(batch)).stabilityLoss);

describe('a training step on TensorFlow.js', function () {
  this.timeout(60_000);
  let tensors = 0;
  before(() => startBackend());
  beforeEach(() => { tensors = tf.memory().numTensors; });
  afterEach(() => { assert.equal(tf.memory().numTensors, tensors, 'tensors are left behind'); });

  for (const [name, define, shape] of [['fully connected layers', layers, [features]], ['convolutions', convolutions, [3, 7, 6]]] as const) {
    for (const optimizer of optimizers) {
      for (const divergence of divergences) {
        it(`makes the steps of ONNX Runtime: ${name}, ${divergence}, ${optimizer}`, async () => {
          const definition = define(divergence, optimizer);
          const other = await createOnnxRuntimeStep(definition);
          await withStep(definition, async (step) => {
            const start = (await step.state()).weights;
            for (let index = 0; index < 20; index++) {
              const batch = batchOf(5 + (index % 3), index, { shape: [...shape] });
              const [ours, theirs] = [await step.train(batch), await other.train(batch)];
              assertClose(ours.loss, theirs.loss, 1e-4, `L0 of step ${index}`);
              assertClose(ours.stabilityLoss, theirs.stabilityLoss, 1e-4, `D of step ${index}`);
            }
            const end = await step.state();
            assertStatesClose(end, await other.state(), 1e-4);
            for (const [weight, { data }] of Object.entries(start)) assert.ok((data as Float32Array).some((value, index) => Math.abs(value - Number(end.weights[weight]!.data[index])) > 1e-3), `${weight} has not moved`);
          });
          await other.release();
        });
      }
    }
  }

  it('goes on where ONNX Runtime stopped', async () => {
    const definition = layers('js', 'adam');
    const other = await createOnnxRuntimeStep(definition);
    for (let index = 0; index < 3; index++) await other.train(batchOf(6, index));
    await withStep(definition, async (step) => {
      await step.reset(await other.state());
      assert.deepEqual(await step.state(), await other.state());
      await step.train(batchOf(6, 9));
      await other.train(batchOf(6, 9));
      assertStatesClose(await step.state(), await other.state(), 1e-4);
    });
    await other.release();
  });

  // Without α the step is plain training, for which TensorFlow.js has a loss and optimisers of its own.
  for (const [optimizer, make] of [['sgd', () => tf.train.momentum(0.02, 0.9)], ['adam', () => tf.train.adam(0.02, 0.9, 0.999, 1e-8)]] as const) {
    it(`with α = 0 trains as TensorFlow.js’s own ${optimizer === 'sgd' ? 'momentum' : 'Adam'} does`, () => withStep(layers('kl', optimizer), async (step) => {
      const own = make();
      const before = (await step.state()).weights;
      const weights = Object.fromEntries(Object.entries(before).map(([name, { dims, data }]) => [name, variableOf(data as Float32Array, dims)]));
      for (let index = 0; index < 10; index++) {
        const batch = batchOf(6, index, { alpha: 0 });
        await step.train(batch);
        own.minimize(() => {
          const [x, t] = [batch.clean['features']!, batch.targets].map((tensor) => tf.tensor2d(tensor.data as Float32Array, tensor.dims as [number, number])) as [tf.Tensor2D, tf.Tensor2D];
          const logits = tf.add(tf.matMul(tf.tanh(tf.add(tf.matMul(x, weights['w1'] as tf.Tensor2D), weights['b1']!)), weights['w2'] as tf.Tensor2D, false, true), weights['b2']!);
          return tf.losses.softmaxCrossEntropy(t, logits);
        }, false, Object.values(weights));
      }
      const after = (await step.state()).weights;
      for (const [name, variable] of Object.entries(weights)) {
        variable.dataSync().forEach((value, index) => assertClose(Number(after[name]!.data[index]), value, 2e-4, `${name}[${index}]`));
      }
      tf.dispose(weights);
      own.dispose();
      // Its momentum forgets to free the scalar of its learning rate.
      tf.dispose(Object.values(own).filter((value) => value instanceof tf.Tensor && !value.isDisposed));
    }));
  }

  for (const optimizer of optimizers) {
    it(`with α = 0 gives the same weights bit for bit whatever the noise and the divergence (${optimizer})`, async () => {
      const states = await Promise.all(divergences.map((divergence, index) => withStep(layers(divergence, optimizer), async (step) => {
        for (let count = 0; count < 5; count++) {
          const batch = batchOf(6, count, { alpha: 0, sigma: index * 0.4 });
          // An infinite loss of the noisy branch must not reach the weights either.
          if (divergence === 'l2') batch.noisy['features']!.data.fill(Infinity as never);
          await step.train(batch);
        }
        return step.state();
      })));
      for (const state of states.slice(1)) assert.deepEqual(state, states[0]);
    });
  }

  it('without noise has KL = JS = L2 = 0 and a cross-entropy that is the entropy of the answers', async () => {
    const batch = batchOf(6, 3, { sigma: 0 });
    for (const divergence of ['kl', 'js', 'l2'] as const) assert.ok(Math.abs(await stability(divergence, batch)) < 2e-7, divergence);
    // H(P), in 64 bits, of the answers of the two layers.
    const weights = await withStep(layers('kl', 'sgd'), async (step) => (await step.state()).weights);
    const at = (name: string, index: number) => Number(weights[name]!.data[index]);
    let entropy = 0;
    for (let row = 0; row < 6; row++) {
      const x = (batch.clean['features']!.data as Float32Array).slice(row * features, (row + 1) * features);
      const h = Array.from({ length: hidden }, (_, unit) => Math.tanh(x.reduce((sum, value, index) => sum + value * at('w1', index * hidden + unit), at('b1', unit))));
      const powers = Array.from({ length: classes }, (_, label) => Math.exp(h.reduce((sum, value, unit) => sum + value * at('w2', label * hidden + unit), at('b2', label))));
      const total = powers.reduce((sum, value) => sum + value, 0);
      entropy -= powers.reduce((sum, value) => sum + (value / total) * Math.log(value / total), 0) / 6;
    }
    assertClose(await stability('cross-entropy', batch), entropy, 1e-6, 'cross-entropy');
    assertClose(await stability('cross-entropy', batchOf(6, 3)) - await stability('kl', batchOf(6, 3)), entropy, 1e-5, 'cross-entropy − KL');
  });

  it('has finite gradients where P = P’, and none from L2', async () => {
    const gradient = (divergence: Divergence, alpha: number) => withStep(layers(divergence, 'sgd'), async (step) => {
      await step.train(batchOf(6, 3, { sigma: 0, alpha, learningRate: 0 }));
      return (await step.state()).optimizer;
    });
    for (const divergence of ['kl', 'js', 'l2'] as const) {
      const [with1, without] = [await gradient(divergence, 1), await gradient(divergence, 0)];
      for (const [name, { data }] of Object.entries(without)) (data as Float32Array).forEach((value, index) => assert.ok(Math.abs(Number(with1[name]!.data[index]) - value) < 1e-6, `${divergence} ${name}`));
    }
  });

  it('has a JS that stays below ln 2, and comes near it where the answers have nothing in common', async () => {
    const apart = (definition: TrainingDefinition) => {
      const builder = new GraphBuilder();
      builder.input('features', 'float32', ['batch', classes]);
      builder.weight('w', { type: 'float32', dims: [classes], data: Float32Array.of(1, 1, 1, 1) });
      builder.node('Mul', ['features', 'w'], {}, { outputs: ['logits'] });
      builder.output('logits');
      return { ...definition, forward: builder.build(), weights: ['w'] };
    };
    const rows = (values: number[]): Record<string, Tensor> => ({ features: { type: 'float32', dims: [1, classes], data: Float32Array.from(values) } });
    const batch = { clean: rows([300, 0, 0, -300]), noisy: rows([0, 0, 300, -300]), targets: { type: 'float32' as const, dims: [1, classes], data: Float32Array.of(1, 0, 0, 0) } };
    await withStep(apart(layers('js', 'sgd')), async (step) => {
      const { stabilityLoss } = await step.evaluate(batch);
      assert.ok(stabilityLoss <= Math.fround(Math.LN2) && stabilityLoss > 0.693, `${stabilityLoss}`);
      await step.train({ ...batch, alpha: 1, learningRate: 0.1 });
      assert.ok(((await step.state()).weights['w']!.data as Float32Array).every(Number.isFinite));
    });
  });

  it('does not change when a batch is repeated twice', async () => {
    const batch = batchOf(4, 5);
    const doubled = { ...batch, clean: { features: twice(batch.clean['features']!) }, noisy: { features: twice(batch.noisy['features']!) }, targets: twice(batch.targets) };
    for (const divergence of divergences) {
      const [once, again] = await Promise.all([batch, doubled].map((given) => withStep(layers(divergence, 'sgd'), async (step) => ({ losses: await step.train(given), state: await step.state() }))));
      assertClose(again!.losses.loss, once!.losses.loss, 1e-6, 'L0');
      assertClose(again!.losses.stabilityLoss, once!.losses.stabilityLoss, 1e-5, divergence);
      assertStatesClose(again!.state, once!.state, 1e-5);
    }
  });

  it('has an L0 that does not depend on the noisy pictures', () => withStep(layers('kl', 'sgd'), async (step) => {
    const losses = [await step.evaluate(batchOf(6, 1, { sigma: 0 })), await step.evaluate(batchOf(6, 1, { sigma: 0.5 })), await step.evaluate(batchOf(6, 1, { sigma: 5 }))];
    assert.equal(new Set(losses.map(({ loss }) => loss)).size, 1);
    assert.ok(losses[1]!.stabilityLoss > 1e-4 && losses[2]!.stabilityLoss > losses[1]!.stabilityLoss);
  }));

  it('gives the losses before its update, changes nothing in evaluate, goes on from a state and starts again', async () => {
    for (const optimizer of optimizers) {
      const definition = layers('js', optimizer);
      await withStep(definition, async (step) => {
        const start = await step.state();
        const before = await step.evaluate(batchOf(4, 1));
        assert.deepEqual(await step.train(batchOf(4, 1)), before);
        const middle = await step.state();
        await step.evaluate(batchOf(4, 7));
        assert.deepEqual(await step.state(), middle);
        await step.train(batchOf(9, 3));
        const end = await step.state();
        await withStep(definition, async (other) => {
          await other.reset(middle);
          await other.train(batchOf(9, 3));
          assert.deepEqual(await other.state(), end);
          await other.reset();
          assert.deepEqual(await other.state(), start);
        });
      });
    }
  });

  it('holds no more memory after more steps', () => withStep(convolutions('js', 'adam'), async (step) => {
    const counts: number[] = [];
    for (let index = 0; index < 3; index++) {
      await step.train(batchOf(4, index, { shape: [3, 7, 6] }));
      counts.push(tf.memory().numTensors);
    }
    assert.equal(new Set(counts).size, 1, counts.join());
  }));

  it('says what is wrong with a definition', async () => {
    const builder = new GraphBuilder();
    builder.input('features', 'float32', ['batch', features]);
    builder.weight('w', floats([features]));
    builder.weight('unused', floats([2]));
    builder.node('Add', ['features', 'w'], {}, { outputs: ['logits'] });
    builder.output('logits');
    const cases: [Partial<TrainingDefinition>, RegExp][] = [
      [{ weights: ['w9'] }, /^Error: the trained part has no weight w9$/],
      [{ logits: 'nothing' }, /^Error: the trained part has no value nothing$/],
      [{ forward: builder.build(), weights: ['w', 'unused'] }, /^UserError: cannot train unused: the logits logits do not depend on it$/],
    ];
    for (const [change, message] of cases) await assert.rejects(createTensorFlowStep({ ...layers('kl', 'sgd'), ...change }), message);
  });
});
