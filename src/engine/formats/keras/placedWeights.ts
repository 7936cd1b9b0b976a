import type { Hdf5File, Hdf5Object } from '../hdf5/hdf5File.ts';
import { layerKind } from '../layers/kinds/index.ts';
import type { Model } from '../layers/topology.ts';
import type { LayerWeight, LayerWeights } from '../layers/weightStore.ts';
import { layerWeight } from './storedWeights.ts';

/** What the layers of a model are kept in, in the versions of Keras. */
const containers = ['layers', '_layer_checkpoint_dependencies'];

/**
 * The weights of a `.keras` archive: `layers/conv2d_1/vars/0` is the first weight of the second layer of class Conv2D, whatever
 * its name (`_save_container_state` in Keras' saving_lib.py). Throws a `UserError` that names the layer.
 */
export function placedWeights(path: string, file: Hdf5File, model: Model): LayerWeights {
  const found = new Map<string, Map<string, LayerWeight>>();
  place(model, file.root, '');
  return found;

  function place(inside: Model, group: Hdf5Object | undefined, prefix: string): void {
    const container = containers.find((name) => group?.at(name)) ?? containers[0]!;
    const used = new Map<string, number>();
    for (const layer of inside.layers.values()) {
      const { config } = layer;
      // Operations are no layers, and Keras does not count them.
      if (config.className.startsWith('ops.')) continue;
      const kind = snakeCase(config.className);
      const number = used.get(kind) ?? 0;
      used.set(kind, number + 1);
      const name = `${container}/${number === 0 ? kind : `${kind}_${number}`}`;
      // A first version of Keras on Windows wrote paths in its own manner, as one name.
      const own = group?.at(name) ?? group?.at(name.replaceAll('/', '\\'));
      if (layer.model) {
        place(layer.model, own, `${prefix}${name}/`);
        continue;
      }
      if (config.className === 'InputLayer') continue;
      const weights = (layerKind(config).weights?.(config) ?? []).map((suffix, index): [string, LayerWeight] => {
        const dataset = own?.at(`vars/${index}`)?.dataset;
        if (!dataset) throw config.error(`its ${suffix} is missing from the file (${prefix}${name}/vars/${index})`);
        return [suffix, layerWeight(path, `${prefix}${name}/vars/${index}`, dataset, `${layer.path}/${suffix}`)];
      });
      if (weights.length > 0) found.set(layer.path, new Map(weights));
    }
  }
}

/** A class name as Keras' files have it: `SeparableConv2D` is `separable_conv2d`, `ReLU` is `re_lu`. */
function snakeCase(className: string): string {
  return className.replace(/\W+/g, '').replace(/(.)([A-Z][a-z]+)/g, '$1_$2').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}
