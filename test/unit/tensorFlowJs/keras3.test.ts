import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tensorFlowJsLayers } from '../../../src/engine/formats/tensorFlowJs.ts';
import { answers, pictures, readJson, temporaryFolder, weightValues, type Family } from '../keras/modelFiles.ts';
import { assertAgree, run } from './reference.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/keras');

interface LayerEntry {
  class_name: string;
  config: { name: string; layers?: LayerEntry[] };
}

/** The name of the layer that a path of a `.keras` file leads to: the n-th of its class. */
function layerNames(layers: readonly LayerEntry[], paths: readonly string[]): Map<string, string> {
  const known = new Map<string, string>();
  for (const path of paths) {
    const [, kind, number] = /^layers\/(\w+?)(?:_(\d+))?\/vars\/\d+$/.exec(path)!;
    const ofKind = layers.filter((layer) => layer.class_name.toLowerCase() === kind!.replaceAll('_', ''));
    known.set(path, ofKind[Number(number ?? 0)]!.config.name);
  }
  return known;
}

describe('TensorFlow.js layers models: exported from Keras 3', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();

  // TensorFlow.js itself cannot load these files (tfjs issues 8328, 8358, 8494); the authority is Keras.
  for (const name of ['MobileNet', 'MobileNetV3Small', 'EfficientNetV2B0', 'ResNetV2', 'Xception']) {
    for (const scoped of [false, true]) {
      it(`${name}, ${scoped ? 'weights named with the model' : 'weights named by their layer'}`, async () => {
        const family = readJson(join(fixtures, `${name}.json.gz`)) as Family;
        const layers = (family.config['config'] as { layers: LayerEntry[] }).layers;
        const names = layerNames(layers, family.weights.map(([path]) => path));
        const kinds = (path: string, kind: string): string => (path.includes('depthwise_conv2d') && kind === 'depthwise_kernel' ? 'kernel' : kind);
        const stem = `${name}-${scoped}`;
        writeFileSync(join(folder, `${stem}.bin`), Buffer.concat(family.weights.map((weight) => new Uint8Array(weightValues(weight, family.gain).buffer))));
        const path = join(folder, `${stem}.json`);
        writeFileSync(path, JSON.stringify({
          format: 'layers-model', generatedBy: `keras v${family.kerasVersion}`, convertedBy: 'TensorFlow.js Converter v4.22.0',
          modelTopology: { keras_version: family.kerasVersion, backend: 'tensorflow', model_config: family.config },
          weightsManifest: [{ paths: [`${stem}.bin`], weights: family.weights.map(([weight, shape, kind]) => ({ name: `${scoped ? 'network/' : ''}${names.get(weight)!}/${kinds(weight, kind)}`, shape, dtype: 'float32' })) }],
        }));
        const graph = await tensorFlowJsLayers.read(path);
        assertAgree(await run(graph, pictures(family)), answers(family));
        assert.equal(graph.format, 'tensorflowjs-layers');
      });
    }
  }
});
