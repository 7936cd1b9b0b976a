import type { LayerConfig } from '../layerConfig.ts';
import { activationLayers } from './activation.ts';
import { convolutionLayers } from './convolution.ts';
import { denseLayers } from './dense.ts';
import type { LayerKind } from './layerKind.ts';
import { mergingLayers } from './merging.ts';
import { normalizationLayers } from './normalization.ts';
import { operations } from './operations.ts';
import { poolingLayers } from './pooling.ts';
import { shapingLayers } from './shaping.ts';

/** Every class of layers and every operation that can be opened, by its name in the file. */
export const layerKinds: ReadonlyMap<string, LayerKind> = new Map(Object.entries({
  ...activationLayers, ...convolutionLayers, ...denseLayers, ...mergingLayers, ...normalizationLayers, ...operations, ...poolingLayers, ...shapingLayers,
}));

/** What is known of a layer's class. Throws a `UserError` that names class, layer and file where nothing is. */
export function layerKind(config: LayerConfig): LayerKind {
  const kind = layerKinds.get(config.className);
  if (kind) return kind;
  throw config.unsupported(config.className === 'Lambda' ? 'it holds code, and no code of a model is run' : undefined);
}
