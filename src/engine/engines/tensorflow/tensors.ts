import * as tf from '@tensorflow/tfjs-core';
import { elementTypeCode, toFloat32, type ElementType, type Tensor } from '../../graph/tensor.ts';

/** Values of tensors that the host knows, so that shapes and indices need not be read back from the backend. */
const known = new WeakMap<tf.Tensor, readonly number[]>();

const int32Limit = 2 ** 31 - 1;

/** TensorFlow.js's type for an ONNX element type: it knows floats of 32 bits, integers of 32 bits and truth values. */
export function deviceType(type: ElementType): 'float32' | 'int32' | 'bool' {
  if (type === 'float32' || type === 'float64' || type === 'float16') return 'float32';
  return type === 'bool' ? 'bool' : 'int32';
}

/** The type of an ONNX number in TensorFlow.js. */
export function deviceTypeOfCode(code: number): 'float32' | 'int32' | 'bool' {
  const type = (Object.keys(elementTypeCode) as ElementType[]).find((name) => elementTypeCode[name] === code);
  if (!type) throw new Error(`element type ${code} is not supported`);
  return deviceType(type);
}

/** Puts a tensor where the backend computes. Integers beyond 32 bits become the nearest that fits; ends of slices are such. */
export function upload(tensor: Tensor): tf.Tensor {
  const type = deviceType(tensor.type);
  if (type === 'float32') return tf.tensor(toFloat32(tensor), tensor.dims, type);
  if (type === 'bool') return tf.tensor(Uint8Array.from(tensor.data as Uint8Array), tensor.dims, type);
  return integers(Array.from(tensor.data as ArrayLike<number | bigint>, Number), tensor.dims);
}

/** An int32 tensor whose values the host remembers; a vector unless `dims` is given. */
export function integers(values: readonly number[], dims: number[] = [values.length]): tf.Tensor {
  const clamped = values.map((value) => Math.max(-int32Limit, Math.min(int32Limit, value)));
  const tensor = tf.tensor(Int32Array.from(clamped), dims, 'int32');
  known.set(tensor, clamped);
  return tensor;
}

/** A tensor's values on the host. No gradient flows through them. */
export function valuesOf(tensor: tf.Tensor): readonly number[] {
  return known.get(tensor) ?? Array.from(tensor.dataSync());
}

/** Reads a tensor back as the ONNX type that is wanted; the values are a copy. */
export async function download(tensor: tf.Tensor, type?: ElementType): Promise<Tensor> {
  const values = await tensor.data();
  const dims = [...tensor.shape];
  const natural = tensor.dtype === 'int32' ? 'int64' : tensor.dtype === 'bool' ? 'bool' : 'float32';
  switch (type ?? natural) {
    case 'float64': return { type: 'float64', dims, data: Float64Array.from(values) };
    case 'int64': return { type: 'int64', dims, data: BigInt64Array.from(values, (value) => BigInt(Math.trunc(value))) };
    case 'int32': return { type: 'int32', dims, data: Int32Array.from(values) };
    case 'bool': return { type: 'bool', dims, data: Uint8Array.from(values) };
    case 'uint8': return { type: 'uint8', dims, data: Uint8Array.from(values) };
    default: return { type: 'float32', dims, data: Float32Array.from(values) };
  }
}
