import { layerKind } from './kinds/index.ts';
import type { Layer, Model } from './topology.ts';
import type { LayerWeights } from './weightStore.ts';

/** A weight that a layer wants: `kernel` of the layer at `model_1/conv`. */
interface Slot {
  layer: Layer;
  suffix: string;
  /** Place in the layer's own list. */
  index: number;
  /** Another name for it, where some program has one. */
  alias: string | undefined;
}

/** How names in manifests were seen to be made, the surest first. */
const namings: ((slot: Slot, name: string) => boolean)[] = [
  ({ layer, suffix }, name) => name === `${layer.path}/${suffix}`,
  ({ layer, suffix }, name) => name === `${layer.config.name}/${suffix}`,
  // Name scopes before the layer's own: `model_1/conv/kernel`.
  ({ layer, suffix }, name) => name.endsWith(`/${layer.path}/${suffix}`),
  ({ layer, suffix }, name) => name.endsWith(`/${layer.config.name}/${suffix}`) && parentOf(layer) !== '' && `/${name}`.includes(`/${parentOf(layer)}/`),
  ({ layer, suffix }, name) => name.endsWith(`/${layer.config.name}/${suffix}`),
  // A scope between the layer and its weight, as TensorFlow 2.2 wrote it.
  ({ layer, suffix }, name) => name.endsWith(`/${suffix}`) && `/${name}`.includes(`/${layer.config.name}/`),
  // Keras 3 numbers a layer's weights.
  ({ layer, index }, name) => [`/${layer.config.name}/${index}`, `/${layer.config.name}/vars/${index}`].some((end) => `/${name}`.endsWith(end)),
];

function parentOf(layer: Layer): string {
  return layer.path.split('/').at(-2) ?? '';
}

/**
 * Finds each layer's weights among those that a file stores: by their names, and what is left by their order.
 * Throws a `UserError` that names the layer where one is missing; `place` says from where.
 */
export function assignWeights<Weight extends { name: string }>(model: Model, stored: readonly Weight[], place: string): LayerWeights<Weight> {
  const free = new Map(stored.map((weight) => [weight.name.replace(/:\d+$/, ''), weight]));
  let slots = slotsOf(model);
  const found = new Map<string, Map<string, Weight>>();
  const take = (slot: Slot, name: string): void => {
    const weights = found.get(slot.layer.path) ?? new Map<string, Weight>();
    weights.set(slot.suffix, free.get(name)!);
    found.set(slot.layer.path, weights);
    free.delete(name);
  };
  for (const aliased of [false, true]) {
    for (const [rule, fits] of namings.entries()) {
      slots = slots.filter((slot) => {
        if (aliased && slot.alias === undefined) return true;
        const named = aliased ? { ...slot, suffix: slot.alias! } : slot;
        // The first two rules are whole names; the others look for one.
        const exact = rule === 0 ? `${slot.layer.path}/${named.suffix}` : `${slot.layer.config.name}/${named.suffix}`;
        const name = rule < 2 ? (free.has(exact) ? exact : undefined) : [...free.keys()].find((candidate) => fits(named, candidate));
        if (name !== undefined) take(slot, name);
        return name === undefined;
      });
    }
  }
  // Layers that were renamed after they were made: their weights still stand in the layers' order.
  for (const group of groupBy(slots, (slot) => slot.suffix).values()) {
    const names = [...free.keys()].filter((name) => name.split('/').at(-1) === group[0]!.suffix);
    if (names.length !== group.length) {
      const { layer, suffix } = group[0]!;
      throw layer.config.error(`its ${suffix} is missing from ${place}`);
    }
    for (const [index, slot] of group.entries()) take(slot, names[index]!);
  }
  return found;
}

/** Every weight that the layers want, in the order of the file. Throws for layers of an unknown class. */
function slotsOf(model: Model): Slot[] {
  return [...model.layers.values()].flatMap((layer) => {
    if (layer.model) return slotsOf(layer.model);
    if (layer.config.className === 'InputLayer') return [];
    const kind = layerKind(layer.config);
    return (kind.weights?.(layer.config) ?? []).map((suffix, index) => ({ layer, suffix, index, alias: kind.aliases?.[suffix] }));
  });
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
