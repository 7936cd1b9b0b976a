import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import { prepareBatch } from '../../src/engine/inference/answers.ts';
import { openModel } from '../../src/engine/openModel.ts';
import { createOnnxRuntimeStep } from '../../src/engine/training/onnxRuntimeStep.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../../src/engine/training/trainedPart.ts';
import { families, familyInput, unpackFamily, type Family } from '../fixtures/families.ts';
import { temporaryFolder } from './engineHarness.ts';
import { randomNumbers } from './gradientHarness.ts';

/** The gradient of the whole loss for every weight of a family, and its slope along that gradient by finite differences. */
async function slopes(entry: Family, folder: string): Promise<{ length: number; difference: number }> {
  const model = await openModel({ model: unpackFamily(entry, folder) });
  assert.ok(typeof model.head !== 'string');
  const { graph } = await prepareBatch(model, onnxRuntime, 1);
  const weights = selectWeights(graph, model.head, 'all');
  const part = cutForTraining(graph, model.head, weights);
  const fixed = await onnxRuntime.load(part.fixed, { threads: 1 });
  const pictures = familyInput(entry);
  const next = randomNumbers(5);
  const disturbed: Tensor = { ...pictures, data: (pictures.data as Float32Array).map((value) => value + 0.2 * (next() - 0.5)) };
  const valuesOf = async (tensor: Tensor): Promise<Record<string, Tensor>> => {
    const results = await fixed.run({ [model.inputName]: tensor });
    return Object.fromEntries(part.values.map((name) => [name, results[name]!]));
  };
  const [clean, noisy] = [await valuesOf(pictures), await valuesOf(disturbed)];
  await fixed.release();
  const forward = declareInputs(part.forward, Object.fromEntries(Object.entries(clean).map(([name, { dims }]) => [name, dims])));
  const step = await createOnnxRuntimeStep({ forward, logits: logitsName, weights, divergence: 'kl', optimizer: 'sgd', threads: 1 });
  const targets = new Float32Array(2 * 7);
  targets[1] = targets[7 + 2] = 1;
  const batch = { clean, noisy, targets: { type: 'float32' as const, dims: [2, 7], data: targets }, alpha: 0.5, learningRate: 0 };
  await step.train(batch);
  const start = await step.state();
  const gradient = (name: string): Float32Array => start.optimizer[`${name}/velocity`]!.data as Float32Array;
  const length = Math.sqrt(weights.reduce((sum, name) => sum + gradient(name).reduce((total, value) => total + value * value, 0), 0));
  const along = async (distance: number): Promise<number> => {
    const moved = weights.map((name) => {
      const direction = gradient(name);
      return [name, { ...start.weights[name]!, data: (start.weights[name]!.data as Float32Array).map((value, index) => value + (distance * direction[index]!) / length) }] as const;
    });
    await step.reset({ ...start, weights: { ...start.weights, ...Object.fromEntries(moved) } });
    const losses = await step.evaluate(batch);
    return losses.loss + batch.alpha * losses.stabilityLoss;
  };
  const distance = 1e-3;
  const difference = (await along(distance) - await along(-distance)) / (2 * distance);
  await step.release();
  return { length, difference };
}

describe('all weights of the classifier families of torchvision and timm can be trained', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  for (const entry of families.filter(({ exporter }) => exporter === 'torchscript' || exporter === 'dynamo')) {
    it(`${entry.family}, ${entry.exporter}: the loss falls along the gradient as finite differences say`, async () => {
      const { length, difference } = await slopes(entry, folder);
      // Kinks of activations lie within the distance, so that a percent is what can be told.
      assert.ok(length > 1e-3 && Math.abs(difference - length) < 0.015 * length, `slope ${difference}, not ${length}`);
    });
  }
});
