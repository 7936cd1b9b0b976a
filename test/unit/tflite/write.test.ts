import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { tflite } from '../../../src/engine/formats/tflite.ts';
import type { ModelGraph } from '../../../src/engine/graph/modelGraph.ts';
import { float16ToNumber, numberToFloat16, toFloat32 } from '../../../src/engine/graph/tensor.ts';
import { differences, inputOf, modelBytes, placed, readFixture, run, temporaryFolder } from './fixture.ts';

/** New values for every weight, each its own. */
function changesOf(graph: ModelGraph): Map<string, Float32Array> {
  return new Map([...graph.origins.keys()].map((name, index) => [name, toFloat32(graph.constant(name)!).map((value, place) => value * 0.75 + ((index % 5) - 2) / 100 + (place % 7) / 1000)]));
}

describe('TFLite models: writing', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const opened = async (name: string): Promise<{ path: string; graph: ModelGraph }> => {
    const path = placed(folder, name, modelBytes(name, readFixture(name)));
    return { path, graph: await tflite.read(path) };
  };

  for (const name of ['small', 'small-float16', 'convolutions', 'mobilenet-v3', 'attention']) {
    it(`${name}: nothing changed, the bytes stay`, async () => {
      const { path, graph } = await opened(name);
      const output = join(folder, `${name}-copy.tflite`);
      assert.deepEqual(await tflite.write(graph, new Map(), {}, output), [output]);
      assert.ok(readFileSync(output).equals(readFileSync(path)));
    });

    it(`${name}: what was changed is read back, nothing else moved`, async () => {
      const { path, graph } = await opened(name);
      const output = join(folder, `${name}-changed.tflite`);
      const changes = changesOf(graph);
      assert.ok(changes.size > 0);
      await tflite.write(graph, changes, {}, output);
      assert.equal(readFileSync(output).length, readFileSync(path).length);
      const written = await tflite.read(output);
      for (const weight of graph.origins.keys()) {
        const half = graph.origins.get(weight)!.storedType === 'float16';
        const expected = half ? changes.get(weight)!.map((value) => float16ToNumber(numberToFloat16(value))) : changes.get(weight)!;
        assert.deepEqual(toFloat32(written.constant(weight)!), expected, weight);
      }
      const undone = join(folder, `${name}-undone.tflite`);
      await tflite.write(written, new Map([...graph.origins.keys()].map((weight) => [weight, toFloat32(graph.constant(weight)!)])), {}, undone);
      assert.ok(readFileSync(undone).equals(readFileSync(path)));
    });
  }

  it('one weight changed, one place of the file differs', async () => {
    const { path, graph } = await opened('small');
    const [weight] = graph.origins.keys();
    const values = toFloat32(graph.constant(weight!)!).slice();
    values[3] = 7;
    const output = join(folder, 'one.tflite');
    await tflite.write(graph, new Map([[weight!, values]]), {}, output);
    const [before, after] = [readFileSync(path), readFileSync(output)];
    const places = [...before.keys()].filter((place) => before[place] !== after[place]);
    assert.ok(places.length > 0 && places.at(-1)! - places[0]! < 4, `${places.length} bytes differ`);
  });

  it('metadata go into a packed file behind the model and are read back; later ones replace them', async () => {
    const { path, graph } = await opened('small');
    const output = join(folder, 'metadata.tflite');
    await tflite.write(graph, new Map(), { 'model-stability.stabilized': 'once', note: 'ä' }, output);
    const written = await tflite.read(output);
    assert.deepEqual(written.metadata, { 'model-stability.stabilized': 'once', note: 'ä' });
    assert.ok(readFileSync(output).subarray(0, readFileSync(path).length).equals(readFileSync(path)));
    const again = join(folder, 'metadata-again.tflite');
    await tflite.write(written, new Map(), { 'model-stability.stabilized': 'twice' }, again);
    assert.deepEqual((await tflite.read(again)).metadata, { 'model-stability.stabilized': 'twice', note: 'ä' });
    assert.deepEqual(Object.keys(unzipSync(readFileSync(again))), ['model-stability.json']);
  });

  it('files that are packed behind the model already stay', async () => {
    const { path, graph } = await opened('small');
    const labelled = join(folder, 'labelled.tflite');
    const labels = new TextEncoder().encode('one\ntwo\n');
    writeFileSync(labelled, Buffer.concat([readFileSync(path), zipSync({ 'labels.txt': labels })]));
    const output = join(folder, 'labelled-written.tflite');
    await tflite.write(await tflite.read(labelled), new Map(), { note: 'new' }, output);
    // Offsets of the archive above count from its own beginning, so that a reader has to begin there.
    const files = unzipSync(readFileSync(output).subarray(readFileSync(path).length));
    assert.deepEqual(files['labels.txt'], labels);
    assert.equal((await tflite.read(output)).metadata['note'], 'new');
    assert.equal(graph.metadata['note'], undefined);
  });

  it('the model itself is never written over', async () => {
    const { path, graph } = await opened('small');
    await assert.rejects(tflite.write(graph, new Map(), {}, path), { name: 'UserError', message: `cannot write ${path}: it is a file of the model itself` });
  });

  it('a written model answers as the graph with the new weights', async () => {
    const { graph } = await opened('mobilenet-v2');
    const fixture = readFixture('mobilenet-v2');
    const output = join(folder, 'answers.tflite');
    const changes = changesOf(graph);
    await tflite.write(graph, changes, {}, output);
    for (const tensor of graph.graph.initializer) {
      const values = changes.get(tensor.name);
      if (values) tensor.rawData = new Uint8Array(values.buffer);
    }
    const [expected] = await run(graph, fixture.inputShape, await inputOf(fixture));
    const [actual] = await run(await tflite.read(output), fixture.inputShape, await inputOf(fixture));
    assert.equal(differences(actual!.data, expected!.data, 0).worst, 0);
  });
});
