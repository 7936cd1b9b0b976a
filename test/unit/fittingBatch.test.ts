import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { fittingBatch } from '../../src/engine/training/fittingBatch.ts';

/** A convolution 3×3 of 64 channels at 56×56 and a Relu, or two such with one kernel. */
function network(convolutions: number, stride = 1): ReturnType<GraphBuilder['build']> {
  const builder = new GraphBuilder();
  let value = builder.input('x', 'float32', ['batch', 64, 56, 56]);
  const kernel = builder.weight('w', { type: 'float32', dims: [64, 64, 3, 3], data: new Float32Array(64 * 64 * 9) });
  for (let index = 0; index < convolutions; index++) value = builder.op('Conv', [value, kernel], { pads: [1, 1, 1, 1], strides: [stride, stride] });
  builder.output(builder.op('Relu', [value]), 'float32', ['batch', 64, 56 / stride, 56 / stride]);
  return builder.build();
}

const plane = 64 * 56 * 56;
/** 14×14 tiles of 4×4 places, each of 6×6 numbers. */
const tiles = 14 * 14 * 36 * 64;
const kernel = 36 * 64 * 64;
const limit = 2 ** 32;

describe('pictures that run at once', () => {
  for (const [what, model, settings, numbers, fixed] of [
    ['values and their gradients, and tiles, in both branches', network(1), {}, 2 * (2 * 3 * plane + tiles), kernel],
    ['tiles of every convolution, of a kernel once', network(2), {}, 2 * (2 * 4 * plane + 2 * tiles), kernel],
    ['a third branch', network(1), { views: 3 }, 3 * (2 * 3 * plane + tiles), kernel],
    ['no tiles of a convolution with a stride', network(1, 2), {}, 2 * 2 * (plane + plane / 2), 0],
    ['no tiles on TensorFlow', network(1), { engine: 'tensorflow' }, 2 * 2 * 3 * plane, 0],
    ['no tiles on a graphics processor', network(1), { device: 'gpu' }, 2 * 2 * 3 * plane, 0],
  ] as const) {
    it(`count ${what}`, async () => {
      const pictures = await fittingBatch(model, onnxRuntime, { views: 2, threads: 1, engine: 'onnxruntime', device: 'cpu', ...settings });
      assert.equal(pictures, Math.floor((limit - 4 * fixed) / (4 * numbers)));
    });
  }
});
