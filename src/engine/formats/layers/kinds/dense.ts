import { activated } from './activation.ts';
import type { LayerKind } from './layerKind.ts';
import { shown } from './image.ts';

/** Fully connected layers, over the last axis. */
export const denseLayers: Record<string, LayerKind> = {
  Dense: {
    weights: (config) => (config.flag('use_bias', true) ? ['kernel', 'bias'] : ['kernel']),
    build: (call, input) => activated(call, (name) => {
      const { graph, config } = call;
      if (input.shape.length < 2) throw config.error(`its input has the shape [${shown(input.shape)}], it wants 2 axes or more`);
      const units = config.count('units', 0);
      const kernel = call.weight('kernel', [input.shape.at(-1)!, units]);
      const bias = config.flag('use_bias', true) ? call.weight('bias', [units]) : undefined;
      const flow = { shape: [...input.shape.slice(0, -1), units], channelsFirst: false };
      const value = graph.plain(input);
      if (bias === undefined) return { ...flow, name: graph.op('MatMul', [value, kernel], {}, name) };
      if (input.shape.length === 2) return { ...flow, name: graph.op('Gemm', [value, kernel, bias], {}, name) };
      return { ...flow, name: graph.op('Add', [graph.op('MatMul', [value, kernel], {}, `${call.name}/product`), bias], {}, name) };
    }),
  },
};
