import { fromBinary } from '@bufbuild/protobuf';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, linkSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { ModelProtoSchema } from '../../src/engine/graph/onnx_pb.ts';
import { toFloat32 } from '../../src/engine/graph/tensor.ts';
import { stabilize } from '../../src/engine/stabilize.ts';
import { onnxFixtures } from '../fixtures/fixtures.ts';
import { exampleModels, quiet, readPairsOf, sha256, writePictures, writeText } from './engineHarness.ts';
import { stabilizations } from './stabilizeHarness.ts';

describe('stabilize', function () {
  this.timeout(120_000);
  const { folder, prepared, run } = stabilizations();

  describe('the new file', () => {
    it('is what was evaluated: its answers are those of `after`', async () => {
      const options = prepared();
      const result = await run(options);
      const { evaluate } = await import('../../src/engine/evaluate.ts');
      const again = join(dirname(options.run), 'again');
      await evaluate({ model: result.output, images: options.images, limit: 120, run: again, threads: 1, distortions: options.distortions! }, quiet());
      const known = new Map(readPairsOf(again).map((pair) => [`${pair.image} ${pair.distortion}`, pair]));
      for (const pair of readPairsOf(join(options.run, 'after'))) {
        const other = known.get(`${pair.image} ${pair.distortion}`)!;
        assert.deepEqual([other.labelA, other.labelB], [pair.labelA, pair.labelB]);
        assert.ok(Math.abs(other.klDivergence! - pair.klDivergence!) < 1e-4);
      }
      const metadata = (await readModel(result.output)).metadata;
      assert.deepEqual(JSON.parse(metadata['model-stability.stabilized']!), { from: sha256(options.model), version: result.after.method.version, ...result.options });
    });

    it('of a TensorFlow.js model is one that TensorFlow.js loads, with the same answers', async () => {
      const options = prepared({}, exampleModels.digitsTensorFlowJs);
      const result = await run(options);
      const json = JSON.parse(readFileSync(result.output, 'utf8')) as { modelTopology: object; weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] };
      const weightData = Buffer.concat(json.weightsManifest.flatMap(({ paths }) => paths).map((path) => readFileSync(join(dirname(result.output), path))));
      const layers = await loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData: new Uint8Array(weightData).buffer }));
      const graph = await readModel(result.output);
      const data = Float32Array.from({ length: 2 * 28 * 28 }, (_, at) => ((at * 31) % 97) / 97);
      const session = await onnxRuntime.load(graph.model, { threads: 1 });
      const ours = toFloat32((await session.run({ [graph.inputs[0]!.name]: { type: 'float32', dims: [2, 28, 28, 1], data } }))[graph.outputs[0]!.name]!);
      await session.release();
      const theirs = await (layers.predict(tf.tensor(data, [2, 28, 28, 1])) as tf.Tensor).data();
      ours.forEach((value, at) => assert.ok(Math.abs(value - theirs[at]!) < 1e-4));
      assert.ok(result.trained.layers.length > 0);
    });

    const kept: [fixture: string, what: string, check: (path: string) => void][] = [
      ['float16-weights', 'float16', (path) => assert.ok(fromBinary(ModelProtoSchema, readFileSync(path)).graph!.initializer.filter(({ name }) => name.endsWith('_half')).every(({ dataType }) => dataType === 10))],
      ['mobilenet-default', 'external data', (path) => {
        assert.ok(existsSync(`${path}.data`));
        assert.ok(fromBinary(ModelProtoSchema, readFileSync(path)).graph!.initializer.some(({ dataLocation, externalData }) => dataLocation === 1 && externalData.some(({ value }) => value === `${basename(path)}.data`)));
      }],
    ];
    for (const [fixture, what, check] of kept) {
      it(`keeps ${what}`, async () => {
        const source = onnxFixtures().find(({ name }) => name === fixture)!.file;
        const images = await writePictures(join(folder, 'coloured'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 12 }, (_, at) => `${label}/${at}.png`)));
        const classNamesFile = writeText(join(folder, `names-${fixture}.txt`), (fixture === 'mobilenet-default' ? 'abcdef' : 'abcde').split('').join('\n'));
        const options = prepared({ images, classNamesFile, limit: undefined, epochs: 1 }, source);
        for (const data of [`${source}.data`]) if (existsSync(data)) copyFileSync(data, join(dirname(options.model), basename(data)));
        check((await run(options)).output);
      });
    }

    it('trains every part: the last two layers, batch norm, everything', async () => {
      const images = await writePictures(join(folder, 'coloured'), ['a', 'b', 'c'].flatMap((label) => Array.from({ length: 12 }, (_, at) => `${label}/${at}.png`)));
      const source = onnxFixtures().find(({ name }) => name === 'residual-batch-norm')!.file;
      const original = await readModel(source);
      const classNamesFile = writeText(join(folder, 'five.txt'), 'a\nb\nc\nd\ne');
      const sizes: number[] = [];
      for (const train of ['last:2', 'batch-norm', 'all']) {
        const result = await run(prepared({ images, classNamesFile, limit: undefined, epochs: 1, train }, source));
        const written = await readModel(result.output);
        const changed = [...original.origins.keys()].filter((name) => toFloat32(original.constant(name)!).some((value, at) => value !== toFloat32(written.constant(name)!)[at]));
        assert.equal(changed.reduce((sum, name) => sum + toFloat32(original.constant(name)!).length, 0) > 0, true, `${train} changed nothing`);
        assert.ok(changed.length <= result.trained.layers.length * 2);
        sizes.push(result.trained.parameters);
      }
      assert.ok(sizes[0]! < sizes[2]! && sizes[1]! < sizes[2]! && sizes[2] === original.parameters, sizes.join(' '));
    });

    it('never lies over the original, by whatever path', async () => {
      const options = prepared();
      const linked = join(dirname(options.model), 'linked.onnx');
      linkSync(options.model, linked);
      const hash = sha256(options.model);
      for (const output of [options.model, join(dirname(options.model), '..', 'model', basename(options.model)), linked]) {
        await assert.rejects(stabilize({ ...options, output }, quiet()), { name: 'UserError', message: `the output ${output} is the original model: choose another name` });
      }
      assert.equal(sha256(options.model), hash);
      assert.ok(!existsSync(options.run), 'work was begun');
      rmSync(linked);
    });
  });
});
