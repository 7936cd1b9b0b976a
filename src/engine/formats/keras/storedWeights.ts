import { UserError } from '../../job.ts';
import { float16ToNumber, fromBytes, numberToFloat16, toBytes, type ElementType } from '../../graph/tensor.ts';
import type { Dataset } from '../hdf5/dataset.ts';
import type { LayerWeight } from '../layers/weightStore.ts';

const floatTypes: Partial<Record<number, ElementType>> = { 2: 'float16', 4: 'float32', 8: 'float64' };

/** Type of a dataset's floats; undefined where they are none that this program knows. */
function floatType({ type }: Dataset): ElementType | undefined {
  const known = type.kind === 'float' ? floatTypes[type.size] : undefined;
  // bfloat16 has the size of float16.
  return known === 'float16' && type.exponentBits !== 5 ? undefined : known;
}

/** A dataset of a model as a weight that a layer asks for. `file` is the model's file, `key` the dataset's path in it. */
export function layerWeight(file: string, key: string, dataset: Dataset, name: string): LayerWeight {
  const storedType = floatType(dataset);
  return {
    name, shape: dataset.shape, ...(storedType && { origin: { file, key, storedType, shape: dataset.shape } }),
    values: () => {
      if (!storedType) throw new UserError(`${file}: weight ${key} is stored as ${dataset.type.kind === 'integer' ? 'whole numbers' : `a type that is not known`}; only float16, float32 and float64 can be opened`);
      const stored = fromBytes(storedType, ordered(dataset.read(), dataset));
      if (stored instanceof Float32Array) return stored;
      const values = new Float32Array(stored.length);
      for (let index = 0; index < values.length; index++) values[index] = storedType === 'float16' ? float16ToNumber(stored[index] as number) : Number(stored[index]);
      return values;
    },
  };
}

/** New values in the bytes of their dataset's own type. */
export function encoded(values: Float32Array, dataset: Dataset): Uint8Array {
  const type = floatType(dataset);
  const data = type === 'float16' ? Uint16Array.from(values, numberToFloat16) : type === 'float64' ? Float64Array.from(values) : values;
  return ordered(toBytes(data), dataset);
}

/** Elements whose bytes stand in the other order than this program's, turned around. */
function ordered(bytes: Uint8Array, { type }: Dataset): Uint8Array {
  if (!type.bigEndian) return bytes;
  const result = Buffer.from(bytes);
  return type.size === 2 ? result.swap16() : type.size === 4 ? result.swap32() : result.swap64();
}
