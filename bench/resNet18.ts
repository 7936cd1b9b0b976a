import { toBinary } from '@bufbuild/protobuf';
import { GraphBuilder } from '../src/engine/graph/graphBuilder.ts';
import { ModelProtoSchema } from '../src/engine/graph/onnx_pb.ts';
import { sizeOf } from '../src/engine/graph/tensor.ts';
import { randomSource } from '../src/engine/random.ts';

/**
 * A ResNet-18 (He et al., CVPR 2016) with seeded random weights, 11.7 million parameters, 224×224 input, as an exporter writes it:
 * batch norm folded into the convolutions, open batch.
 */
export function resNet18(classes = 1000): Uint8Array {
  const builder = new GraphBuilder(17);
  const random = randomSource('resnet');
  const weight = (name: string, dims: number[], deviation: number): string => {
    const data = new Float32Array(sizeOf(dims));
    random.fillNormal(data, deviation);
    return builder.weight(name, { type: 'float32', dims, data });
  };
  let layer = 0;
  const conv = (x: string, from: number, to: number, kernel: number, stride: number, gain = 1): string => {
    const name = `conv${layer++}`;
    const w = weight(`${name}.weight`, [to, from, kernel, kernel], gain * Math.sqrt(2 / (from * kernel * kernel)));
    const b = builder.weight(`${name}.bias`, { type: 'float32', dims: [to], data: new Float32Array(to) });
    const pad = kernel >> 1;
    return builder.op('Conv', [x, w, b], { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] }, name);
  };
  let x = builder.op('Relu', [conv(builder.input('image', 'float32', ['batch', 3, 224, 224]), 3, 64, 7, 2)]);
  x = builder.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  for (const [to, firstStride] of [[64, 1], [128, 2], [256, 2], [512, 2]] as const) {
    for (const stride of [firstStride, 1]) {
      // The sum of two branches is kept from growing, as batch norm would.
      const inner = conv(builder.op('Relu', [conv(x, channels, to, 3, stride)]), to, to, 3, 1, 0.4);
      const shortcut = stride === 1 && channels === to ? x : conv(x, channels, to, 1, stride, Math.SQRT1_2);
      x = builder.op('Relu', [builder.op('Add', [inner, shortcut])]);
      channels = to;
    }
  }
  x = builder.op('Flatten', [builder.op('GlobalAveragePool', [x])], { axis: 1 }, 'features');
  const b = builder.weight('classifier.bias', { type: 'float32', dims: [classes], data: new Float32Array(classes) });
  builder.op('Gemm', [x, weight('classifier.weight', [classes, 512], Math.sqrt(1 / 512)), b], { transB: 1 }, 'logits');
  builder.output('logits', 'float32', ['batch', classes]);
  return toBinary(ModelProtoSchema, builder.build());
}
