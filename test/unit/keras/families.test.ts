import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keras } from '../../../src/engine/formats/keras.ts';
import { assertAgree, run } from '../tensorFlowJs/reference.ts';
import { answers, familyFile, pictures, readJson, temporaryFolder, type Family } from './modelFiles.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/keras');

/** Transpositions that a family needs beside the one of its input: ConvNeXt normalises over channels that stand last. */
const transpositions: Record<string, number> = { ConvNeXtTiny: 17 };

describe('Keras: the families of keras.applications', function () {
  // Networks of up to a million weights are made, written and read.
  this.timeout(60_000);
  const folder = temporaryFolder();
  const files = readdirSync(fixtures).filter((name) => name.endsWith('.json.gz') && name !== 'layers.json.gz');
  it('has fixtures', () => assert.equal(files.length, 15));

  for (const file of files) {
    const family = readJson(join(fixtures, file)) as Family;
    it(`${family.family} answers as in Keras ${family.kerasVersion}`, async () => {
      const graph = await keras.read(await familyFile(folder, family));
      const results = await run(graph, pictures(family));
      assertAgree(results, answers(family));
      assert.equal(graph.nodes.filter((node) => node.opType === 'Transpose').length, transpositions[family.family] ?? 1, 'transpositions');
    });
  }
});
