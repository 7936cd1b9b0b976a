import type { GraphBuilder } from '../../graph/graphBuilder.ts';
import type { WeightOrigin } from '../../graph/modelGraph.ts';
import { shown } from './kinds/image.ts';
import type { LayerCall } from './kinds/layerKind.ts';
import type { Layer } from './topology.ts';
import { transpose } from './transpose.ts';

/** A weight as a file stores it. */
export interface LayerWeight {
  /** Its name in the graph, unless another weight has that already. */
  name: string;
  shape: number[];
  /** Its values as 32-bit floats, in the order in which they are stored. */
  values(): Float32Array;
  /** Where they lie; absent for values that are no floats and therefore not trained. */
  origin?: Omit<WeightOrigin, 'transposition'>;
}

/** The stored weights of each layer, by the layer's path and the weight's name in the layer. */
export type LayerWeights<Weight = LayerWeight> = ReadonlyMap<string, ReadonlyMap<string, Weight>>;

/** Puts stored weights into the graph, each once and only where a layer asks for it, and remembers where they came from. */
export class WeightStore {
  readonly origins = new Map<string, WeightOrigin>();
  readonly #builder: GraphBuilder;
  readonly #layers: LayerWeights;
  readonly #place: string;
  /** Names in the graph: taken before any node's, so that they are the same as in the file. */
  readonly #names = new Map<LayerWeight, string>();
  readonly #added = new Map<LayerWeight, string>();

  /** `place` is where the file lists its weights, as messages say it. */
  constructor(builder: GraphBuilder, layers: LayerWeights, place: string) {
    this.#builder = builder;
    this.#layers = layers;
    this.#place = place;
    for (const weights of layers.values()) for (const stored of weights.values()) if (!this.#names.has(stored)) this.#names.set(stored, builder.unique(stored.name));
  }

  /** Shape of one of a layer's weights as it is stored. */
  shapeOf(layer: Layer, suffix: string): number[] {
    return this.#stored(layer, suffix).shape;
  }

  /** How a layer asks for its weights. */
  weightOf(layer: Layer): LayerCall['weight'] {
    return (suffix, shape, arrangement = {}) => {
      const stored = this.#stored(layer, suffix);
      const name = this.#names.get(stored)!;
      if (stored.shape.length !== shape.length || stored.shape.some((dim, axis) => shape[axis]! >= 0 && shape[axis] !== dim)) {
        throw layer.config.error(`weight ${stored.name} has the shape [${shown(stored.shape)}], it wants [${shown(shape)}]`);
      }
      const { transposition } = arrangement;
      const dims = arrangement.dims ?? transposition?.map((axis) => stored.shape[axis]!) ?? stored.shape;
      const known = this.#added.get(stored);
      if (known !== undefined && known !== dims.join()) throw layer.config.error(`weight ${stored.name} is read in two shapes, [${known}] and [${shown(dims)}]`);
      if (known !== undefined) return name;
      this.#added.set(stored, dims.join());
      const values = stored.values();
      this.#builder.weight(name, { type: 'float32', dims, data: transposition ? transpose(values, stored.shape, transposition) : values });
      if (stored.origin) this.origins.set(name, { ...stored.origin, ...(transposition && { transposition }) });
      return name;
    };
  }

  /** The stored values of one of a layer's weights, for a layer that computes with them before the graph does. */
  valuesOf(layer: Layer, suffix: string): Float32Array {
    return this.#stored(layer, suffix).values();
  }

  #stored(layer: Layer, suffix: string): LayerWeight {
    const stored = this.#layers.get(layer.path)?.get(suffix);
    if (!stored) throw layer.config.error(`its ${suffix} is missing from ${this.#place}`);
    return stored;
  }
}
