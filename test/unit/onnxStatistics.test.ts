import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { onnx } from '../../src/engine/formats/onnx.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import type { ModelGraph } from '../../src/engine/graph/modelGraph.ts';
import { ModelProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { temporaryFolder } from './engineHarness.ts';

const epsilon = 1e-5;

/**
 * Two normalisations of two channels as exporters write them when nothing is trained yet: one array is the scales and the variances
 * of both, one the shifts and the means. The second node reads them by their own names where `named`.
 */
function normalizations(named: boolean): ModelProto {
  const builder = new GraphBuilder(17);
  const ones = builder.weight('ones', { type: 'float32', dims: [2], data: Float32Array.of(1, 1) });
  const zeros = builder.weight('zeros', { type: 'float32', dims: [2], data: Float32Array.of(0, 0) });
  const own = (value: string, name: string): string => (named ? builder.op('Identity', [value], {}, name) : value);
  const x = builder.input('x', 'float32', ['batch', 2]);
  const first = builder.op('BatchNormalization', [x, ones, zeros, zeros, ones], { epsilon: { float: epsilon } }, 'first');
  const second = [own(ones, 'scale'), own(zeros, 'shift'), own(zeros, 'running_mean'), own(ones, 'running_var')];
  builder.node('BatchNormalization', [first, ...second], { epsilon: { float: epsilon } }, { name: 'second', outputs: ['y'] });
  builder.output('y', 'float32', ['batch', 2]);
  return builder.build();
}

/** Puts the arrays into a data file, one after the other. */
function moveOut(model: ModelProto, folder: string): void {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph!.initializer) {
    const bytes = tensor.rawData;
    const entries = { location: 'arrays.data', offset: String(offset), length: String(bytes.length) };
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({ $typeName: 'onnx.StringStringEntryProto', key, value }));
    tensor.dataLocation = 1;
    tensor.rawData = new Uint8Array();
    parts.push(bytes);
    offset += bytes.length;
  }
  writeFileSync(join(folder, 'arrays.data'), Buffer.concat(parts));
}

async function answer(graph: ModelGraph): Promise<number[]> {
  const session = await onnxRuntime.load(graph.model, { threads: 1 });
  const results = await session.run({ x: { type: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, -3, 4) } });
  await session.release();
  return [...results['y']!.data].map(Number);
}

function assertClose(got: readonly number[], wanted: readonly number[]): void {
  wanted.forEach((value, index) => assert.ok(Math.abs(got[index]! - value) < 1e-5, `${got.join()}, not ${wanted.join()}`));
}

describe('running statistics that an ONNX file shares with weights', () => {
  const folder = temporaryFolder();

  for (const [what, named, external] of [
    ['without names', false, false], ['under names of their own', true, false], ['in a data file', false, true], ['in a data file, under names of their own', true, true],
  ] as const) {
    it(`stay as they are when the weights change: ${what}`, async () => {
      const path = join(folder, `statistics-${Number(named)}${Number(external)}.onnx`);
      const model = normalizations(named);
      if (external) moveOut(model, folder);
      writeFileSync(path, toBinary(ModelProtoSchema, model));
      const graph = await onnx.read(path);
      const normal = 1 / (1 + epsilon);
      assertClose(await answer(graph), [normal, 2 * normal, -3 * normal, 4 * normal]);

      const output = join(folder, `statistics-${Number(named)}${Number(external)}-new.onnx`);
      await onnx.write(graph, new Map([['ones', Float32Array.of(2, 3)], ['zeros', Float32Array.of(0.5, -1)]]), {}, output);
      const written = await onnx.read(output);
      // By hand: each node is scale·x/√(1 + ε) + shift, the statistics being 0 and 1.
      const by = (scale: number, shift: number) => (x: number): number => (scale * ((scale * x) / Math.sqrt(1 + epsilon) + shift)) / Math.sqrt(1 + epsilon) + shift;
      const [left, right] = [by(2, 0.5), by(3, -1)];
      assertClose(await answer(written), [left(1), right(2), left(-3), right(4)]);
      if (named) assert.deepEqual(written.graph.initializer.map(({ name }) => name).filter((name) => name.startsWith('running')), ['running_mean', 'running_var']);
    });
  }

  it('are written only where the array that they share has changed', async () => {
    const builder = new GraphBuilder(17);
    const ones = builder.weight('ones', { type: 'float32', dims: [2], data: Float32Array.of(1, 1) });
    const shift = builder.weight('shift', { type: 'float32', dims: [2], data: Float32Array.of(0, 0) });
    const mean = builder.weight('mean', { type: 'float32', dims: [2], data: Float32Array.of(0, 0.25) });
    builder.node('BatchNormalization', [builder.input('x', 'float32', ['batch', 2]), ones, shift, mean, ones], {}, { name: 'only', outputs: ['y'] });
    builder.output('y', 'float32', ['batch', 2]);
    const path = join(folder, 'one.onnx');
    writeFileSync(path, toBinary(ModelProtoSchema, builder.build()));
    const graph = await onnx.read(path);
    const names = async (changed: string): Promise<string[]> => {
      await onnx.write(graph, new Map([[changed, Float32Array.of(2, 2)]]), {}, join(folder, 'one-new.onnx'));
      // Not by the reader, which separates them itself.
      return fromBinary(ModelProtoSchema, readFileSync(join(folder, 'one-new.onnx'))).graph!.initializer.map(({ name }) => name);
    };
    assert.deepEqual(await names('shift'), ['ones', 'shift', 'mean']);
    assert.deepEqual(await names('ones'), ['ones', 'shift', 'mean', 'ones/y/variance']);
  });
});
