import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { assertAgree, load, predict, run, sample } from './reference.ts';

interface Encoded {
  shape: number[];
  /** Base64 of little-endian float32. */
  data: string;
}

interface Reference {
  what: string;
  inputShape: number[];
  input: string;
  outputs?: Record<string, Encoded>;
  unknownLayer?: string;
}

const fixtures = resolve(import.meta.dirname, '../../fixtures/tfjs');
const examples = resolve(import.meta.dirname, '../../../examples/models');

function decode(text: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}

describe('TensorFlow.js layers models: files on disk', function () {
  // A busy machine needs longer than mocha's two seconds for TensorFlow.js' plain JavaScript.
  this.timeout(60_000);
  const names = readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, 'reference.json')));
  it('has fixtures', () => assert.ok(names.length > 0));

  for (const name of names) {
    const reference = JSON.parse(readFileSync(join(fixtures, name, 'reference.json'), 'utf8')) as Reference;
    const path = join(fixtures, name, 'model.json');
    it(`${name}: ${reference.what}`, async () => {
      assert.equal(tensorFlowJsLayers.matches(path, readFileSync(path).subarray(0, 4096)), true);
      if (reference.unknownLayer !== undefined) {
        await assert.rejects(tensorFlowJsLayers.read(path), { name: 'UserError', message: new RegExp(`^unsupported layer: ${reference.unknownLayer} ".+" in ${path}$`) });
        return;
      }
      const [, height = 1, width = 1] = reference.inputShape;
      const graph = await tensorFlowJsLayers.read(path, { width, height });
      const results = await run(graph, [{ dims: reference.inputShape, data: decode(reference.input) }]);
      assertAgree(results, Object.values(reference.outputs!).map(({ shape, data }) => ({ dims: shape, data: decode(data) })));
    });
  }

  for (const name of readdirSync(examples).filter((folder) => folder.endsWith('-tfjs'))) {
    it(`example model ${name}`, async () => {
      const path = join(examples, name, 'model.json');
      const graph = await tensorFlowJsLayers.read(path);
      const dims = [4, ...graph.inputs[0]!.shape.slice(1)];
      const inputs = [{ dims, data: sample(dims) }];
      assertAgree(await run(graph, inputs), predict(await load(path), inputs));
      assert.equal(graph.inputs[0]!.shape[0], -1);
      assert.ok(Array.isArray(JSON.parse(graph.metadata['model-stability.classNames']!)));
      assert.equal((JSON.parse(graph.metadata['model-stability.preprocessing']!) as { resize: string }).resize, 'stretch');
    });
  }
});
