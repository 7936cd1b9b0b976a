import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { formatOf } from '../../../src/engine/formats/index.ts';
import { keras } from '../../../src/engine/formats/keras.ts';
import { assertAgree, run } from '../tensorFlowJs/reference.ts';
import { decoded, readJson } from './modelFiles.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/keras');

interface Encoded {
  dims: number[];
  data: string;
}

const files: [name: string, what: string][] = [
  ['transfer.keras', 'Keras 3, with an optimizer and a base whose normalisations are not trained'],
  ['transfer.h5', 'the same as .h5 of Keras 3'],
  ['compressed.h5', 'weights in compressed chunks, some of them with their bytes in the other order'],
  ['float16.keras', 'weights of 16 bits'],
  ['keras2.h5', 'the form of Keras 2'],
  ['keras2-operations.h5', 'the form of Keras 2, with arithmetic between the layers'],
];

describe('Keras: files on disk', function () {
  this.timeout(30_000);
  const answers = readJson(join(fixtures, 'files.json')) as Record<string, { input: Encoded; output: Encoded }>;

  for (const [name, what] of files) {
    it(`${name}: ${what}`, async () => {
      const path = join(fixtures, name);
      assert.equal(await formatOf(path), keras);
      const graph = await keras.read(path);
      const { input, output } = answers[name]!;
      assertAgree(await run(graph, [{ dims: input.dims, data: decoded(input.data) }]), [{ dims: output.dims, data: decoded(output.data) }]);
      assert.deepEqual(graph.files, [path]);
    });
  }

  it('every answer belongs to a file', () => assert.deepEqual(Object.keys(answers).sort(), files.map(([name]) => name).sort()));

  it('the weights know where they came from', async () => {
    const graph = await keras.read(join(fixtures, 'transfer.h5'));
    const origin = graph.origins.get('base/conv/kernel')!;
    assert.deepEqual(origin, { file: graph.path, key: origin.key, storedType: 'float32', shape: [3, 3, 3, 4], transposition: [3, 2, 0, 1] });
    assert.match(origin.key, /^model_weights\/base\/.*kernel$/);
    assert.deepEqual([...graph.origins.keys()].sort(), ['base/conv/bias', 'base/conv/kernel', 'base/norm/beta', 'base/norm/gamma', 'base/norm/moving_mean', 'base/norm/moving_variance', 'head/bias', 'head/kernel']);
    const half = await keras.read(join(fixtures, 'float16.keras'));
    assert.deepEqual([...half.origins.values()].map(({ key, storedType }) => [key, storedType]), [['layers/dense/vars/0', 'float16'], ['layers/dense/vars/1', 'float16']]);
  });

  const heads: [path: string, head: Uint8Array, known: boolean][] = [
    ['model.h5', readFileSync(join(fixtures, 'transfer.h5')).subarray(0, 16), true],
    ['no-ending', readFileSync(join(fixtures, 'transfer.h5')).subarray(0, 16), true],
    ['no-ending', readFileSync(join(fixtures, 'transfer.keras')).subarray(0, 4096), true],
    ['model.keras', new TextEncoder().encode('not an archive'), true],
    ['pictures.zip', Uint8Array.from([0x50, 0x4b, 3, 4, ...new Uint8Array(26), ...new TextEncoder().encode('cat.png')]), false],
    ['model.h5', new TextEncoder().encode('{"a": 1}'), false],
    ['model.onnx', Uint8Array.from([8, 7, 0x3a]), false],
  ];
  for (const [index, [path, head, known]] of heads.entries()) it(`recognised by its beginning, ${index + 1}: ${path}`, () => assert.equal(keras.matches(path, head), known));
});
