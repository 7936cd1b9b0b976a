import assert from 'node:assert/strict';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';
import type { Divergence, OptimizerName } from '../../src/engine/results.ts';
import { createOnnxRuntimeStep } from '../../src/engine/training/onnxRuntimeStep.ts';
import type { TrainingBatch, TrainingDefinition, TrainingState } from '../../src/engine/training/trainingStep.ts';
import { floats, randomNumbers } from './gradientHarness.ts';

const [features, hidden, classes] = [6, 5, 3];

/** Two fully connected layers, as MatMul and Add and as Gemm. */
function definition(divergence: Divergence = 'cross-entropy', optimizer: OptimizerName = 'sgd', seed = 1): TrainingDefinition {
  const next = randomNumbers(seed);
  const signed = (): number => (next() - 0.5) * 1.5;
  const builder = new GraphBuilder();
  builder.input('features', 'float32', ['batch', features]);
  builder.weight('w1', floats([features, hidden], signed));
  builder.weight('b1', floats([hidden], signed));
  builder.weight('w2', floats([classes, hidden], signed));
  builder.weight('b2', floats([classes], signed));
  const first = builder.op('Add', [builder.op('MatMul', ['features', 'w1']), 'b1']);
  builder.node('Gemm', [builder.op('Tanh', [first]), 'w2', 'b2'], { transB: 1 }, { outputs: ['logits'] });
  builder.output('logits');
  return { forward: builder.build(), logits: 'logits', weights: ['w1', 'b1', 'w2', 'b2'], divergence, optimizer, threads: 1 };
}

function batchOf(size: number, seed: number, sigma = 0.3): TrainingBatch & { targets: Tensor } {
  const next = randomNumbers(seed);
  const clean = floats([size, features], () => next() * 2 - 1);
  const noisy = floats([size, features], () => 0);
  noisy.data.forEach((_, index) => { noisy.data[index] = Number(clean.data[index]) + sigma * (next() * 2 - 1); });
  const targets = floats([size, classes], () => 0);
  for (let row = 0; row < size; row++) targets.data[row * classes + Math.floor(next() * classes)] = 1;
  return { clean: { features: clean }, noisy: { features: noisy }, targets, alpha: 0.5, learningRate: 0.05 };
}

function twice(tensor: Tensor): Tensor {
  return { ...tensor, dims: [tensor.dims[0]! * 2, ...tensor.dims.slice(1)], data: Float32Array.from([...tensor.data, ...tensor.data] as number[]) };
}

function values(state: TrainingState): Record<string, number[]> {
  return Object.fromEntries(Object.entries(state.weights).map(([name, tensor]) => [name, [...tensor.data] as number[]]));
}

/** The weights as one update of SGD from a fresh start shows them: gradient = (old − new) / learning rate. */
async function gradientsOf(defined: TrainingDefinition, batch: TrainingBatch): Promise<Record<string, number[]>> {
  const step = await createOnnxRuntimeStep({ ...defined, optimizer: 'sgd' });
  await step.train({ ...batch, learningRate: 0 });
  const { optimizer } = await step.state();
  await step.release();
  return Object.fromEntries(defined.weights.map((weight) => [weight, [...optimizer[`${weight}/velocity`]!.data] as number[]]));
}

describe('a training step on ONNX Runtime', () => {
  for (const optimizer of ['sgd', 'adam'] as const) {
    it(`${optimizer}: α = 0 gives the weights of a training without the noisy branch, bit for bit`, async () => {
      for (const divergence of ['cross-entropy', 'kl', 'js', 'l2'] as const) {
        const both = await createOnnxRuntimeStep(definition(divergence, optimizer));
        const alone = await createOnnxRuntimeStep(definition(divergence, optimizer), 'clean');
        for (let index = 0; index < 20; index++) {
          const batch = { ...batchOf(7, index), alpha: 0 };
          assert.equal((await both.train(batch)).loss, (await alone.train(batch)).loss);
        }
        assert.deepEqual(values(await both.state()), values(await alone.state()));
        await both.release();
        await alone.release();
      }
    });
  }

  it('agrees with finite differences of its losses', async () => {
    for (const divergence of ['cross-entropy', 'kl', 'js', 'l2'] as const) {
      const defined = definition(divergence);
      const batch = batchOf(5, 11);
      const gradients = await gradientsOf(defined, batch);
      const step = await createOnnxRuntimeStep(defined);
      const start = await step.state();
      const total = async (weight: string, index: number, shift: number): Promise<number> => {
        const data = (start.weights[weight]!.data as Float32Array).slice();
        data[index]! += shift;
        await step.reset({ ...start, weights: { ...start.weights, [weight]: { ...start.weights[weight]!, data } } });
        const losses = await step.evaluate(batch);
        return losses.loss + batch.alpha * losses.stabilityLoss;
      };
      for (const weight of defined.weights) {
        for (let index = 0; index < sizeOf(start.weights[weight]!.dims); index += 2) {
          const h = 1 / 32;
          const near = await total(weight, index, h) - await total(weight, index, -h);
          const far = await total(weight, index, 2 * h) - await total(weight, index, -2 * h);
          const difference = (8 * near - far) / (12 * h);
          const gradient = gradients[weight]![index]!;
          assert.ok(Math.abs(gradient - difference) < 3e-5 + 1e-3 * Math.abs(difference), `${divergence} ${weight}[${index}]: ${gradient}, not ${difference}`);
        }
      }
      await step.release();
    }
  });

  it('makes the updates of SGD with momentum and of Adam, as written down by hand', async () => {
    // One weight, one input 1, two classes: logits = (w·x, 0), so dL0/dw = σ(w) − t.
    for (const optimizer of ['sgd', 'adam'] as const) {
      const builder = new GraphBuilder();
      builder.input('x', 'float32', ['batch', 1]);
      builder.weight('w', { type: 'float32', dims: [1, 1], data: Float32Array.of(0.25) });
      builder.node('Pad', [builder.op('MatMul', ['x', 'w']), builder.ints([0, 0, 0, 1])], {}, { outputs: ['logits'] });
      builder.output('logits');
      const step = await createOnnxRuntimeStep({ forward: builder.build(), logits: 'logits', weights: ['w'], divergence: 'kl', optimizer, threads: 1 });
      const one: Tensor = { type: 'float32', dims: [1, 1], data: Float32Array.of(1) };
      const batch = { clean: { x: one }, noisy: { x: one }, targets: { type: 'float32' as const, dims: [1, 2], data: Float32Array.of(1, 0) }, alpha: 1, learningRate: 0.1 };
      let [weight, velocity, mean, variance] = [0.25, 0, 0, 0];
      for (let count = 1; count <= 5; count++) {
        const losses = await step.train(batch);
        assert.ok(Math.abs(losses.loss - Math.log(1 + Math.exp(-weight))) < 1e-6);
        const gradient = 1 / (1 + Math.exp(-weight)) - 1;
        velocity = 0.9 * velocity + gradient;
        mean = 0.9 * mean + 0.1 * gradient;
        variance = 0.999 * variance + 0.001 * gradient ** 2;
        weight -= optimizer === 'sgd' ? 0.1 * velocity : 0.1 * (mean / (1 - 0.9 ** count)) / (Math.sqrt(variance / (1 - 0.999 ** count)) + 1e-8);
        assert.ok(Math.abs(Number((await step.state()).weights['w']!.data[0]) - weight) < 1e-6, `${optimizer} step ${count}`);
      }
      await step.release();
    }
  });

  it('does not change its losses or gradients when a batch is repeated twice', async () => {
    const batch = batchOf(4, 5);
    const doubled = { ...batch, clean: { features: twice(batch.clean['features']!) }, noisy: { features: twice(batch.noisy['features']!) }, targets: twice(batch.targets) };
    for (const divergence of ['cross-entropy', 'kl', 'js', 'l2'] as const) {
      const step = await createOnnxRuntimeStep(definition(divergence));
      const [once, again] = [await step.evaluate(batch), await step.evaluate(doubled)];
      assert.ok(Math.abs(once.loss - again.loss) < 1e-6 && Math.abs(once.stabilityLoss - again.stabilityLoss) < 1e-6);
      await step.release();
      const [gradients, more] = [await gradientsOf(definition(divergence), batch), await gradientsOf(definition(divergence), doubled)];
      for (const [name, list] of Object.entries(gradients)) list.forEach((value, index) => { assert.ok(Math.abs(value - more[name]![index]!) < 1e-6, name); });
    }
  });

  it('has an L0 that does not depend on the noisy pictures, and a stability loss that vanishes without noise', async () => {
    const step = await createOnnxRuntimeStep(definition('kl'));
    const losses = await Promise.all([0, 0.1, 3].map((sigma) => batchOf(6, 9, sigma)).map((batch) => step.evaluate(batch)));
    assert.equal(losses[0]!.loss, losses[1]!.loss);
    assert.equal(losses[0]!.loss, losses[2]!.loss);
    assert.ok(Math.abs(losses[0]!.stabilityLoss) < 1e-7);
    assert.ok(losses[1]!.stabilityLoss > 1e-5 && losses[2]!.stabilityLoss > losses[1]!.stabilityLoss);
    await step.release();
  });

  it('gives the losses before its update, changes nothing in evaluate, and goes on from a state', async () => {
    for (const optimizer of ['sgd', 'adam'] as const) {
      const step = await createOnnxRuntimeStep(definition('js', optimizer));
      const start = await step.state();
      assert.equal(start.steps, 0);
      const before = await step.evaluate(batchOf(4, 1));
      assert.deepEqual(await step.train(batchOf(4, 1)), before);
      await step.train(batchOf(4, 2));
      const middle = await step.state();
      await step.evaluate(batchOf(4, 7));
      assert.deepEqual(await step.state(), middle);
      await step.train(batchOf(9, 3));
      const end = await step.state();
      assert.equal(end.steps, 3);

      const other = await createOnnxRuntimeStep(definition('js', optimizer));
      await other.reset(middle);
      await other.train(batchOf(9, 3));
      assert.deepEqual(await other.state(), end);
      await other.reset();
      assert.deepEqual(await other.state(), start);
      await step.release();
      await other.release();
    }
  });

  it('says what is wrong with a definition', async () => {
    const cases: [Partial<TrainingDefinition>, RegExp][] = [
      [{ weights: ['w9'] }, /^Error: the trained part has no weight w9$/],
      [{ logits: 'nothing' }, /^Error: the trained part has no value nothing$/],
    ];
    for (const [change, message] of cases) await assert.rejects(createOnnxRuntimeStep({ ...definition(), ...change }), message);
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 3]);
    builder.weight('w', { type: 'float32', dims: [3], data: new Float32Array(3) });
    builder.node('Bernoulli', [builder.op('Add', ['x', 'w'])], {}, { name: '/head/Bernoulli', outputs: ['logits'] });
    builder.output('logits');
    await assert.rejects(
      createOnnxRuntimeStep({ forward: builder.build(), logits: 'logits', weights: ['w'], divergence: 'kl', optimizer: 'sgd' }),
      /^UserError: cannot train through Bernoulli \/head\/Bernoulli: the gradient of Bernoulli is not known$/,
    );
  });
});
