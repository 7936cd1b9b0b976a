import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { keras } from '../../../src/engine/formats/keras.ts';
import { toFloat32 } from '../../../src/engine/graph/tensor.ts';
import type { ModelGraph } from '../../../src/engine/graph/modelGraph.ts';
import { Hdf5File, type Hdf5Object } from '../../../src/engine/formats/hdf5/hdf5File.ts';
import { assertAgree, run, type Result } from '../tensorFlowJs/reference.ts';
import { decoded, familyFile, pictures, readJson, temporaryFolder, type Family } from './modelFiles.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/keras');
const metadata = { 'model-stability.classNames': '["cat","dog","straße"]', 'model-stability.preprocessing': '{"resize":"crop"}' };

/** Every weight a little larger or smaller by its place: another network, but one that stays sane. */
function changedWeights(graph: ModelGraph): Map<string, Float32Array> {
  return new Map([...graph.origins.keys()].map((name) => [name, toFloat32(graph.constant(name)!).map((value, place) => value * (1 + 0.05 * ((place % 7) - 3)))]));
}

/** Bytes of every array of an HDF5 file, by its path. */
function arrays(object: Hdf5Object, path = ''): Map<string, Uint8Array> {
  const dataset = object.dataset;
  if (dataset) return new Map([[path, dataset.read()]]);
  return new Map(object.names.flatMap((name) => [...arrays(object.at(name)!, path === '' ? name : `${path}/${name}`)]));
}

const weightsOf = (path: string): Hdf5File => new Hdf5File(path, path.endsWith('.h5') ? readFileSync(path) : unzipSync(readFileSync(path))['model.weights.h5']!);

/** Where a written file and its answers go, to be checked by make_keras.py; nowhere in other runs. Keras 3 does not load Keras 2's operations. */
function keep(path: string, name: string, inputs: { dims: number[]; data: Float32Array }[], outputs: readonly Result[]): void {
  const folder = process.env['MODEL_STABILITY_KERAS_CHECK'];
  if (folder === undefined || name.startsWith('keras2-operations')) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, name));
  const encoded = (entries: readonly { dims: readonly number[]; data: Float32Array }[]): object[] => entries.map(({ dims, data }) => ({ dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64') }));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ inputs: encoded(inputs), outputs: encoded(outputs) }));
}

describe('Keras: writing', function () {
  this.timeout(60_000);
  const root = temporaryFolder();
  const answers = readJson(join(fixtures, 'files.json')) as Record<string, { input: { dims: number[]; data: string } }>;

  for (const name of ['transfer.keras', 'transfer.h5', 'float16.keras', 'keras2.h5', 'keras2-operations.h5']) {
    it(`${name}: nothing changed, the bytes stay`, async () => {
      const folder = mkdtempSync(join(root, 'copy-'));
      const graph = await keras.read(join(fixtures, name));
      const output = join(folder, name);
      assert.deepEqual(await keras.write(graph, new Map(), {}, output), [output]);
      assert.deepEqual(readFileSync(output), readFileSync(graph.path));
      assert.deepEqual(readdirSync(folder), [name]);
    });

    it(`${name}: changed weights and metadata, everything else as it was`, async () => {
      const graph = await keras.read(join(fixtures, name));
      const changed = changedWeights(graph);
      const output = join(mkdtempSync(join(root, 'changed-')), name);
      await keras.write(graph, changed, metadata, output);
      const written = await keras.read(output);
      assert.deepEqual(written.metadata, metadata);
      const tolerance = name.startsWith('float16') ? 1e-3 : 0;
      for (const [weight, values] of changed) {
        const found = toFloat32(written.constant(weight)!);
        assert.ok(found.every((value, place) => Math.abs(value - values[place]!) <= tolerance * Math.abs(values[place]!)), weight);
      }
      const keys = new Set([...graph.origins.values()].map((origin) => origin.key));
      const [before, after] = [arrays(weightsOf(graph.path).root), arrays(weightsOf(output).root)];
      assert.deepEqual([...after.keys()], [...before.keys()]);
      for (const [key, bytes] of before) if (!keys.has(key)) assert.deepEqual(after.get(key), bytes, key);
      if (name.endsWith('.keras')) assert.deepEqual(unzipSync(readFileSync(output))['config.json'], unzipSync(readFileSync(graph.path))['config.json']);
      const input = answers[name]!.input;
      const inputs = [{ dims: input.dims, data: decoded(input.data) }];
      keep(output, name, inputs, await run(written, inputs));

      // Once more over a file of ours: metadata are replaced and added, not doubled.
      const again = join(mkdtempSync(join(root, 'again-')), name);
      await keras.write(written, new Map(), { 'model-stability.classNames': '["a"]', note: 'x' }, again);
      assert.deepEqual((await keras.read(again)).metadata, { ...metadata, 'model-stability.classNames': '["a"]', note: 'x' });
    });
  }

  for (const name of ['MobileNetV3Small', 'EfficientNetB0', 'ConvNeXtTiny', 'Xception']) {
    it(`${name}: the written file holds the changed network`, async () => {
      const family = readJson(join(fixtures, `${name}.json.gz`)) as Family;
      const graph = await keras.read(await familyFile(root, family));
      const output = join(root, `${name}.changed.keras`);
      const changed = changedWeights(graph);
      await keras.write(graph, changed, metadata, output);
      const written = await keras.read(output);
      const inputs = pictures(family);
      const results = await run(written, inputs);
      for (const tensor of graph.graph.initializer) {
        const values = changed.get(tensor.name);
        if (values) tensor.rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      }
      assertAgree(results, await run(graph, inputs), 0);
      keep(output, `${name}.keras`, inputs, results);
    });
  }

  it('compressed weights have no place for new values', async () => {
    const graph = await keras.read(join(fixtures, 'compressed.h5'));
    const output = join(root, 'compressed.changed.h5');
    await assert.rejects(keras.write(graph, changedWeights(graph), {}, output), { name: 'UserError', message: /^.*compressed\.h5 keeps weight base\/conv\/kernel compressed, where new values have no place: save the model again with Keras$/ });
    assert.ok(!existsSync(output));
  });

  it('the original is never written over', async () => {
    const path = join(root, 'own.keras');
    copyFileSync(join(fixtures, 'transfer.keras'), path);
    const graph = await keras.read(path);
    await assert.rejects(keras.write(graph, new Map(), {}, path), { name: 'UserError', message: `cannot write ${path}: it is the model itself` });
  });

  it('a weight that is changed by a wrong number of values is a fault', async () => {
    const graph = await keras.read(join(fixtures, 'transfer.keras'));
    await assert.rejects(keras.write(graph, new Map([['head/bias', new Float32Array(2)]]), {}, join(root, 'fault.keras')), { name: 'Error', message: 'weight head/bias has 2 new values, its shape wants 3' });
    await assert.rejects(keras.write(graph, new Map([['ghost', new Float32Array(2)]]), {}, join(root, 'fault.keras')), { name: 'Error', message: /has no weight ghost$/ });
  });

  it('a folder that cannot be written to keeps nothing', async () => {
    const graph = await keras.read(join(fixtures, 'transfer.keras'));
    await assert.rejects(keras.write(graph, new Map(), {}, join(root, 'none', 'x.keras')), { name: 'UserError', message: /the folder does not exist$/ });
  });
});
