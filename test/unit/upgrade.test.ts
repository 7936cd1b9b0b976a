import assert from 'node:assert/strict';
import { clone, create } from '@bufbuild/protobuf';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { AttributeProtoSchema, ModelProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import type { Tensor } from '../../src/engine/graph/tensor.ts';
import { upgradeModel } from '../../src/engine/graph/upgrade.ts';
import { floats, randomNumbers } from './gradientHarness.ts';

interface Case {
  name: string;
  opset: number;
  dims: number[];
  build(builder: GraphBuilder): string[];
  /** Operators of the upgraded graph; the same as before where absent. */
  operators?: string;
}

const one = (operator: string, attributes: Parameters<GraphBuilder['node']>[2], more: (builder: GraphBuilder) => string[] = () => []) =>
  (builder: GraphBuilder): string[] => [builder.op(operator, ['x', ...more(builder)], attributes)];

/** Every rule, each in the oldest version that it covers and in the newest before its change. */
const cases: Case[] = [
  ...[9, 11, 12].flatMap((opset): Case[] => [
    { name: `Squeeze-${opset}`, opset, dims: [1, 3, 1, 2], build: one('Squeeze', { axes: [0, 2] }) },
    { name: `Squeeze-${opset} of all`, opset, dims: [1, 3, 1, 2], build: one('Squeeze', {}) },
    { name: `Unsqueeze-${opset}`, opset, dims: [3, 2], build: one('Unsqueeze', { axes: [0, 3] }) },
    ...['Softmax', 'LogSoftmax', 'Hardmax'].flatMap((operator): Case[] => [
      { name: `${operator}-${opset} of a matrix`, opset, dims: [3, 5], build: one(operator, {}) },
      { name: `${operator}-${opset} of axis 1 and what follows`, opset, dims: [2, 3, 2, 2], build: one(operator, {}), operators: `Shape Flatten ${operator} Reshape` },
      { name: `${operator}-${opset} of axis 2`, opset, dims: [2, 3, 4], build: one(operator, { axis: 2 }) },
    ]),
    { name: `Split-${opset}`, opset, dims: [5, 2], build: (builder) => builder.node('Split', ['x'], { axis: 0, split: [2, 3] }, { outputs: 2 }) },
    { name: `Dropout-${opset}`, opset, dims: [3, 4], build: (builder) => [builder.op('Dropout', ['x'])], operators: 'Identity' },
    { name: `BatchNormalization-${opset}`, opset, dims: [2, 3, 2, 2], build: (builder) => builder.node('BatchNormalization', ['x', ...[1, 2, 3, 4].map((scale) => builder.float([0.5 * scale, scale, 0.1 * scale]))], { epsilon: { float: 0.01 }, momentum: { float: 0.8 } }) },
  ]),
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceSumSquare'].flatMap((operator) =>
    (operator === 'ReduceSum' ? [9, 11] : [9, 13, 17]).flatMap((opset): Case[] => [
      { name: `${operator}-${opset}`, opset, dims: [2, 3, 4], build: one(operator, { axes: [0, 2], keepdims: 0 }) },
      { name: `${operator}-${opset} of all`, opset, dims: [2, 3, 4], build: one(operator, {}) },
    ])),
  { name: 'Clip-9', opset: 9, dims: [3, 4], build: one('Clip', { min: { float: 0.2 }, max: { float: 0.6 } }) },
  { name: 'Clip-10 below only', opset: 10, dims: [3, 4], build: one('Clip', { min: { float: 0.2 } }) },
  { name: 'Slice-9', opset: 9, dims: [4, 5], build: one('Slice', { starts: [1, -3], ends: [3, 1000], axes: [0, 1] }) },
  { name: 'Slice-9 without axes', opset: 9, dims: [4, 5], build: one('Slice', { starts: [1], ends: [3] }) },
  { name: 'Pad-9', opset: 9, dims: [2, 3], build: one('Pad', { pads: [1, 0, 0, 2], value: { float: 7 } }) },
  { name: 'Pad-10 by reflection', opset: 10, dims: [4, 3], build: one('Pad', { mode: 'reflect', pads: [1, 0, 2, 1] }) },
  { name: 'Dropout-13', opset: 13, dims: [3, 4], build: (builder) => [builder.op('Dropout', ['x', builder.float(0.3)])], operators: 'Identity' },
  { name: 'Dropout-22', opset: 22, dims: [3, 4], build: (builder) => [builder.op('Dropout', ['x'])], operators: 'Identity' },
  { name: 'Upsample-9 nearest', opset: 9, dims: [1, 2, 3, 4], build: one('Upsample', { mode: 'nearest' }, (builder) => [builder.float([1, 1, 2, 3])]), operators: 'Resize' },
  { name: 'Upsample-9 linear', opset: 9, dims: [1, 2, 3, 4], build: one('Upsample', { mode: 'linear' }, (builder) => [builder.float([1, 1, 2, 2])]), operators: 'Resize' },
  { name: 'Upsample-9 by a fraction', opset: 9, dims: [1, 1, 3, 4], build: one('Upsample', {}, (builder) => [builder.float([1, 1, 1.7, 2.4])]), operators: 'Resize' },
  { name: 'Resize-10 stretching', opset: 10, dims: [1, 1, 4, 6], build: one('Resize', { mode: 'nearest' }, (builder) => [builder.float([1, 1, 1.6, 2])]) },
  { name: 'Resize-10 shrinking', opset: 10, dims: [1, 1, 7, 6], build: one('Resize', { mode: 'nearest' }, (builder) => [builder.float([1, 1, 0.6, 0.5])]) },
  { name: 'Resize-10 linear', opset: 10, dims: [1, 1, 7, 6], build: one('Resize', { mode: 'linear' }, (builder) => [builder.float([1, 1, 0.6, 1.5])]) },
  { name: 'Resize-11 by scales', opset: 11, dims: [1, 1, 3, 4], build: one('Resize', { mode: 'linear', coordinate_transformation_mode: 'align_corners' }, (builder) => [builder.float([], [0]), builder.float([1, 1, 2, 2])]) },
  { name: 'Resize-11 by sizes', opset: 11, dims: [1, 1, 3, 4], build: one('Resize', { mode: 'cubic', cubic_coeff_a: { float: -0.5 } }, (builder) => [builder.float([], [0]), builder.float([], [0]), builder.ints([1, 1, 5, 6])]) },
  { name: 'Split-11 in equal parts', opset: 11, dims: [2, 6], build: (builder) => builder.node('Split', ['x'], { axis: 1 }, { outputs: 3 }) },
  { name: 'Split-17 in equal parts', opset: 17, dims: [2, 6], build: (builder) => builder.node('Split', ['x'], { axis: 1 }, { outputs: 2 }) },
  { name: 'TopK-9', opset: 9, dims: [2, 6], build: (builder) => builder.node('TopK', ['x'], { k: 3 }, { outputs: 2 }) },
  { name: 'Scatter-9', opset: 9, dims: [2, 3], build: (builder) => [builder.op('Scatter', ['x', builder.constant({ type: 'int64', dims: [1, 3], data: BigInt64Array.of(1n, 0n, 1n) }), builder.float([7, 8, 9], [1, 3])], { axis: 0 })], operators: 'ScatterElements' },
  { name: 'RoiAlign-15', opset: 15, dims: [1, 1, 8, 8], build: (builder) => [builder.op('RoiAlign', ['x', builder.float([1, 1, 6, 6], [1, 4]), builder.ints([0])], { output_height: 3, output_width: 3, sampling_ratio: 2 })] },
  { name: 'Gemm-9 with a broadcast third input', opset: 9, dims: [2, 3], build: (builder) => [builder.op('Gemm', ['x', builder.float([1, 2, 3, 4, 5, 6], [3, 2]), builder.float([1, 2])])] },
  { name: 'Reshape-9 and Flatten-9', opset: 9, dims: [2, 3, 4], build: (builder) => [builder.op('Flatten', [builder.op('Reshape', ['x', builder.ints([0, -1, 2])])])] },
  { name: 'PRelu-9, MaxPool-9 and AveragePool-9', opset: 9, dims: [1, 2, 5, 5], build: (builder) => {
    const pooled = builder.op('MaxPool', [builder.op('PRelu', ['x', builder.float([0.1, 0.2], [2, 1, 1])])], { kernel_shape: [2, 2] });
    return [builder.op('AveragePool', [pooled], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] })];
  } },
];

async function run(model: ModelProto, x: Tensor): Promise<Tensor[]> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  const results = await session.run({ x });
  await session.release();
  return session.outputs.map((name) => results[name]!);
}

function versionOf(model: ModelProto): number {
  return Number(model.opsetImport[0]!.version);
}

function build(test: Case): ModelProto {
  const builder = new GraphBuilder(test.opset);
  builder.input('x', 'float32', test.dims);
  const outputs = test.build(builder);
  for (const output of outputs) builder.output(output);
  const model = builder.build();
  model.irVersion = test.opset < 15 ? 4n : test.opset > 18 ? 10n : 8n;
  return model;
}

describe('upgradeModel', () => {
  for (const test of cases) {
    it(`keeps what ${test.name} computes`, async () => {
      const x = floats(test.dims, randomNumbers(7));
      const model = build(test);
      const before = clone(ModelProtoSchema, model);
      const upgraded = upgradeModel(model);
      assert.deepEqual(model, before, 'the given model was changed');
      assert.equal(versionOf(upgraded), Math.max(18, test.opset));
      assert.equal(upgraded.graph!.node.map((node) => node.opType).join(' '), test.operators ?? model.graph!.node.map((node) => node.opType).join(' '));
      const [expected, actual] = [await run(model, x), await run(upgraded, x)];
      assert.deepEqual(actual.map(({ dims, type }) => ({ dims, type })), expected.map(({ dims, type }) => ({ dims, type })));
      actual.forEach(({ data }, index) => data.forEach((value, at) => { assert.ok(Math.abs(Number(value) - Number(expected[index]!.data[at])) < 1e-6, `${value}, not ${expected[index]!.data[at]}`); }));
    });
  }

  it('upgrades graphs inside of nodes, and takes weights out of the inputs', async () => {
    const inner = (value: number): ModelProto['graph'] => {
      const builder = new GraphBuilder(9);
      builder.output(builder.op('Clip', ['x'], { min: { float: value } }));
      return builder.build().graph;
    };
    const builder = new GraphBuilder(9);
    builder.input('x', 'float32', [4]);
    builder.input('w', 'float32', [4]);
    builder.weight('w', { type: 'float32', dims: [4], data: Float32Array.of(1, 2, 3, 4) });
    const condition = builder.constant({ type: 'bool', dims: [], data: Uint8Array.of(0) });
    const [chosen] = builder.node('If', [condition], {}, { outputs: 1 });
    builder.output(builder.op('Mul', [chosen!, 'w']));
    const model = builder.build();
    model.irVersion = 3n;
    model.graph!.node[0]!.attribute.push(...(['then_branch', 'else_branch'] as const).map((name, index) => create(AttributeProtoSchema, { name, type: 5, g: inner(index === 0 ? 0 : 0.5)! })));
    const upgraded = upgradeModel(model);
    assert.deepEqual(upgraded.graph!.input.map(({ name }) => name), ['x']);
    const x: Tensor = { type: 'float32', dims: [4], data: Float32Array.of(-1, 0.25, 0.75, 2) };
    const [result] = await run(upgraded, x);
    assert.deepEqual([...result!.data], [0.5, 1, 2.25, 8]);
  });

  it('names the node of a form without a successor', () => {
    const builder = new GraphBuilder(11);
    builder.input('x', 'float32', [1, 1, 2, 2]);
    builder.node('Resize', ['x', builder.float([], [0]), builder.float([1, 1, 2, 2])], { coordinate_transformation_mode: 'tf_half_pixel_for_nn' }, { name: '/up/Resize', outputs: ['y'] });
    assert.throws(() => upgradeModel(builder.build()), { name: 'UserError', message: 'unsupported operator: Resize /up/Resize has coordinate_transformation_mode tf_half_pixel_for_nn' });
  });
});
