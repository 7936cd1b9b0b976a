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
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { sizeOf, type Tensor } from '../../src/engine/graph/tensor.ts';
import { floats, graphOf, operatorCases } from './tensorflowCases.ts';

/** Operators that onnxruntime-node cannot run alone, with the reason. */
const withoutAuthority: Record<string, string> = {
  Swish: 'operator set 24, newer than the operator sets that the cases are written in',
};

function assertClose(actual: Tensor, expected: Tensor, tolerance: number, what: string): void {
  assert.equal(actual.type, expected.type, `${what}: type`);
  assert.deepEqual(actual.dims, expected.dims, `${what}: shape`);
  for (let index = 0; index < expected.data.length; index++) {
    const [a, b] = [Number(actual.data[index]), Number(expected.data[index])];
    assert.ok(a === b || Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}[${index}]: ${a}, not ${b}`);
  }
}

describe('TensorFlow engine', () => {
  before(async function () {
    // TensorFlow's library takes seconds to load from a cold disk.
    this.timeout(60_000);
    await startBackend();
  });

  it('knows no operator that the table leaves out', () => {
    const tested = new Set([...operatorCases.map(({ op }) => op), ...Object.keys(withoutAuthority)]);
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

  // Along a random direction, because a single value's difference drowns in the rounding of 32-bit floats.
  describe('has gradients that agree with differences of ONNX Runtime’s values', () => {
    for (const operatorCase of operatorCases.filter(({ differentiable = [] }) => differentiable.length > 0)) {
      it(operatorCase.name, async () => {
        const { model, feeds } = graphOf(operatorCase);
        const reference = await onnxRuntime.load(model);
        const seeds = Object.fromEntries(Object.entries(await reference.run(feeds)).map(([name, { dims }], index) => [name, floats(dims, 5 + index)]));
        const weighted = (results: Record<string, Tensor>) => Object.entries(results).filter(([, { type }]) => type === 'float32')
          .reduce((sum, [name, { data }]) => sum + (data as Float32Array).reduce((part, value, index) => part + value * Number(seeds[name]!.data[index]), 0), 0);
        const program = new Program(model);
        for (const input of operatorCase.differentiable!) {
          const name = `x${input}`;
          const x = feeds[name]!;
          const gradient = Array.from(tf.tidy(() => {
            const given = Object.fromEntries(Object.entries(feeds).map(([key, tensor]) => [key, upload(tensor)]));
            const compute = tf.grad((value) => tf.addN(Object.entries(program.run({ ...given, [name]: value }))
              .filter(([, result]) => result.dtype === 'float32').map(([key, result]) => tf.sum(tf.mul(result, upload(seeds[key]!))))));
            return compute(given[name]!);
          }).dataSync());
          const direction = floats(x.dims, 11);
          const step = 2e-3;
          const moved = (sign: number): Tensor => ({ ...x, data: (x.data as Float32Array).map((value, index) => value + sign * step * Number(direction.data[index])) });
          const difference = (weighted(await reference.run({ ...feeds, [name]: moved(1) })) - weighted(await reference.run({ ...feeds, [name]: moved(-1) }))) / (2 * step);
          const slope = gradient.reduce((sum, value, index) => sum + value * Number(direction.data[index]), 0);
          const scale = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0) * sizeOf(x.dims));
          assert.ok(gradient.some((value) => value !== 0), `${name}: the gradient is 0`);
          assert.ok(Math.abs(slope - difference) <= 5e-3 * (scale + Math.abs(difference)), `${name}: ${slope}, not ${difference}`);
        }
        program.dispose();
      });
    }
  });

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

  const errors: [what: string, run: () => Promise<unknown>, message: string][] = [
    ['an operator', () => tensorflow.load(graphOf({ name: '', op: 'Hardmax', inputs: [floats([2, 3])] }).model), 'unsupported operator: Hardmax at node y0 (TensorFlow engine)'],
    ['an operator of another domain', async () => {
      const { model } = graphOf({ name: '', op: 'Relu', inputs: [floats([2, 3])] });
      Object.assign(model.graph!.node[0]!, { domain: 'com.example', name: 'blur' });
      await tensorflow.load(model);
    }, 'unsupported operator: com.example.Relu at node blur (TensorFlow engine)'],
    ['a form of an operator', async () => {
      const { model, feeds } = graphOf({ name: '', op: 'MaxPool', inputs: [floats([1, 1, 5, 5])], attributes: { kernel_shape: [2, 2], dilations: [2, 2] } });
      await (await tensorflow.load(model)).run(feeds);
    }, 'unsupported dilations: MaxPool (y0) (TensorFlow engine)'],
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
