import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { keras } from '../../../src/engine/formats/keras.ts';
import { layerKinds } from '../../../src/engine/formats/layers/kinds/index.ts';
import { assertAgree, run } from '../tensorFlowJs/reference.ts';
import { answers, familyFile, pictures, readJson, temporaryFolder, type Family } from './modelFiles.ts';

const networks = readJson(resolve(import.meta.dirname, '../../fixtures/keras/layers.json.gz')) as Family[];

describe('Keras: what each layer computes', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  for (const network of networks) {
    it(network.family.replaceAll('_', ' '), async () => {
      const given = pictures(network);
      const [, height, width] = given[0]!.dims;
      const graph = await keras.read(await familyFile(folder, network), { width: width ?? 1, height: height ?? 1 });
      assertAgree(await run(graph, given), answers(network));
      const trained = network.weights.filter(([, , kind]) => !['mean', 'variance', 'count'].includes(kind));
      assert.deepEqual([...graph.origins.values()].map((origin) => origin.key).sort(), trained.map(([path]) => path).sort(), 'every weight has an origin');
    });
  }

  it('operations without their module, as in .h5 files of Keras 3', async () => {
    const network = networks.find(({ family }) => family === 'operations')!;
    const { layers, ...rest } = network.config['config'] as { layers: { module?: string }[] };
    const bare = layers.map(({ module, ...layer }) => layer);
    assert.ok(layers.some(({ module }) => module === 'keras.src.ops.numpy'));
    const graph = await keras.read(await familyFile(folder, { ...network, family: 'bare', config: { ...network.config, config: { ...rest, layers: bare } } }));
    assertAgree(await run(graph, pictures(network)), answers(network));
  });

  it('every layer and operation of Keras 3 that can be opened was held against Keras', () => {
    const text = JSON.stringify(networks.map((network) => network.config));
    const seen = new Set([...text.matchAll(/"module":"([^"]*)","class_name":"(\w+)"/g)].map(([, module, name]) => (module!.startsWith('keras.src.ops') ? `ops.${name}` : name!)));
    // The first three stand in families of keras.applications, the last is Keras 2's and was held against TensorFlow.js.
    assert.deepEqual([...layerKinds.keys()].filter((name) => !name.startsWith('tf.') && !name.startsWith('Random') && !seen.has(name)).sort(), ['CustomScaleLayer', 'LayerScale', 'StochasticDepth', 'ThresholdedReLU']);
  });
});
