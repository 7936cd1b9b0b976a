import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { differentiate } from '../../src/engine/graph/gradient/differentiate.ts';
import { TiledForward } from '../../src/engine/graph/gradient/tiledForward.ts';
import { tileConvolution } from '../../src/engine/graph/gradient/winograd.ts';
import { GraphBuilder, type Attribute } from '../../src/engine/graph/graphBuilder.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import { sizeOf } from '../../src/engine/graph/tensor.ts';
import { floats, randomNumbers } from './gradientHarness.ts';

interface Shape {
  batch: number;
  channels: number;
  filters: number;
  size: [number, number];
  /** Top, left, bottom, right. */
  pads: [number, number, number, number];
}

const shapes: Shape[] = [
  { batch: 2, channels: 32, filters: 32, size: [8, 8], pads: [1, 1, 1, 1] },
  { batch: 1, channels: 48, filters: 24, size: [7, 7], pads: [1, 1, 1, 1] },
  { batch: 3, channels: 24, filters: 48, size: [9, 8], pads: [1, 1, 1, 1] },
  { batch: 2, channels: 32, filters: 32, size: [10, 13], pads: [0, 0, 0, 0] },
  { batch: 2, channels: 32, filters: 32, size: [7, 6], pads: [2, 0, 1, 3] },
  { batch: 2, channels: 40, filters: 32, size: [4, 4], pads: [1, 1, 1, 1] },
];

/** y, dx and dw of a 3×3 convolution by its definition, in 64 bits. */
function byDefinition({ batch, channels, filters, size: [height, width], pads: [top, left, bottom, right] }: Shape, x: ArrayLike<number>, w: ArrayLike<number>, dy: ArrayLike<number>): Record<'y' | 'x' | 'w', Float64Array> {
  const [down, across] = [height + top + bottom - 2, width + left + right - 2];
  const y = new Float64Array(batch * filters * down * across);
  const dx = new Float64Array(batch * channels * height * width);
  const dw = new Float64Array(filters * channels * 9);
  for (let n = 0; n < batch; n++) for (let o = 0; o < filters; o++) for (let c = 0; c < channels; c++) for (let k = 0; k < 9; k++) {
    const weight = (o * channels + c) * 9 + k;
    for (let row = 0; row < down; row++) for (let column = 0; column < across; column++) {
      const [from, at] = [row + Math.floor(k / 3) - top, column + (k % 3) - left];
      if (from < 0 || from >= height || at < 0 || at >= width) continue;
      const source = ((n * channels + c) * height + from) * width + at;
      const target = ((n * filters + o) * down + row) * across + column;
      y[target]! += w[weight]! * x[source]!;
      dx[source]! += w[weight]! * dy[target]!;
      dw[weight]! += x[source]! * dy[target]!;
    }
  }
  return { y, x: dx, w: dw };
}

function assertClose(name: string, actual: ArrayLike<number>, expected: Float64Array): void {
  assert.equal(actual.length, expected.length, name);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expected.forEach((value, index) => {
    assert.ok(Math.abs(actual[index]! - value) <= 5e-6 * largest, `${name}[${index}]: ${actual[index]}, not ${value}`);
  });
}

async function convolution(channels: number, filters: number, size: [number, number], attributes: Record<string, Attribute>, kernel = [3, 3], group = 1): Promise<boolean> {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', channels, ...size]);
  builder.input('w', 'float32', [filters, channels / group, ...kernel]);
  builder.output(builder.op('Conv', ['x', 'w'], { ...attributes, group }));
  const model = builder.build();
  return tileConvolution(builder, model.graph!.node[0]!, await measureShapes(model, onnxRuntime, { threads: 1 })) !== undefined;
}

describe('3×3 convolutions in tiles', () => {
  for (const shape of shapes) {
    it(`equals the definition with its gradients: ${shape.batch} pictures, ${shape.channels} to ${shape.filters} channels, ${shape.size.join('×')}, pads ${shape.pads.join()}`, async () => {
      const { batch, channels, filters, size, pads } = shape;
      const next = randomNumbers(channels + size[0]);
      const centred = (dims: number[]): ReturnType<typeof floats> => floats(dims, () => next() - 0.5);
      const [x, w, b] = [centred([batch, channels, ...size]), centred([filters, channels, 3, 3]), centred([filters])];
      const dy = centred([batch, filters, size[0] + pads[0] + pads[2] - 2, size[1] + pads[1] + pads[3] - 2]);

      const plain = new GraphBuilder();
      plain.input('x', 'float32', ['batch', channels, ...size]);
      plain.input('w', 'float32', w.dims);
      plain.input('b', 'float32', b.dims);
      plain.output(plain.op('Conv', ['x', 'w', 'b'], { pads: [...pads] }, 'y'));
      const model = plain.build();
      const values = await measureShapes(model, onnxRuntime, { threads: 1 });

      const builder = new GraphBuilder();
      for (const [name, tensor] of Object.entries({ x, w, b, dy })) builder.input(name, 'float32', tensor.dims);
      const node = new TiledForward(builder, values).add(model.graph!.node[0]!, (name) => name);
      assert.ok(node, 'it runs in tiles');
      const gradients = differentiate(builder, { nodes: [node], values, seeds: { y: 'dy' }, wrt: ['x', 'w', 'b'] });
      for (const name of ['y', ...gradients.values()]) builder.output(name);
      assert.equal(builder.build().graph!.node.filter(({ opType }) => opType === 'Conv').length, 0);

      const session = await onnxRuntime.load(builder.build(), { threads: 1 });
      const results = await session.run({ x, w, b, dy });
      const data = (name: string): Float32Array => results[name]!.data as Float32Array;
      const expected = byDefinition(shape, numbersOf(x), numbersOf(w), numbersOf(dy));
      const places = sizeOf(dy.dims.slice(2));
      assertClose('y', data('y'), expected.y.map((value, index) => value + numbersOf(b)[Math.floor(index / places) % filters]!));
      assertClose('dx', data(gradients.get('x')!), expected.x);
      assertClose('dw', data(gradients.get('w')!), expected.w);
      const sums = new Float64Array(filters);
      numbersOf(dy).forEach((value, index) => (sums[Math.floor(index / places) % filters]! += value));
      assertClose('db', data(gradients.get('b')!), sums);
      await session.release();
    });
  }

  it('are those with many channels, stride 1 and one group', async () => {
    const pads = [1, 1, 1, 1];
    assert.deepEqual(await Promise.all([
      convolution(128, 128, [28, 28], { pads }),
      convolution(512, 512, [7, 7], { pads }),
      convolution(128, 128, [28, 28], { auto_pad: 'SAME_UPPER' }),
    ]), [true, true, true]);
    assert.deepEqual(await Promise.all([
      convolution(3, 64, [28, 28], { pads }),
      convolution(64, 64, [2, 2], { pads }),
      convolution(128, 128, [28, 28], { pads, strides: [2, 2] }),
      convolution(128, 128, [28, 28], { pads: [2, 2, 2, 2], dilations: [2, 2] }),
      convolution(128, 128, [14, 14], { pads }, [3, 3], 128),
      convolution(128, 128, [14, 14], {}, [1, 1]),
      convolution(128, 128, [14, 14], { pads: [2, 2, 2, 2] }, [5, 5]),
    ]), [false, false, false, false, false, false, false]);
  });
});

function numbersOf(tensor: { data: ArrayLike<number | bigint> }): Float32Array {
  return tensor.data as Float32Array;
}
