import assert from 'node:assert/strict';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { differentiate } from '../../src/engine/graph/gradient/differentiate.ts';
import { gradients } from '../../src/engine/graph/gradient/gradients.ts';
import { FlowGraph } from '../../src/engine/formats/layers/flow.ts';
import { dynamicallyQuantized } from '../../src/engine/formats/tflite/quantization.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import { caseName, caseTensors, gradientCases, type GradientCase } from './gradientCases.ts';
import { compareGradients, randomNumbers, type GradientComparison } from './gradientHarness.ts';

function check(comparisons: GradientComparison[]): void {
  for (const { input, index, gradient, difference } of comparisons) {
    assert.ok(Math.abs(gradient - difference) <= 2e-4 + 1e-3 * Math.abs(difference), `d/d ${input}[${index}]: ${gradient}, not ${difference}`);
  }
}

async function compareCase(test: GradientCase, seed: number, open: boolean): Promise<GradientComparison[]> {
  const tensors = caseTensors(test, randomNumbers(seed));
  const names = tensors.map((tensor, index) => (tensor && test.inputs[index]!.kind !== 'constant' ? `x${index}` : undefined));
  return compareGradients({
    opset: test.opset ?? 18,
    inputs: Object.fromEntries(tensors.flatMap((tensor, index) => (names[index] && tensor ? [[names[index], tensor]] : []))),
    ...(open ? { openBatch: test.batch!.map((index) => `x${index}`) } : {}),
    build: (builder) => builder.node(test.op, tensors.map((tensor, index) => (tensor ? names[index] ?? builder.constant(tensor) : '')), test.attributes ?? {}, { outputs: test.outputs ?? 1 }),
  }, seed + 100);
}

describe('gradients of operators against finite differences', () => {
  it('has a case for every operator in the table', () => {
    const tested = new Set(gradientCases.map(({ op }) => op));
    assert.deepEqual(Object.keys(gradients).filter((op) => !tested.has(op)), []);
  });

  it('is a sorted table', () => {
    const names = Object.keys(gradients);
    assert.deepEqual(names, [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  });

  for (const test of gradientCases) {
    it(caseName(test), async () => {
      for (const seed of [1, 2]) check(await compareCase(test, seed, false));
      if (test.batch && test.batch.length > 0) check(await compareCase(test, 3, true));
    });
  }
});

describe('differentiate', () => {
  it('adds up what a value gives to several nodes, and several uses by one node', async () => {
    const x: Tensor = { type: 'float32', dims: [2, 2], data: Float32Array.of(0.5, -0.3, 0.8, 0.2) };
    check(await compareGradients({
      inputs: { x },
      build: (builder) => [builder.op('Add', [builder.op('Mul', ['x', 'x']), builder.op('MatMul', ['x', builder.op('Transpose', ['x'], { perm: [1, 0] })])]), builder.op('Sigmoid', ['x'])],
    }, 1));
  });

  it('differentiates a small residual network with batch norm, pooling and a squeeze-and-excitation', async () => {
    const next = randomNumbers(8);
    const tensor = (...dims: number[]): Tensor => ({ type: 'float32', dims, data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => next() * 1.2 - 0.6) });
    check(await compareGradients({
      openBatch: ['x'],
      inputs: { x: tensor(2, 2, 6, 6), w1: tensor(4, 2, 3, 3), scale: tensor(4), bias: tensor(4), depthwise: tensor(4, 1, 3, 3), pointwise: tensor(4, 4, 1, 1), squeeze: tensor(4, 4, 1, 1), dense: tensor(4, 3) },
      build: (builder) => {
        const first = builder.op('Conv', ['x', 'w1'], { pads: [1, 1, 1, 1], strides: [2, 2] });
        const normal = builder.op('BatchNormalization', [first, 'scale', 'bias', builder.float([0.1, 0, -0.1, 0.2]), builder.float([1, 0.5, 2, 1])]);
        const active = builder.op('Mul', [normal, builder.op('Sigmoid', [normal])]);
        const inner = builder.op('Conv', [builder.op('Tanh', [builder.op('Conv', [active, 'depthwise'], { group: 4, pads: [1, 1, 1, 1] })]), 'pointwise']);
        const gate = builder.op('Sigmoid', [builder.op('Conv', [builder.op('GlobalAveragePool', [inner]), 'squeeze'])]);
        const sum = builder.op('Add', [active, builder.op('Mul', [inner, gate])]);
        const flat = builder.op('Flatten', [builder.op('GlobalAveragePool', [sum])]);
        return [builder.op('LogSoftmax', [builder.op('MatMul', [flat, 'dense'])])];
      },
    }, 2));
  });

  it('differentiates a self-attention block whose shapes are computed in the graph', async () => {
    const next = randomNumbers(9);
    const tensor = (...dims: number[]): Tensor => ({ type: 'float32', dims, data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => next() * 1.2 - 0.6) });
    check(await compareGradients({
      openBatch: ['x'],
      inputs: { x: tensor(2, 3, 4), scale: tensor(4), shift: tensor(4), qkv: tensor(4, 12), out: tensor(4, 4) },
      build: (builder) => {
        const normal = builder.op('LayerNormalization', ['x', 'scale', 'shift']);
        const batch = builder.op('Slice', [builder.op('Shape', ['x']), builder.ints([0]), builder.ints([1])]);
        const heads = builder.op('Reshape', [builder.op('MatMul', [normal, 'qkv']), builder.op('Concat', [batch, builder.ints([3, 3, 2, 2])], { axis: 0 })]);
        const parts = builder.op('Transpose', [heads], { perm: [2, 0, 3, 1, 4] });
        const [q, k, v] = [0, 1, 2].map((index) => builder.op('Gather', [parts, builder.constant({ type: 'int64', dims: [], data: BigInt64Array.of(BigInt(index)) })], { axis: 0 }));
        const scores = builder.op('Softmax', [builder.op('Mul', [builder.op('MatMul', [q!, builder.op('Transpose', [k!], { perm: [0, 1, 3, 2] })]), builder.float(0.7)])]);
        const mixed = builder.op('Transpose', [builder.op('MatMul', [scores, v!])], { perm: [0, 2, 1, 3] });
        const joined = builder.op('Reshape', [mixed, builder.ints([0, 0, -1])]);
        return [builder.op('Gather', [builder.op('Add', ['x', builder.op('MatMul', [joined, 'out'])]), builder.constant({ type: 'int64', dims: [], data: BigInt64Array.of(0n) })], { axis: 1 })];
      },
    }, 3));
  });

  it('goes through the rounding of TFLite’s inputs as if nothing were rounded', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 3]);
    const output = dynamicallyQuantized(new FlowGraph(builder), 'x', [1], 'layer');
    builder.output(output);
    const nodes = [...builder.build().graph!.node];
    const values = await measureShapes(builder.build(), onnxRuntime, { threads: 1 });
    const wrt = differentiate(builder, { nodes, values, seeds: { [output]: builder.float([0.5, -2, 3, 1, 0, -1], [2, 3]) }, wrt: ['x'] });
    builder.output(wrt.get('x')!);
    const session = await onnxRuntime.load(builder.build(), { threads: 1 });
    const results = await session.run({ x: { type: 'float32', dims: [2, 3], data: Float32Array.of(0.31, -0.77, 0.9, 0.123, 0.2, 0.3) } });
    await session.release();
    const gradient = [...results[wrt.get('x')!]!.data].map(Number);
    // The least and the greatest of a row set the length of a step, by which each value moves as far as it was rounded: half a step at most.
    const ends = [(0.5 * (0.5 + 2 + 3)) / 255, (0.5 * (1 + 0 + 1)) / 255];
    for (const [index, seed] of [0.5, -2, 3, 1, 0, -1].entries()) {
      const bound = [0, 3, 4].includes(index) ? 1e-5 : ends[Math.floor(index / 3)]!;
      assert.ok(Math.abs(gradient[index]! - seed) <= bound, `${index}: ${gradient[index]!}, not ${seed}`);
    }
  });

  it('gives a root a gradient of 0 at 0', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [3]);
    const outputs = [builder.op('Sqrt', ['x']), builder.op('ReduceL2', [builder.op('Mul', ['x', builder.float([0, 0, 0])])], { keepdims: 0 })];
    for (const output of outputs) builder.output(output);
    const nodes = [...builder.build().graph!.node];
    const values = await measureShapes(builder.build(), onnxRuntime, { threads: 1 });
    const wrt = differentiate(builder, { nodes, values, seeds: { [outputs[0]!]: builder.float([1, 1, 1]), [outputs[1]!]: builder.float(1) }, wrt: ['x'] });
    builder.output(wrt.get('x')!);
    const session = await onnxRuntime.load(builder.build(), { threads: 1 });
    const results = await session.run({ x: { type: 'float32', dims: [3], data: Float32Array.of(0, 4, 0) } });
    await session.release();
    assert.deepEqual([...results[wrt.get('x')!]!.data], [0, 0.25, 0]);
  });

  it('gives each factor of a product the others, also where some are 0', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [3, 3]);
    const output = builder.op('ReduceProd', ['x', builder.ints([1])], { keepdims: 0 });
    builder.output(output);
    const nodes = [...builder.build().graph!.node];
    const values = await measureShapes(builder.build(), onnxRuntime, { threads: 1 });
    const wrt = differentiate(builder, { nodes, values, seeds: { [output]: builder.float([1, 1, 2]) }, wrt: ['x'] });
    builder.output(wrt.get('x')!);
    const session = await onnxRuntime.load(builder.build(), { threads: 1 });
    const results = await session.run({ x: { type: 'float32', dims: [3, 3], data: Float32Array.of(2, 3, 4, 2, 0, 4, 0, 0, 5) } });
    await session.release();
    assert.deepEqual([...results[wrt.get('x')!]!.data], [12, 8, 6, 0, 8, 0, 0, 0, 0]);
  });

  it('only asks for gradients on the way to what is wanted', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2, 2]);
    builder.input('w', 'float32', [2, 2]);
    const hard = builder.op('Hardmax', ['x']);
    const output = builder.op('MatMul', [hard, 'w']);
    builder.op('Hardmax', ['w']);
    builder.output(output);
    const model = builder.build();
    const nodes = [...model.graph!.node];
    const values = await measureShapes(model, onnxRuntime, { threads: 1 });
    const before = nodes.length;
    const wanted = differentiate(builder, { nodes, values, seeds: { [output]: builder.float([1, 1, 1, 1], [2, 2]) }, wrt: ['w', hard] });
    assert.deepEqual([...wanted.keys()], ['w', hard]);
    assert.equal(builder.build().graph!.node.length, before + 2);
    const unused = differentiate(builder, { nodes, values, seeds: { [hard]: builder.float([1, 1, 1, 1], [2, 2]) }, wrt: ['w'] });
    assert.equal(unused.size, 0);
  });

  it('names the node that it cannot train through', async () => {
    const cases: [string, (builder: GraphBuilder) => void, string][] = [
      ['an operator', (builder) => builder.node('Det', ['x'], {}, { name: '/a/Det', outputs: ['y'] }), 'cannot train through Det /a/Det: the gradient of Det is not known'],
      ['a node without a name', (builder) => builder.node('Det', ['x'], {}, { outputs: ['y'] }), 'cannot train through Det (y): the gradient of Det is not known'],
      ['a mode', (builder) => builder.node('Resize', [builder.op('Reshape', ['x', builder.ints([1, 1, 2, 2])]), builder.float([0, 0, 0, 0, 1, 1, 1, 1]), builder.float([1, 1, 0.5, 0.5])], { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize' }, { name: 'smaller', outputs: ['y'] }), 'cannot train through Resize smaller: coordinate_transformation_mode tf_crop_and_resize is not supported in training'],
      ['an input', (builder) => builder.node('BatchNormalization', [builder.float([1, 2, 3, 4], [2, 2]), builder.float([1, 1]), builder.float([0, 0]), builder.op('ReduceSum', ['x', builder.ints([0])], { keepdims: 0 }), builder.float([1, 1])], {}, { name: 'norm', outputs: ['y'] }), 'cannot train through BatchNormalization norm: it has no gradient for its input reducesum'],
    ];
    for (const [what, build, message] of cases) {
      const builder = new GraphBuilder();
      builder.input('x', 'float32', [2, 2]);
      build(builder);
      builder.output('y');
      const nodes = [...builder.build().graph!.node];
      const values = await measureShapes(builder.build(), onnxRuntime, { threads: 1 });
      assert.throws(() => differentiate(builder, { nodes, values, seeds: { y: builder.float(1) }, wrt: ['x'] }), { name: 'UserError', message }, what);
    }
  });
});
