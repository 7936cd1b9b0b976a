import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { tensorflow } from '../../src/engine/engines/tensorflow.ts';
import { chooseBackend, startBackend } from '../../src/engine/engines/tensorflow/backend.ts';
import { operators } from '../../src/engine/engines/tensorflow/operators.ts';
import { Program } from '../../src/engine/engines/tensorflow/program.ts';
import { upload } from '../../src/engine/engines/tensorflow/tensors.ts';
import { formatOf } from '../../src/engine/formats/index.ts';
import { differentiate } from '../../src/engine/graph/gradient/differentiate.ts';
import { gradients } from '../../src/engine/graph/gradient/gradients.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { measureShapes } from '../../src/engine/graph/measureShapes.ts';
import type { ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { straightThrough } from '../../src/engine/graph/straightThrough.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';
import { floats, graphOf, operatorCases } from './tensorflowCases.ts';

function assertClose(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  assert.equal(actual.type, expected.type, `${what}: type`);
  assert.deepEqual(actual.dims, expected.dims, `${what}: shape`);
  for (let index = 0; index < expected.data.length; index++) {
    const [a, b] = [Number(actual.data[index]), Number(expected.data[index])];
    assert.ok(a === b || Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}[${index}]: ${a}, not ${b}`);
  }
}

function inner(a: Tensor, b: Tensor): number {
  return (a.data as Float32Array).reduce((sum, value, index) => sum + value * Number(b.data[index]), 0);
}

/** Gradients of Σ seed·output by TensorFlow.js. */
function gradientsByTensorFlow(program: Program, feeds: Record<string, Tensor>, seeds: Record<string, Tensor>, wrt: string[]): Record<string, Tensor> {
  return Object.fromEntries(wrt.map((name) => {
    const gradient = tf.tidy(() => {
      const given = Object.fromEntries(Object.entries(feeds).map(([key, tensor]) => [key, upload(tensor)]));
      const sum = (value: tf.Tensor) => {
        const results = program.run({ ...given, [name]: value });
        return tf.addN(Object.entries(seeds).map(([key, seed]) => tf.sum(tf.mul(results[key]!, upload(seed)))));
      };
      return tf.grad(sum)(given[name]!);
    });
    const data = Float32Array.from(gradient.dataSync());
    const dims = gradient.shape;
    gradient.dispose();
    return [name, { type: 'float32', dims, data }];
  }));
}

/** The same by the gradient graph on ONNX Runtime. */
async function gradientsByGraph(model: ModelProto, feeds: Record<string, Tensor>, seeds: Record<string, Tensor>, wrt: string[]): Promise<Record<string, Tensor>> {
  const builder = new GraphBuilder(Number(model.opsetImport[0]!.version));
  for (const { name } of model.graph!.input) builder.input(name, 'float32', feeds[name]!.dims);
  for (const tensor of model.graph!.initializer) builder.copyInitializer(tensor);
  for (const [name, { dims }] of Object.entries(seeds)) builder.input(`seed of ${name}`, 'float32', dims);
  for (const node of model.graph!.node) builder.copyNode(node);
  const names = differentiate(builder, {
    nodes: model.graph!.node, values: await measureShapes(model, onnxRuntime, { feeds }), wrt,
    seeds: Object.fromEntries(Object.keys(seeds).map((name) => [name, `seed of ${name}`])),
  });
  for (const name of names.values()) builder.output(name);
  const session = await onnxRuntime.load(builder.build());
  const results = await session.run({ ...feeds, ...Object.fromEntries(Object.entries(seeds).map(([name, seed]) => [`seed of ${name}`, seed])) });
  await session.release();
  return Object.fromEntries(wrt.map((name) => [name, results[names.get(name)!]!]));
}

describe('TensorFlow engine', () => {
  before(async function () {
    // TensorFlow's library takes seconds to load from a cold disk.
    this.timeout(60_000);
    await startBackend();
  });

  it('knows no operator that the table leaves out', () => {
    const tested = new Set(operatorCases.map(({ op }) => op));
    assert.deepEqual(Object.keys(operators).filter((op) => !tested.has(op)), []);
  });

  describe('computes what ONNX Runtime computes', () => {
    for (const operatorCase of operatorCases) {
      it(operatorCase.name, async () => {
        const { model, feeds } = graphOf(operatorCase);
        const expected = await (await onnxRuntime.load(model)).run(feeds);
        const tensors = tf.memory().numTensors;
        const session = await tensorflow.load(model);
        const actual = await session.run(feeds);
        await session.release();
        for (const [name, tensor] of Object.entries(expected)) assertClose(actual[name]!, tensor, 2e-5, name);
        assert.equal(tf.memory().numTensors, tensors, 'tensors are left behind');
      });
    }
  });

  describe('has gradients', () => {
    for (const operatorCase of operatorCases.filter(({ differentiable = [] }) => differentiable.length > 0)) {
      const known = gradients[operatorCase.op] !== undefined && !operatorCase.refused;
      it(`${operatorCase.name}, as ${known ? 'the gradient graph and ' : ''}differences of ONNX Runtime’s values say`, async () => {
        const { model, feeds } = graphOf(operatorCase);
        const wrt = operatorCase.differentiable!.map((input) => `x${input}`);
        const reference = await onnxRuntime.load(model);
        const outputs = Object.entries(await reference.run(feeds)).filter(([, { type }]) => type === 'float32');
        const seeds = Object.fromEntries(outputs.map(([name, { dims }], index) => [name, floats(dims, 5 + index)]));
        const weighted = (results: Record<string, Tensor>) => outputs.reduce((sum, [name]) => sum + inner(results[name]!, seeds[name]!), 0);
        const tensors = tf.memory().numTensors;
        const program = new Program(model);
        const found = gradientsByTensorFlow(program, feeds, seeds, wrt);
        program.dispose();
        assert.equal(tf.memory().numTensors, tensors, 'tensors are left behind');
        for (const name of wrt) {
          const [x, gradient] = [feeds[name]!, found[name]!];
          assert.ok((gradient.data as Float32Array).some((value) => value !== 0), `${name}: the gradient is 0`);
          // Along a random direction, because a single value's difference drowns in the rounding of 32-bit floats.
          const direction = floats(x.dims, 11);
          const step = 2e-3;
          const moved = (sign: number): Tensor => ({ ...x, data: (x.data as Float32Array).map((value, index) => value + sign * step * Number(direction.data[index])) });
          const difference = (weighted(await reference.run({ ...feeds, [name]: moved(1) })) - weighted(await reference.run({ ...feeds, [name]: moved(-1) }))) / (2 * step);
          const slope = inner(gradient, direction);
          const scale = Math.sqrt(inner(gradient, gradient) * sizeOf(x.dims));
          assert.ok(Math.abs(slope - difference) <= 5e-3 * (scale + Math.abs(difference)), `${name}: ${slope}, not ${difference}`);
        }
        if (operatorCase.refused) await assert.rejects(gradientsByGraph(model, feeds, seeds, wrt), /^UserError: cannot train through /);
        if (!known) return;
        const expected = await gradientsByGraph(model, feeds, seeds, wrt);
        for (const name of wrt) assertClose(found[name]!, expected[name]!, 5e-5, `gradient of ${name}`);
      });
    }
  });

  for (const [what, op, marked, expected] of [
    ...['Ceil', 'Floor', 'Hardmax', 'Round', 'Sign'].map((name) => [`has a gradient of 0 through ${name}`, name, false, [0, 0, 0]] as const),
    ['hands the gradient on through a Round that a format’s reader put in', 'Round', true, [0.5, -2, 3]] as const,
  ]) {
    it(`${what}, as the gradient graph has`, async () => {
      const { model, feeds } = graphOf({ name: '', op, inputs: [floats([1, 3])] });
      if (marked) model.graph!.node[0]!.docString = straightThrough;
      const seeds: Record<string, Tensor> = { y0: { type: 'float32', dims: [1, 3], data: Float32Array.of(0.5, -2, 3) } };
      const program = new Program(model);
      const found = gradientsByTensorFlow(program, feeds, seeds, ['x0']);
      program.dispose();
      for (const gradients of [found, await gradientsByGraph(model, feeds, seeds, ['x0'])]) assert.deepEqual([...gradients['x0']!.data].map((value) => Number(value) + 0), expected);
    });
  }

  it('frees what it computed when a node fails', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n', 3]);
    builder.output(builder.op('MatMul', [builder.op('Relu', ['x']), builder.weight('w', floats([4, 2]))]));
    const session = await tensorflow.load(builder.build());
    const tensors = tf.memory().numTensors;
    await assert.rejects(session.run({ x: floats([2, 3]) }));
    assert.equal(tf.memory().numTensors, tensors);
    await session.release();
  });

  it('computes only what is wanted, and gives an input or a weight back as it is', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2]);
    builder.weight('w', floats([2]));
    builder.node('Add', ['x', 'w'], {}, { outputs: ['sum'] });
    builder.node('Reshape', ['sum', builder.ints([7])], {}, { outputs: ['impossible'] });
    builder.output('impossible');
    const program = new Program(builder.build());
    const tensors = tf.memory().numTensors;
    tf.tidy(() => {
      const results = program.run({ x: upload(floats([2], 1)) }, ['x', 'w', 'sum']);
      assert.deepEqual(Object.keys(results), ['x', 'w', 'sum']);
      results['w']!.dispose();
      assert.deepEqual([...program.constant('w')!.dataSync()], [...floats([2]).data]);
    });
    assert.equal(tf.memory().numTensors, tensors);
    program.dispose();
  });

  for (const name of ['digits', 'patches']) {
    it(`answers as ONNX Runtime does with the example model ${name}`, async () => {
      const file = path.resolve(__dirname, `../../examples/models/${name}.onnx`);
      const graph = await (await formatOf(file)).read(file);
      const [input] = graph.inputs;
      const x = floats([3, ...input!.shape.slice(1)]);
      const expected = await (await onnxRuntime.load(graph.model)).run({ [input!.name]: x });
      const tensors = tf.memory().numTensors;
      const session = await tensorflow.load(graph.model);
      const actual = await session.run({ [input!.name]: x });
      await session.release();
      for (const [output, tensor] of Object.entries(expected)) assertClose(actual[output]!, tensor, 1e-4, output);
      assert.equal(tf.memory().numTensors, tensors);
    });
  }

  const errors: [what: string, run: () => Promise<unknown>, message: string][] = [
    ['an operator', () => tensorflow.load(graphOf({ name: '', op: 'Det', inputs: [floats([2, 3])] }).model), 'unsupported operator: Det at node y0 (TensorFlow engine)'],
    ['an operator of another domain', async () => {
      const { model } = graphOf({ name: '', op: 'Relu', inputs: [floats([2, 3])] });
      Object.assign(model.graph!.node[0]!, { domain: 'com.example', name: 'blur' });
      await tensorflow.load(model);
    }, 'unsupported operator: com.example.Relu at node blur (TensorFlow engine)'],
    ['a form of an operator', async () => {
      const { model, feeds } = graphOf({ name: '', op: 'Mod', inputs: [floats([3]), floats([3], 1)], attributes: { fmod: 1 } });
      await (await tensorflow.load(model)).run(feeds);
    }, 'unsupported fmod: Mod (y0) (TensorFlow engine)'],
    ['a missing input', async () => (await tensorflow.load(graphOf({ name: '', op: 'Relu', inputs: [floats([2, 3])] }).model)).run({}), 'missing input: x0'],
    ['an unknown backend', () => Promise.resolve().then(() => chooseBackend({ MODEL_STABILITY_TENSORFLOW: 'gpu' })), 'unknown TensorFlow.js backend: gpu (MODEL_STABILITY_TENSORFLOW takes native, wasm or cpu)'],
    ['a backend that is not installed', () => Promise.resolve().then(() => chooseBackend({ MODEL_STABILITY_TENSORFLOW: 'native', MODEL_STABILITY_TFJS_NODE: '/nowhere' })), 'TensorFlow.js backend not available: native (/nowhere is not installed)'],
  ];
  for (const [what, run, message] of errors) it(`refuses ${what} by name`, () => assert.rejects(run, { name: 'UserError', message }));

  describe('uses the backend that the environment names', () => {
    const root = path.resolve(__dirname, '../..');
    const program = `(async () => {
      const { tensorflow } = require('./src/engine/engines/tensorflow.ts');
      const { graphOf, floats } = require('./test/unit/tensorflowCases.ts');
      const { model, feeds } = graphOf({ name: '', op: 'Relu', inputs: [floats([2, 2])] });
      const { y0 } = await (await tensorflow.load(model)).run(feeds);
      console.log(JSON.stringify([require('@tensorflow/tfjs-core').getBackend(), tensorflow.description, [...y0.data]]));
    })()`;
    for (const name of ['wasm', 'cpu']) {
      it(name, () => {
        const output = execFileSync(process.execPath, ['--import', 'tsx', '--eval', program], {
          cwd: root, encoding: 'utf8', env: { ...process.env, MODEL_STABILITY_TENSORFLOW: name },
        });
        assert.deepEqual(JSON.parse(output), [name, `TensorFlow.js ${tf.version_core}, ${name}`, [...floats([2, 2]).data as Float32Array].map((value) => Math.max(value, 0))]);
      }).timeout(20_000);
    }
  });
});
