import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tflite } from '../../../src/engine/formats/tflite.ts';
import { decode, differences, modelBytes, names, inputOf, placed, readFixture, run, temporaryFolder } from './fixture.ts';

describe('TFLite models: answers of the interpreter', function () {
  // A busy machine needs longer than mocha's two seconds for the larger networks.
  this.timeout(60_000);
  const folder = temporaryFolder();
  it('has fixtures', () => assert.ok(names.length > 0));

  for (const name of names) {
    const fixture = readFixture(name);
    it(`${name}: ${fixture.what}`, async () => {
      const path = placed(folder, name, modelBytes(name, fixture));
      assert.equal(tflite.matches('model', readFileSync(path).subarray(0, 4096)), true);
      const graph = await tflite.read(path);
      const results = await run(graph, fixture.inputShape, await inputOf(fixture));
      assert.equal(graph.inputs[0]!.shape[0], -1, 'the batch is open');
      assert.equal(results.length, fixture.outputs.length);
      for (const [index, { shape, data, step }] of fixture.outputs.entries()) {
        assert.deepEqual([...results[index]!.dims], shape);
        const expected = decode(data);
        // Where kernels round what they are given, sums in another order may fall to the other side: 2 steps of 8 bits, as for integers.
        const unit = fixture.mode === 'dynamic' ? (Math.max(...expected) - Math.min(...expected)) / 255 : step;
        if (fixture.digits) {
          const sameLabels = share(labelsOf(results[index]!.data), labelsOf(expected), (label, other) => label === other);
          assert.ok(sameLabels >= 0.99, `${sameLabels} of the pictures have the same label`);
        }
        const { worst } = differences(results[index]!.data, expected, unit);
        assert.ok(worst <= (unit > 0 ? 2.001 : 1e-4), `output ${index} differs by ${worst}${unit > 0 ? ' steps' : ''}`);
      }
    });
  }
});

/** The place of the greatest of each ten numbers. */
function labelsOf(data: Float32Array): number[] {
  return Array.from({ length: data.length / 10 }, (_, picture) => {
    const answers = data.subarray(picture * 10, picture * 10 + 10);
    return answers.indexOf(Math.max(...answers));
  });
}

function share(actual: readonly number[], expected: readonly number[], same: (value: number, other: number) => boolean): number {
  return expected.filter((value, place) => same(actual[place]!, value)).length / expected.length;
}
