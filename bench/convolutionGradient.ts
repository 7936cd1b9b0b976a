/**
 * Ways to write the gradient of a 3×3 convolution's weight in a graph, on the shapes of ResNet-18, in turn within one run and
 * by processor time.
 *     node bench/run.mjs convolutionGradient [pictures] [rounds]
 */
import { toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../src/engine/graph/graphBuilder.ts';
import { ModelProtoSchema } from '../src/engine/graph/onnx_pb.ts';
import { randomSource } from '../src/engine/random.ts';
import { median } from './setup.ts';

interface Layer { pictures: number; channels: number; size: number }

const layers = [[64, 56], [128, 28], [256, 14], [512, 7]] as const;

/** The nine parts of the padded pictures [N, H + 2, W + 2, C] that the kernel's positions meet, each as rows [N·H·W, C]. */
function met(builder: GraphBuilder, { channels, size }: Layer): string[] {
  const last = builder.op('Transpose', [builder.op('Pad', ['x', builder.ints([0, 0, 1, 1, 0, 0, 1, 1])])], { perm: [0, 2, 3, 1] });
  return Array.from({ length: 9 }, (_, position) => {
    const from = [Math.floor(position / 3), position % 3];
    const part = builder.op('Slice', [last, builder.ints(from), builder.ints(from.map((start) => start + size)), builder.ints([1, 2])]);
    return builder.op('Reshape', [part, builder.ints([-1, channels])]);
  });
}

/** Each way's graph gives dW with its axes in some order; only the time is measured here. */
const ways: Record<string, (builder: GraphBuilder, layer: Layer) => string> = {
  'nine products': (builder, layer) => {
    const rows = builder.op('Reshape', [builder.op('Transpose', ['dy'], { perm: [1, 0, 2, 3] }), builder.ints([layer.channels, -1])]);
    return builder.op('Concat', met(builder, layer).map((part) => builder.op('MatMul', [rows, part])), { axis: 1 });
  },
  'one wide product': (builder, layer) => {
    const rows = builder.op('Reshape', [builder.op('Transpose', ['dy'], { perm: [1, 0, 2, 3] }), builder.ints([layer.channels, -1])]);
    return builder.op('MatMul', [rows, builder.op('Concat', met(builder, layer), { axis: 1 })]);
  },
  'nine Gemm, transA': (builder, layer) => {
    const rows = builder.op('Reshape', [builder.op('Transpose', ['dy'], { perm: [0, 2, 3, 1] }), builder.ints([-1, layer.channels])]);
    return builder.op('Concat', met(builder, layer).map((part) => builder.op('Gemm', [rows, part], { transA: 1 })), { axis: 1 });
  },
  'a product a picture': (builder, { pictures, channels, size }) => {
    const last = builder.op('Transpose', [builder.op('Pad', ['x', builder.ints([0, 0, 1, 1, 0, 0, 1, 1])])], { perm: [0, 2, 3, 1] });
    const rows = builder.op('Reshape', ['dy', builder.ints([pictures, channels, -1])]);
    return builder.op('Concat', Array.from({ length: 9 }, (_, position) => {
      const from = [Math.floor(position / 3), position % 3];
      const part = builder.op('Slice', [last, builder.ints(from), builder.ints(from.map((start) => start + size)), builder.ints([1, 2])]);
      const products = builder.op('MatMul', [rows, builder.op('Reshape', [part, builder.ints([pictures, -1, channels])])]);
      return builder.op('ReduceSum', [products, builder.ints([0])], { keepdims: 0 });
    }), { axis: 1 });
  },
  // Rows of the gradient moved down by each of the kernel's rows, columns of the pictures by each of its columns: six copies, not nine.
  'three by three': (builder, layer) => {
    const rows = builder.op('Concat', movedGradients(builder).map((part) => builder.op('Reshape', [builder.op('Transpose', [part], { perm: [1, 0, 2, 3] }), builder.ints([layer.channels, -1])])), { axis: 0 });
    return builder.op('MatMul', [rows, builder.op('Reshape', [movedPictures(builder, layer), builder.ints([-1, 3 * layer.channels])])]);
  },
  'three by three, a product a picture': (builder, { pictures, channels, size }) => {
    const rows = builder.op('Reshape', [builder.op('Concat', movedGradients(builder), { axis: 1 }), builder.ints([pictures, 3 * channels, -1])]);
    const columns = builder.op('Reshape', [movedPictures(builder, { pictures, channels, size }), builder.ints([pictures, -1, 3 * channels])]);
    return builder.op('ReduceSum', [builder.op('MatMul', [rows, columns]), builder.ints([0])], { keepdims: 0 });
  },
};

/** The output's gradient [N, C, H + 2, W] for each row of the kernel, with zeros where that row meets nothing. */
function movedGradients(builder: GraphBuilder): string[] {
  return [0, 1, 2].map((row) => builder.op('Pad', ['dy', builder.ints([0, 0, row, 0, 0, 0, 2 - row, 0])]));
}

/** The padded pictures [N, H + 2, W, 3·C] as the kernel's three columns meet them. */
function movedPictures(builder: GraphBuilder, { size }: Layer): string {
  const last = builder.op('Transpose', [builder.op('Pad', ['x', builder.ints([0, 0, 1, 1, 0, 0, 1, 1])])], { perm: [0, 2, 3, 1] });
  return builder.op('Concat', [0, 1, 2].map((column) => builder.op('Slice', [last, builder.ints([column]), builder.ints([column + size]), builder.ints([2])])), { axis: 3 });
}

async function main(): Promise<void> {
  const [pictures, rounds] = [Number(process.argv[2] ?? 16), Number(process.argv[3] ?? 5)];
  for (const [channels, size] of layers) {
    const layer = { pictures, channels, size };
    const dims = [pictures, channels, size, size];
    const random = randomSource('convolution gradient');
    const tensor = (): Tensor => {
      const data = new Float32Array(pictures * channels * size * size);
      random.fillNormal(data, 1);
      return new Tensor('float32', data, dims);
    };
    const feeds = { x: tensor(), dy: tensor() };
    const sessions: [string, InferenceSession][] = [];
    for (const [name, way] of Object.entries(ways)) {
      const builder = new GraphBuilder(17);
      builder.input('x', 'float32', dims);
      builder.input('dy', 'float32', dims);
      builder.output(way(builder, layer));
      const session = await InferenceSession.create(toBinary(ModelProtoSchema, builder.build()), { intraOpNumThreads: 1 });
      await session.run(feeds);
      sessions.push([name, session]);
    }
    const times = new Map(sessions.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [name, session] of sessions) {
        const begun = process.cpuUsage();
        await session.run(feeds);
        const { user, system } = process.cpuUsage(begun);
        times.get(name)!.push((user + system) / 1000);
      }
    }
    const operations = 2 * 9 * channels * channels * size * size * pictures;
    for (const [name, values] of times) console.log(`${channels}×${size}×${size} ${name}: ${median(values).toFixed(1)} ms, ${(operations / median(values) / 1e6).toFixed(0)} GFLOP/s`);
  }
}

void main();
