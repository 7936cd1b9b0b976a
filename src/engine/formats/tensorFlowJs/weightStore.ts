import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import { shown } from './layers/image.ts';
import type { LayerCall } from './layers/layerKind.ts';
import { shardOf, storedValues, type StoredWeight, type WeightGroup } from './manifest.ts';
import type { Layer } from './topology.ts';
import { transpose } from './transpose.ts';
import type { LayerWeights } from './weightNames.ts';

/** Puts stored weights into the graph, each once and only where a layer asks for it, and remembers where they came from. */
export class WeightStore {
  readonly origins = new Map<string, WeightOrigin>();
  readonly #builder: GraphBuilder;
  readonly #groups: readonly WeightGroup[];
  readonly #bytes: readonly Uint8Array[];
  readonly #layers: LayerWeights;
  /** Names in the graph by those in the manifest: taken before any node's, so that they are the same. */
  readonly #names = new Map<StoredWeight, string>();
  readonly #added = new Set<StoredWeight>();

  constructor(builder: GraphBuilder, groups: readonly WeightGroup[], bytes: readonly Uint8Array[], layers: LayerWeights) {
    this.#builder = builder;
    this.#groups = groups;
    this.#bytes = bytes;
    this.#layers = layers;
    for (const weights of layers.values()) for (const stored of weights.values()) this.#names.set(stored, builder.unique(stored.name));
  }

  /** Shape of one of a layer's weights as it is stored. */
  shapeOf(layer: Layer, suffix: string): number[] {
    return this.#stored(layer, suffix).shape;
  }

  /** How a layer asks for its weights. */
  weightOf(layer: Layer): LayerCall['weight'] {
    return (suffix, shape, arrangement = {}) => {
      const stored = this.#stored(layer, suffix);
      if (stored.shape.length !== shape.length || stored.shape.some((dim, axis) => shape[axis]! >= 0 && shape[axis] !== dim)) {
        throw layer.config.error(`weight ${stored.name} has the shape [${shown(stored.shape)}], it wants [${shown(shape)}]`);
      }
      const name = this.#names.get(stored)!;
      if (this.#added.has(stored)) return name;
      this.#added.add(stored);
      const values = storedValues(this.#bytes[stored.group]!, stored);
      const { transposition } = arrangement;
      const dims = arrangement.dims ?? transposition?.map((axis) => stored.shape[axis]!) ?? stored.shape;
      this.#builder.weight(name, { type: 'float32', dims, data: transposition ? transpose(values, stored.shape, transposition) : values });
      if (stored.type === 'float32') {
        this.origins.set(name, {
          file: shardOf(this.#groups[stored.group]!, stored), key: stored.name, storedType: stored.storedType, shape: stored.shape,
          ...(stored.quantization && { quantization: stored.quantization }), ...(transposition && { transposition }),
        });
      }
      return name;
    };
  }

  #stored(layer: Layer, suffix: string): StoredWeight {
    const stored = this.#layers.get(layer.path)?.get(suffix);
    if (!stored) throw layer.config.error(`its ${suffix} is missing from the weightsManifest`);
    return stored;
  }
}
