import { flowOf, imageOf, windowOf } from './image.ts';
import type { LayerKind } from './layerKind.ts';

function windowed(opType: 'MaxPool' | 'AveragePool', rank: number): LayerKind {
  return {
    build: (call, input) => {
      const { config } = call;
      const image = imageOf(call, input, rank);
      const size = config.counts('pool_size', rank, 2);
      const strides = config.value('strides') === undefined ? size : config.counts('strides', rank, 2);
      const window = windowOf(call, image.spatial, size, strides, size.map(() => 1));
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
