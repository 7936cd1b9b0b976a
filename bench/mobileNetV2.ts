import { toBinary } from '@bufbuild/protobuf';
import { GraphBuilder } from '../src/engine/graph/graphBuilder.ts';
import { ModelProtoSchema } from '../src/engine/graph/onnx_pb.ts';
import { sizeOf } from '../src/engine/graph/tensor.ts';
import { randomSource } from '../src/engine/random.ts';
import { blocks } from './mobileNetV2Blocks.ts';

/**
 * A MobileNetV2 (Sandler et al., CVPR 2018) with seeded random weights, 3.5 million parameters, 224×224 input, as an exporter
 * writes it: batch norm folded into the convolutions, ReLU6 as Clip, open batch.
 */
export function mobileNetV2(classes = 1000): Uint8Array {
  const builder = new GraphBuilder(17);
  const random = randomSource('mobilenet');
  const weight = (name: string, dims: number[], fanIn: number): string => {
    const data = new Float32Array(sizeOf(dims));
    random.fillNormal(data, Math.sqrt(2 / fanIn));
    return builder.weight(name, { type: 'float32', dims, data });
  };
  let layer = 0;
  const conv = (x: string, from: number, to: number, kernel: number, stride: number, group: number, relu: boolean): string => {
    const name = `conv${layer++}`;
    const w = weight(`${name}.weight`, [to, from / group, kernel, kernel], (from / group) * kernel * kernel);
    const b = builder.weight(`${name}.bias`, { type: 'float32', dims: [to], data: new Float32Array(to) });
    const pad = kernel >> 1;
    const y = builder.op('Conv', [x, w, b], { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad], group }, name);
    return relu ? builder.op('Clip', [y, builder.float(0), builder.float(6)]) : y;
  };
  let x = conv(builder.input('image', 'float32', ['batch', 3, 224, 224]), 3, 32, 3, 2, 1, true);
  for (const { input, hidden, output, stride } of blocks) {
    let y = hidden === input ? x : conv(x, input, hidden, 1, 1, 1, true);
    y = conv(y, hidden, hidden, 3, stride, hidden, true);
    y = conv(y, hidden, output, 1, 1, 1, false);
    x = stride === 1 && input === output ? builder.op('Add', [x, y]) : y;
  }
  x = conv(x, 320, 1280, 1, 1, 1, true);
  x = builder.op('Flatten', [builder.op('GlobalAveragePool', [x])], { axis: 1 }, 'features');
  const w = weight('classifier.weight', [classes, 1280], 1280);
  const b = builder.weight('classifier.bias', { type: 'float32', dims: [classes], data: new Float32Array(classes) });
  builder.op('Gemm', [x, w, b], { transB: 1 }, 'logits');
  builder.output('logits', 'float32', ['batch', classes]);
  return toBinary(ModelProtoSchema, builder.build());
}
