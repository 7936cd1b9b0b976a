import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { cleanLoss, logProbabilities, stabilityLoss } from '../../src/engine/graph/gradient/losses.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import type { Divergence } from '../../src/engine/results.ts';
import { compareGradients, floats, randomNumbers } from './gradientHarness.ts';

const divergences: Divergence[] = ['cross-entropy', 'kl', 'js', 'l2'];

function rows(values: number[][]): Tensor {
  return { type: 'float32', dims: [values.length, values[0]!.length], data: Float32Array.from(values.flat()) };
}

async function measure(divergence: Divergence | 'L0', a: Tensor, b: Tensor): Promise<number> {
  const builder = new GraphBuilder();
  builder.input('a', 'float32', ['batch', a.dims[1]!]);
  builder.input('b', 'float32', ['batch', a.dims[1]!]);
  const logP = logProbabilities(builder, 'a');
  const loss = divergence === 'L0' ? cleanLoss(builder, logP, 'b') : stabilityLoss(builder, divergence, logP, logProbabilities(builder, 'b'));
  builder.output(loss);
  const session = await onnxRuntime.load(builder.build(), { threads: 1 });
  const result = await session.run({ a, b });
  await session.release();
  return Number(result[loss]!.data[0]);
}

/** In 64 bits, straight from the definitions, on probabilities. */
function byDefinition(divergence: Divergence | 'L0', a: number[][], b: number[][]): number {
  const softmax = (row: number[]): number[] => {
    const powers = row.map((value) => Math.exp(value - Math.max(...row)));
    const total = powers.reduce((sum, value) => sum + value, 0);
    return powers.map((value) => value / total);
  };
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const kl = (p: number[], q: number[]): number => sum(p.map((value, index) => value * Math.log(value / q[index]!)));
  const pair = (p: number[], other: number[]): number => {
    if (divergence === 'L0') return -sum(p.map((value, index) => other[index]! * Math.log(value)));
    const q = softmax(other);
    if (divergence === 'kl') return kl(p, q);
    if (divergence === 'cross-entropy') return -sum(p.map((value, index) => value * Math.log(q[index]!)));
    if (divergence === 'l2') return Math.sqrt(sum(p.map((value, index) => (value - q[index]!) ** 2)));
    const middle = p.map((value, index) => (value + q[index]!) / 2);
    return (kl(p, middle) + kl(q, middle)) / 2;
  };
  return sum(a.map((row, index) => pair(softmax(row), b[index]!))) / a.length;
}

const logits = [[1, 2, 3], [0.5, -1, 0], [4, 4, -2], [-3, 0, 5]];
const others = [[1.1, 1.8, 3.2], [-1, 0.5, 0], [0, 4.5, -2], [-3, 0.4, 4]];

describe('losses', () => {
  it('are those of the definitions', async () => {
    for (const name of [...divergences, 'L0'] as const) {
      const expected = byDefinition(name, logits, name === 'L0' ? [[0, 0, 1], [1, 0, 0], [0.2, 0.3, 0.5], [0, 1, 0]] : others);
      const value = await measure(name, rows(logits), rows(name === 'L0' ? [[0, 0, 1], [1, 0, 0], [0.2, 0.3, 0.5], [0, 1, 0]] : others));
      assert.ok(Math.abs(value - expected) < 1e-6, `${name}: ${value}, not ${expected}`);
    }
  });

  it('agree with a case calculated by hand', async () => {
    // P = (1/2, 1/2), P' = (1/4, 3/4).
    const [a, b] = [rows([[0, 0]]), rows([[0, Math.log(3)]])];
    const expected: [Divergence, number][] = [
      ['cross-entropy', 0.8369882], // (ln 4 + ln 4/3) / 2
      ['kl', 0.1438410], // that less ln 2
      ['js', 0.0338221], // ½·(½ ln 4/3 + ½ ln 4/5) + ½·(¼ ln 2/3 + ¾ ln 6/5)
      ['l2', 0.3535534], // √(1/16 + 1/16)
    ];
    for (const [name, value] of expected) assert.ok(Math.abs(await measure(name, a, b) - value) < 2e-7, name);
  });

  it('vanish for equal answers, and cross-entropy is their entropy', async () => {
    const next = randomNumbers(3);
    for (const scale of [0.1, 1, 10, 100]) {
      const same = floats([16, 10], () => (next() - 0.5) * scale);
      for (const name of ['kl', 'js', 'l2'] as const) assert.ok(Math.abs(await measure(name, same, same)) < 1e-7, `${name} at scale ${scale}`);
      const table = Array.from({ length: 16 }, (_, row) => [...same.data.slice(row * 10, row * 10 + 10)] as number[]);
      if (scale <= 10) assert.ok(Math.abs(await measure('cross-entropy', same, same) - byDefinition('cross-entropy', table, table)) < 1e-6);
    }
  });

  it('keep CE − KL = H(P), and JS ≤ ln 2, also for answers without overlap', async () => {
    const next = randomNumbers(4);
    for (const scale of [1, 10, 200]) {
      const a = floats([8, 5], () => (next() - 0.5) * scale);
      const b = floats([8, 5], () => (next() - 0.5) * scale);
      const entropy = await measure('cross-entropy', a, a);
      const [crossEntropy, kl] = [await measure('cross-entropy', a, b), await measure('kl', a, b)];
      assert.ok(Math.abs(crossEntropy - kl - entropy) < 1e-5 * Math.max(1, crossEntropy), `scale ${scale}`);
      assert.ok(await measure('js', a, b) <= Math.fround(Math.LN2) + 1e-7);
    }
    const js = await measure('js', rows([[1000, 0]]), rows([[0, 1000]]));
    assert.ok(Math.abs(js - Math.LN2) < 1e-6 && js <= Math.LN2 + 1e-7, `${js}`);
  });

  it('have gradients that agree with finite differences, in both branches', async () => {
    const next = randomNumbers(5);
    for (const name of [...divergences, 'L0'] as const) {
      const inputs = { a: floats([3, 4], () => next() * 3), b: floats([3, 4], () => next() * 3) };
      const comparisons = await compareGradients({
        inputs, openBatch: true, wrt: name === 'L0' ? ['a'] : ['a', 'b'],
        build: (builder) => {
          const logP = logProbabilities(builder, 'a');
          return [name === 'L0' ? cleanLoss(builder, logP, 'b') : stabilityLoss(builder, name, logP, logProbabilities(builder, 'b'))];
        },
      }, 6);
      for (const { input, index, gradient, difference } of comparisons) assert.ok(Math.abs(gradient - difference) < 3e-5 + 1e-3 * Math.abs(difference), `${name} ${input}[${index}]: ${gradient}, not ${difference}`);
    }
  });

  it('have finite gradients where the answers are equal or do not overlap', async () => {
    for (const name of divergences) {
      for (const [a, b] of [[rows([[1, 2]]), rows([[1, 2]])], [rows([[500, -500]]), rows([[-500, 500]])]] as const) {
        const comparisons = await compareGradients({
          inputs: { a, b }, openBatch: true,
          build: (builder) => [stabilityLoss(builder, name, logProbabilities(builder, 'a'), logProbabilities(builder, 'b'))],
        }, 1);
        for (const { gradient } of comparisons) assert.ok(Number.isFinite(gradient), name);
        if (a.data.join() === b.data.join() && name !== 'cross-entropy') for (const { gradient } of comparisons) assert.ok(Math.abs(gradient) < 1e-7, `${name}: ${gradient}`);
      }
    }
  });
});
