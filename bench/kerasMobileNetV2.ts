import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { archive, hdf5 } from '../test/unit/keras/modelFiles.ts';
import { mobileNetV2Layers } from './kerasLayers.ts';
import { benchFolder } from './setup.ts';

/** A `.keras` file of the network that mobileNetV2.ts makes. */
export async function kerasMobileNetV2(classes = 1000): Promise<string> {
  const path = join(benchFolder, `mobilenetv2-${classes}.keras`);
  if (existsSync(path)) return path;
  const network = mobileNetV2Layers(classes);
  const layers = network.map(({ kind, name, inputs, config }) => {
    const tensors = inputs.map((input) => ({ class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [input, 0, 0] } }));
    return { module: 'keras.layers', class_name: kind, config, registered_name: null, name, inbound_nodes: inputs.length === 0 ? [] : [{ args: inputs.length > 1 ? [tensors] : tensors, kwargs: {} }] };
  });
  const weights = network.flatMap(({ name, weights }) => weights.map(({ shape, values }, index): [string, number[], Float32Array] => [`layers/${name}/vars/${index}`, shape, values]));
  const config = { module: 'keras.src.models.functional', class_name: 'Functional', config: { name: 'mobilenetv2', trainable: true, layers, input_layers: [['input_layer', 0, 0]], output_layers: [[layers.at(-1)!.name, 0, 0]] }, registered_name: 'Functional' };
  return archive(path, config, await hdf5(benchFolder, weights));
}
