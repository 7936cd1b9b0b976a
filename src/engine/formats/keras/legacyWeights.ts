import { UserError } from '../../job.ts';
import type { Hdf5File, Hdf5Object } from '../hdf5/hdf5File.ts';
import { layerKind } from '../layers/kinds/index.ts';
import type { Layer, Model } from '../layers/topology.ts';
import type { LayerWeight, LayerWeights } from '../layers/weightStore.ts';
import { layerWeight } from './storedWeights.ts';

/** A weight that a layer wants. */
interface Slot {
  layer: Layer;
  suffix: string;
}

/** Weights that Keras never trains, in whatever layer they are. */
const moments = new Set(['moving_mean', 'moving_variance', 'mean', 'variance', 'count']);

/**
 * The weights of an `.h5` file: a group for each layer of the outermost model, and in it the weights in an order of their own,
 * what can be trained before what cannot (`_legacy_weights` in Keras' legacy_h5_format.py). Like Keras, this goes by the order:
 * names of weights have changed with every version. Throws a `UserError` that names the layer.
 */
export function legacyWeights(path: string, file: Hdf5File, model: Model): LayerWeights {
  const root = file.root.at('model_weights') ?? file.root;
  const stored = listOf(root, 'layer_names').map((name) => {
    const group = root.at(name);
    if (!group) throw new UserError(`${path} is damaged: it has no weights of layer ${name}, which it lists`);
    return { name, group, weights: listOf(group, 'weight_names') };
  }).filter(({ weights }) => weights.length > 0);
  const wanted = [...model.layers.values()].map((layer) => ({ layer, slots: orderOf(layer) })).filter(({ slots }) => slots.length > 0);
  const byName = new Map(stored.map((entry) => [entry.name, entry]));
  const named = wanted.every(({ layer }) => byName.has(layer.config.name));
  // Layers that were renamed after they were saved still stand in the model's order.
  if (!named && stored.length !== wanted.length) {
    const { config } = (wanted.find(({ layer }) => !byName.has(layer.config.name)) ?? wanted[0]!).layer;
    throw config.error('its weights are missing from the file');
  }
  const found = new Map<string, Map<string, LayerWeight>>();
  for (const [place, { layer, slots }] of wanted.entries()) {
    const { name, group, weights } = named ? byName.get(layer.config.name)! : stored[place]!;
    if (weights.length !== slots.length) throw layer.config.error(`it wants ${slots.length} weights, the file has ${weights.length}`);
    for (const [index, slot] of slots.entries()) {
      const dataset = group.at(weights[index]!)?.dataset;
      if (!dataset) throw layer.config.error(`its weight ${weights[index]} is missing from the file`);
      const known = found.get(slot.layer.path) ?? new Map<string, LayerWeight>();
      const key = `${file.root === root ? '' : 'model_weights/'}${name}/${weights[index]}`;
      known.set(slot.suffix, layerWeight(path, key, dataset, `${slot.layer.path}/${slot.suffix}`));
      found.set(slot.layer.path, known);
    }
  }
  return found;
}

/** A list of names, which Keras spreads over several attributes where it is long. */
function listOf(object: Hdf5Object, attribute: string): string[] {
  const list = object.texts(attribute);
  if (list) return list;
  const all: string[] = [];
  for (let part = 0; ; part++) {
    const more = object.texts(`${attribute}${part}`);
    if (!more) return all;
    all.push(...more);
  }
}

function orderOf(layer: Layer): Slot[] {
  const all = variablesOf(layer);
  return [...all.filter((variable) => variable.trained), ...all.filter((variable) => !variable.trained)];
}

/** A layer's weights, those of a nested model layer by layer, and which of them Keras counts as trained. */
function variablesOf(layer: Layer): (Slot & { trained: boolean })[] {
  if (layer.config.className === 'InputLayer') return [];
  const trainable = layer.config.flag('trainable', true);
  if (layer.model) return [...layer.model.layers.values()].flatMap(variablesOf).map((variable) => ({ ...variable, trained: trainable && variable.trained }));
  return (layerKind(layer.config).weights?.(layer.config) ?? []).map((suffix) => ({ layer, suffix, trained: trainable && !moments.has(suffix) }));
}
