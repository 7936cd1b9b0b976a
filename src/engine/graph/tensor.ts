import { create } from '@bufbuild/protobuf';
import { TensorProtoSchema, type TensorProto } from './onnx_pb.ts';

/** Element types that this program computes with; the names are ONNX Runtime's. */
export type ElementType =
  | 'float32' | 'float64' | 'float16' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'bool';

export type TensorData =
  | Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** An array with its shape, row-major. A float16 tensor holds the bit patterns in a `Uint16Array`. */
export interface Tensor {
  type: ElementType;
  dims: number[];
  data: TensorData;
}

/** ONNX's numbers of the element types (TensorProto.DataType). */
export const elementTypeCode: Record<ElementType, number> = {
  float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13,
};

/** The highest number of an element type in ONNX 1.23; types above `elementTypeCode`'s are the engine's affair. */
const largestTypeCode = 28;

const typeOfCode = new Map(Object.entries(elementTypeCode).map(([type, code]) => [code, type as ElementType]));

const arrayOf: Record<ElementType, { new (buffer: ArrayBuffer): TensorData; BYTES_PER_ELEMENT: number }> = {
  float32: Float32Array, float64: Float64Array, float16: Uint16Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
};

/** The element type with that ONNX number; throws for strings, complex numbers and types newer than this program. */
export function elementType(code: number): ElementType {
  const type = typeOfCode.get(code);
  if (!type) throw new Error(`element type ${code} is not supported`);
  return type;
}

/** Whether this program computes with the element type of that ONNX number. */
export function isKnownType(code: number): boolean {
  return typeOfCode.has(code);
}

/** Bytes of one element. */
export function elementBytes(type: ElementType): number {
  return arrayOf[type].BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Little-endian bytes as elements; copies, because the bytes may lie unaligned in a file. */
export function fromBytes(type: ElementType, bytes: Uint8Array): TensorData {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return new arrayOf[type](copy);
}

/** The elements' little-endian bytes, sharing memory. */
export function toBytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The values of a tensor of a model file whose data lie in the message itself, in `raw_data` or in a typed field.
 * Throws an error that names the tensor where the number of values does not fit its shape.
 */
export function decodeTensor(proto: TensorProto): Tensor {
  const type = elementType(proto.dataType);
  const dims = proto.dims.map(Number);
  const data = proto.rawData.length > 0 ? fromBytes(type, proto.rawData) : typedField(type, proto);
  if (data.length !== sizeOf(dims)) throw new Error(`tensor ${proto.name} has ${data.length} values, its shape [${dims.join(', ')}] wants ${sizeOf(dims)}`);
  return { type, dims, data };
}

/**
 * Checks without decoding that a tensor holds as many values as its shape says. Types that this program does not compute with
 * (text, 8-bit floats …) are the engine's affair. Throws an error that names the tensor.
 */
export function checkTensor(proto: TensorProto): void {
  const type = typeOfCode.get(proto.dataType);
  if (proto.dataType < 1 || proto.dataType > largestTypeCode) throw new Error(`tensor ${proto.name} has element type ${proto.dataType}, which there is not`);
  if (!type) return;
  const name = proto.name === '' ? 'a constant' : `tensor ${proto.name}`;
  const shape = `[${proto.dims.join(', ')}]`;
  if (proto.dims.some((dim) => dim < 0n)) throw new Error(`${name} has a size below zero in its shape ${shape}`);
  const wanted = sizeOf(proto.dims.map(Number));
  const held = proto.rawData.length > 0 ? proto.rawData.length / elementBytes(type) : fieldOf(type, proto).length;
  if (held !== wanted) throw new Error(`${name} has ${held} values, its shape ${shape} wants ${wanted}`);
}

/** The typed field that ONNX has for values of a type; float16 bit patterns and small integers stand in `int32_data`. */
function fieldOf(type: ElementType, proto: TensorProto): readonly unknown[] {
  switch (type) {
    case 'float32': return proto.floatData;
    case 'float64': return proto.doubleData;
    case 'int64': return proto.int64Data;
    case 'uint64': case 'uint32': return proto.uint64Data;
    default: return proto.int32Data;
  }
}

function typedField(type: ElementType, proto: TensorProto): TensorData {
  switch (type) {
    case 'float32': return Float32Array.from(proto.floatData);
    case 'float64': return Float64Array.from(proto.doubleData);
    case 'int64': return BigInt64Array.from(proto.int64Data);
    case 'uint64': return BigUint64Array.from(proto.uint64Data);
    case 'uint32': return Uint32Array.from(proto.uint64Data, Number);
    case 'int32': return Int32Array.from(proto.int32Data);
    case 'int16': return Int16Array.from(proto.int32Data);
    case 'int8': return Int8Array.from(proto.int32Data);
    // float16 bit patterns and unsigned values stand in int32_data too.
    case 'uint16': case 'float16': return Uint16Array.from(proto.int32Data);
    case 'uint8': case 'bool': return Uint8Array.from(proto.int32Data);
  }
}

/** A tensor as a message of a model file, its values in `raw_data`. */
export function encodeTensor(name: string, tensor: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name, dims: tensor.dims.map(BigInt), dataType: elementTypeCode[tensor.type], rawData: toBytes(tensor.data),
  });
}

/** The values as 32-bit floats; shares memory where they are that already. */
export function toFloat32(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  if (tensor.type === 'float16') {
    // A loop, because `from` with a function takes five times as long.
    const bits = tensor.data as Uint16Array;
    const values = new Float32Array(bits.length);
    for (let index = 0; index < bits.length; index++) values[index] = float16ToNumber(bits[index]!);
    return values;
  }
  return Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** IEEE 754 binary16 bit pattern → number. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

/** Number → IEEE 754 binary16 bit pattern, rounded to nearest, ties to even. */
export function numberToFloat16(value: number): number {
  float32[0] = value;
  const bits = float32Bits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: the value in units of 2^-24, rounded by the float64 arithmetic of the host.
    const scaled = Math.abs(value) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** bfloat16 bit patterns, the upper halves of 32-bit floats, as numbers. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}

/** Numbers as bfloat16 bit patterns, rounded to nearest, ties to even. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(Float32Array.from(values).buffer), (bits) => {
    // Not a number stays that, whatever is cut off.
    if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
    return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  });
}

/** Values as they come back from a file that stores them as `type`. */
export function asStored(values: Float32Array, type: ElementType | 'bfloat16' | undefined): Float32Array {
  if (type === 'float16') return Float32Array.from(values, (value) => float16ToNumber(numberToFloat16(value)));
  return type === 'bfloat16' ? bfloat16ToFloat32(float32ToBfloat16(values)) : values;
}
