import { activated } from './fusedActivation.ts';
import { flowOf, imageOf, windowOf } from './image.ts';
import type { OperatorKind } from './operator.ts';

const pooling = (name: string, opType: string): OperatorKind => ({
  name,
  build: (call) => {
    const image = imageOf(call, call.input(0));
    const window = windowOf(call, image.spatial, {
      kernel: [call.option(4), call.option(3)], strides: [call.option(2), call.option(1)], dilations: [1, 1], padding: call.small(0),
    });
    // An average counts only what lies inside the picture, which is ONNX's default too.
    return activated(call, call.small(5), (result) => flowOf({ ...image, name: call.op(opType, [image.name], window.attributes, result), spatial: window.spatial }));
  },
});

/** Poolings over windows. */
export const poolingKinds: readonly OperatorKind[] = [pooling('AVERAGE_POOL_2D', 'AveragePool'), pooling('MAX_POOL_2D', 'MaxPool')];
