import type { LayerInfo } from '../../src/engine/results.ts';

/** Layers that a part stands for: `head`, `last:N`, `batch-norm` or `all`, as the command line's `--train` has them. */
export function trainedLayers(layers: readonly LayerInfo[], part: string): Set<LayerInfo> {
  const last = /^last:(\d+)$/.exec(part)?.[1];
  const from = last === undefined ? 0 : layers.findIndex((layer) => layer.fromEnd === Number(last));
  const belongs = (layer: LayerInfo, index: number): boolean => {
    if (part === 'head') return layer.inHead;
    if (part === 'batch-norm') return layer.operator === 'BatchNormalization';
    return index >= Math.max(0, from);
  };
  return new Set(layers.filter((layer, index) => layer.parameters > 0 && belongs(layer, index)));
}
