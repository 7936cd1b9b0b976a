import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import type { ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { elementTypeCode, type ElementType, type Tensor, type TensorData } from '../../src/engine/graph/tensor.ts';

function modelOf(build: (builder: GraphBuilder) => void, domains: [string, number][] = []): ModelProto {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 4]);
  build(builder);
  builder.output('y');
  const model = builder.build();
  for (const [domain, version] of domains) model.opsetImport.push({ ...model.opsetImport[0]!, domain, version: BigInt(version) });
  return model;
}

const x: Tensor = { type: 'float32', dims: [2, 4], data: Float32Array.of(1, -2, 3, -4, 5, -6, 7, -8) };

describe('ONNX Runtime', () => {
  it('runs a graph, says how it is called, and can be released twice', async () => {
    const session = await onnxRuntime.load(modelOf((builder) => builder.node('Relu', ['x'], {}, { outputs: ['y'] })), { threads: 1 });
    assert.deepEqual([session.inputs, session.outputs], [['x'], ['y']]);
    const { y } = await session.run({ x });
    assert.deepEqual([y!.type, y!.dims, [...y!.data]], ['float32', [2, 4], [1, 0, 3, 0, 5, 0, 7, 0]]);
    assert.match(onnxRuntime.description, /^ONNX Runtime 1\.30\.\d+, CPU$/);
    await session.release();
    await session.release();
    await assert.rejects(session.run({ x }), /^Error: the session was released$/);
  });

  it('passes every element type in and out', async () => {
    const data: Record<ElementType, TensorData> = {
      float32: Float32Array.of(1.5, -2), float64: Float64Array.of(1e300, -2), float16: Uint16Array.of(0x3e00, 0xc000), int8: Int8Array.of(-128, 127),
      uint8: Uint8Array.of(0, 255), int16: Int16Array.of(-32768, 32767), uint16: Uint16Array.of(0, 65535), int32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
      uint32: Uint32Array.of(0, 2 ** 32 - 1), int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), uint64: BigUint64Array.of(0n, 2n ** 64n - 1n), bool: Uint8Array.of(0, 1),
    };
    for (const type of Object.keys(elementTypeCode) as ElementType[]) {
      const builder = new GraphBuilder();
      builder.input('x', type, [2]);
      builder.node('Identity', ['x'], {}, { outputs: ['y'] });
      builder.output('y', type, [2]);
      const session = await onnxRuntime.load(builder.build(), { threads: 1 });
      const given: Tensor = { type, dims: [2], data: data[type] };
      assert.deepEqual((await session.run({ x: given }))['y'], given, type);
      await session.release();
    }
  });

  it('writes outputs into arrays that it is given, and leaves out what is not asked for', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4]);
    for (const [operator, output] of [['Relu', 'y'], ['Neg', 'z']] as const) {
      builder.node(operator, ['x'], {}, { outputs: [output] });
      builder.output(output);
    }
    const session = await onnxRuntime.load(builder.build(), { threads: 1 });
    const into: Tensor = { type: 'float32', dims: [2, 4], data: new Float32Array(8) };
    const results = await session.run({ x }, { y: into });
    assert.equal(results['y'], into);
    assert.deepEqual([...into.data], [1, 0, 3, 0, 5, 0, 7, 0]);
    assert.deepEqual(Object.keys(results), ['y', 'z']);
    assert.deepEqual(Object.keys(await session.run({ x }, {}, ['z'])), ['z']);
    await session.release();
  });

  it('counts the zeros of a Pad in the maximum that follows it, which the library itself does not', async () => {
    const graph = new GraphBuilder();
    const padded = graph.op('Pad', [graph.input('x', 'float32', [1, 1, 2, 2]), graph.ints([0, 0, 1, 1, 0, 0, 1, 1]), graph.float(0)]);
    graph.output(graph.op('MaxPool', [padded], { kernel_shape: [3, 3], strides: [1, 1] }, 'y'), 'float32', [1, 1, 2, 2]);
    const session = await onnxRuntime.load(graph.build());
    const { y } = await session.run({ x: { type: 'float32', dims: [1, 1, 2, 2], data: Float32Array.of(-1, -2, -3, -4) } });
    assert.deepEqual([...y!.data as Float32Array], [0, 0, 0, 0]);
    await session.release();
  });

  it('names operator and node where a model cannot be loaded', async () => {
    const node = (operator: string, name: string, domain = '') => (builder: GraphBuilder): void => {
      builder.node(operator, ['x'], {}, { name, outputs: ['y'] });
      builder.build().graph!.node.at(-1)!.domain = domain;
    };
    const cases: [ModelProto, string][] = [
      [modelOf(node('Foo', '/a/Foo')), 'unsupported operator: Foo at node /a/Foo'],
      [modelOf(node('Foo', '', '')), 'unsupported operator: Foo at node y'],
      [modelOf(node('Foo', '/a/Foo', 'custom')), 'unsupported operator: Foo of domain custom at node /a/Foo'],
      [modelOf(node('Foo', '/a/Foo', 'custom'), [['custom', 1]]), 'unsupported operator: Foo of domain custom at node /a/Foo'],
      [modelOf((builder) => builder.node('Sin', [builder.op('Cast', ['x'], { to: 5 })], {}, { name: '/a/Sin', outputs: ['y'] })), 'unsupported element type: int16 of Sin /a/Sin'],
      [modelOf((builder) => builder.node('MatMul', ['x', builder.float(new Float32Array(9), [3, 3])], {}, { name: '/a/MatMul', outputs: ['y'] })), 'MatMul /a/MatMul: Incompatible dimensions for matrix multiplication'],
      [modelOf((builder) => builder.node('Relu', ['nothing'], {}, { name: '/a/Relu', outputs: ['y'] })), "ONNX Runtime: Invalid model. Node input 'nothing' is not a graph input, initializer, or output of a previous node."],
    ];
    for (const [model, message] of cases) {
      await assert.rejects(onnxRuntime.load(model), (error: Error) => {
        assert.deepEqual([error.name, error.message], ['UserError', message]);
        return error.cause instanceof Error;
      });
    }
  });

  it('names operator and node where a run fails', async () => {
    const session = await onnxRuntime.load(modelOf((builder) => builder.node('Reshape', ['x', builder.ints([-1, 3])], {}, { name: '/a/Reshape', outputs: ['y'] })), { threads: 1 });
    await assert.rejects(session.run({ x }), { name: 'UserError', message: 'Reshape /a/Reshape: The input tensor cannot be reshaped to the requested shape. Input shape:{2,4}, requested shape:{-1,3}' });
    await assert.rejects(session.run({}), { message: 'input x is missing' });
    await session.release();
  });

  it('runs on WebAssembly where that is wanted, with the same numbers and errors', () => {
    const script = `
      const { onnxRuntime } = require('./src/engine/engines/onnxRuntime.ts');
      const { GraphBuilder } = require('./src/engine/graph/graphBuilder.ts');
      const build = (operator) => {
        const builder = new GraphBuilder();
        builder.input('x', 'float32', ['batch', 4]);
        builder.node(operator, ['x'], {}, { name: '/a/' + operator, outputs: ['y'] });
        builder.output('y');
        return builder.build();
      };
      const run = async () => {
        const session = await onnxRuntime.load(build('Softplus'));
        const into = { type: 'float32', dims: [1, 4], data: new Float32Array(4) };
        const { y } = await session.run({ x: { type: 'float32', dims: [1, 4], data: Float32Array.of(-1, 0, 1, 2) } }, { y: into });
        await session.release();
        const error = await onnxRuntime.load(build('Foo')).catch((error) => error.message);
        console.log(JSON.stringify([onnxRuntime.description, [...y.data], y === into, error]));
      };
      run();`;
    const printed = execFileSync(process.execPath, ['--import=tsx', '--eval', script], { env: { ...process.env, MODEL_STABILITY_ONNXRUNTIME: 'web' }, encoding: 'utf8' });
    const [description, values, same, error] = JSON.parse(printed) as [string, number[], boolean, string];
    assert.match(description, /^ONNX Runtime 1\.30\.\d+, WebAssembly$/);
    [-1, 0, 1, 2].forEach((value, index) => { assert.ok(Math.abs(values[index]! - Math.log1p(Math.exp(value))) < 1e-6); });
    assert.equal(same, true);
    assert.equal(error, 'unsupported operator: Foo at node /a/Foo');
  }).timeout(20_000);
});

describe('measureShapes', () => {
  it('finds types, shapes, the dimensions that follow the batch, and integers that do not depend on the data', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4]);
    builder.weight('w', { type: 'float32', dims: [4, 3], data: new Float32Array(12).fill(1) });
    const product = builder.op('MatMul', ['x', 'w']);
    const shape = builder.op('Shape', ['x']);
    const width = builder.op('Gather', [shape, builder.ints([1])]);
    const largest = builder.op('ArgMax', ['x'], { axis: 1 });
    const flat = builder.op('Reshape', ['x', builder.ints([-1])]);
    const truth = builder.op('Greater', ['x', builder.float(0)]);
    builder.output(product);
    const values = await measureShapes(builder.build(), onnxRuntime, { threads: 1 });
    assert.deepEqual(values.get('x'), { type: 'float32', shape: [-1, 4] });
    assert.deepEqual(values.get('w'), { type: 'float32', shape: [4, 3] });
    assert.deepEqual(values.get(product), { type: 'float32', shape: [-1, 3] });
    assert.deepEqual(values.get(shape), { type: 'int64', shape: [2] });
    assert.deepEqual(values.get(width), { type: 'int64', shape: [1], integers: [4] });
    assert.deepEqual(values.get(largest), { type: 'int64', shape: [-1, 1] });
    assert.deepEqual(values.get(flat), { type: 'float32', shape: [-1] });
    assert.deepEqual(values.get(truth), { type: 'bool', shape: [-1, 4] });
  });

  it('wants every dimension but the batch', async () => {
    const builder = new GraphBuilder();
    builder.input('picture', 'float32', ['batch', 3, 'height', 'width']);
    builder.output(builder.op('Relu', ['picture']));
    await assert.rejects(measureShapes(builder.build(), onnxRuntime), /^Error: dimension 2 of input picture is open; only the batch may be$/);
  });
});
