import { flowOf, imageOf, windowOf } from './image.ts';
import type { LayerCall, LayerKind } from './layerKind.ts';

/** The smallest normal 32-bit float. */
const almostZero = 2 ** -126;

/**
 * The value that a maximum is taken of. ONNX Runtime 1.30 folds zeros around a picture into the padding of the MaxPool that
 * follows (its PadFusion), where they count as −∞: wrong where all values in a window are negative, as in ResNet V2. What is not
 * exactly zero stays.
 */
function notFused(call: LayerCall, value: string): string {
  const padded = call.graph.zeroPadded.get(value);
  return padded ? call.graph.op('Pad', [...padded, call.graph.builder.float(almostZero)], {}, `${value}/kept`) : value;
}

function windowed(opType: 'MaxPool' | 'AveragePool', rank: number): LayerKind {
  return {
    build: (call, input) => {
      const { config } = call;
      const image = imageOf(call, input, rank);
      const size = config.counts('pool_size', rank, 2);
      const strides = config.value('strides') === undefined ? size : config.counts('strides', rank, 2);
      const window = windowOf(call, image.spatial, size, strides, size.map(() => 1));
      if (opType === 'MaxPool') image.name = notFused(call, image.name);
      // An average counts only what lies inside the picture, which is ONNX's default too.
      return flowOf(call, input, { ...image, name: call.graph.op(opType, [image.name], window.attributes, call.name), spatial: window.spatial });
    },
  };
}

function global(opType: 'GlobalMaxPool' | 'GlobalAveragePool', rank: number): LayerKind {
  return {
    build: (call, input) => {
      const image = imageOf(call, input, rank);
      if (call.config.flag('keepdims', false)) {
        return flowOf(call, input, { ...image, name: call.graph.op(opType, [image.name], {}, call.name), spatial: image.spatial.map(() => 1) });
      }
      const pooled = call.graph.op(opType, [image.name], {}, `${call.name}/pool`);
      return { name: call.graph.op('Flatten', [pooled], { axis: 1 }, call.name), shape: [input.shape[0]!, image.channels], channelsFirst: false };
    },
  };
}

/** Poolings over windows and over whole pictures. */
export const poolingLayers: Record<string, LayerKind> = {
  AveragePooling1D: windowed('AveragePool', 1),
  AveragePooling2D: windowed('AveragePool', 2),
  GlobalAveragePooling1D: global('GlobalAveragePool', 1),
  GlobalAveragePooling2D: global('GlobalAveragePool', 2),
  GlobalMaxPooling1D: global('GlobalMaxPool', 1),
  GlobalMaxPooling2D: global('GlobalMaxPool', 2),
  MaxPooling1D: windowed('MaxPool', 1),
  MaxPooling2D: windowed('MaxPool', 2),
};
