import { isQuantized } from '../quantization.ts';
import { activated } from './fusedActivation.ts';
import { flowOf, imageOf, windowOf } from '../../operators/image.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

const pooling = (name: string, opType: string): OperatorKind => ({
  name,
  build: (call) => {
    const image = imageOf(call, call.input(0));
    const window = windowOf(call, image.spatial, {
      kernel: [call.option(4), call.option(3)], strides: [call.option(2), call.option(1)], dilations: [1, 1], padding: call.small(0),
    });
    // An average counts only what lies inside the picture, which is ONNX's default too.
    return activated(call, call.small(5), (result) => {
      const averages = opType === 'AveragePool' && isQuantized(call.output());
      const pooled = call.op(opType, [image.name], window.attributes, averages ? `${result}/average` : result);
      return flowOf({ ...image, name: averages ? awayFromZero(call, pooled, result) : pooled, spatial: window.spatial });
    });
  },
});

/**
 * TensorFlow Lite rounds an average of integers that lies in the middle of two away from zero, ONNX to the even one: such
 * averages are common, so they are moved by a small part of a step. Zero is that of the stored integers, not of the floats.
 */
function awayFromZero(call: OperatorCall, value: string, name: string): string {
  const { builder } = call.graph;
  const { scales, zeroPoints } = call.output().quantization!;
  const [scale, point] = [scales[0]!, zeroPoints[0]!];
  const sign = call.op('Sign', [call.op('Add', [value, builder.float(scale * point)], {}, `${name}/integer`)], {}, `${name}/sign`);
  return call.op('Add', [value, call.op('Mul', [sign, builder.float(scale / 4096)], {}, `${name}/part`)], {}, name);
}

/** Poolings over windows. */
export const poolingKinds: readonly OperatorKind[] = [pooling('AVERAGE_POOL_2D', 'AveragePool'), pooling('MAX_POOL_2D', 'MaxPool')];
