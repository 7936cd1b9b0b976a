import { fromBinary } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnxRuntime } from '../../src/engine/engines/onnxRuntime.ts';
import { evaluate } from '../../src/engine/evaluate.ts';
import { readModel } from '../../src/engine/formats/index.ts';
import { onnx } from '../../src/engine/formats/onnx.ts';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { ModelProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import { toFloat32, type Tensor } from '../../src/engine/graph/tensor.ts';
import { inspect } from '../../src/engine/inspect.ts';
import { quiet, temporaryFolder, writeModel, writePictures } from './engineHarness.ts';

/** A classifier that takes the bytes of pictures with channels last, as TensorFlow's models do once they are ONNX. */
function bytesModel(): ModelProto {
  const graph = new GraphBuilder(17);
  const wave = (length: number, step: number): Float32Array => Float32Array.from({ length }, (_, index) => Math.sin(index * step) / 10);
  const floats = graph.op('Cast', [graph.input('pixels', 'uint8', ['batch', 8, 6, 3])], { to: 1 });
  const moved = graph.op('Transpose', [graph.op('Div', [floats, graph.float(255)])], { perm: [0, 3, 1, 2] });
  const convolved = graph.op('Conv', [moved, graph.weight('conv.weight', { type: 'float32', dims: [4, 3, 3, 3], data: wave(108, 0.7) })], { kernel_shape: [3, 3] });
  const features = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Relu', [convolved])])]);
  graph.output(graph.op('Gemm', [features, graph.weight('head.weight', { type: 'float32', dims: [4, 3], data: wave(12, 1.3) }), graph.weight('head.bias', { type: 'float32', dims: [3], data: wave(3, 2) })]), 'float32', ['batch', 3]);
  return graph.build();
}

async function answers(model: ModelProto, pixels: Tensor): Promise<Float32Array> {
  const session = await onnxRuntime.load(model, { threads: 1 });
  try {
    return toFloat32(Object.values(await session.run({ pixels }))[0]!);
  } finally {
    await session.release();
  }
}

describe('models that take the bytes of pictures', function () {
  this.timeout(20_000);
  const folder = temporaryFolder();
  const dims = [2, 8, 6, 3];
  const bytes = Uint8Array.from({ length: 288 }, (_, index) => (index * 7919) % 256);

  it('take floats, which become the nearest bytes, and answer as the file itself does', async () => {
    const path = writeModel(join(folder, 'bytes.onnx'), bytesModel());
    const graph = await readModel(path);
    assert.equal(graph.inputs[0]!.type, 'float32');
    const wanted = await answers(bytesModel(), { type: 'uint8', dims, data: bytes });
    for (const [what, change] of [['whole numbers', 0], ['numbers between', 0.4], ['numbers between, below', -0.4]] as const) {
      assert.deepEqual(await answers(graph.model, { type: 'float32', dims, data: Float32Array.from(bytes, (value) => value + change) }), wanted, what);
    }
  });

  it('are evaluated on pixels from 0 to 255, and what is written still takes bytes', async () => {
    const path = writeModel(join(folder, 'written.onnx'), bytesModel());
    const info = await inspect({ model: path });
    assert.deepEqual([info.trainable, info.preprocessing?.range, info.preprocessing?.from, info.classes], [true, '0-255', 'guess', 3]);
    const images = await writePictures(join(folder, 'pictures'), ['a.png', 'b.png']);
    assert.equal((await evaluate({ model: path, images, run: join(folder, 'run') }, quiet())).images.evaluated, 2);
    const output = join(folder, 'new.onnx');
    const graph = await onnx.read(path);
    await onnx.write(graph, new Map([['head.bias', Float32Array.of(1, 2, 3)]]), {}, output);
    const again = await readModel(output);
    assert.deepEqual(toFloat32(again.constant('head.bias')!), Float32Array.of(1, 2, 3));
    // The written file itself, not our reading of it, runs on bytes.
    const written = fromBinary(ModelProtoSchema, readFileSync(output));
    const before = await answers(bytesModel(), { type: 'uint8', dims, data: bytes });
    const bias = toFloat32((await readModel(path)).constant('head.bias')!);
    const after = await answers(written, { type: 'uint8', dims, data: bytes });
    after.forEach((value, index) => assert.ok(Math.abs(value - (before[index]! - bias[index % 3]! + (index % 3) + 1)) < 1e-5));
  });
});
