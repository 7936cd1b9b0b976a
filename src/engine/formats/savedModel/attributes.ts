import { UserError } from '../../job.ts';
import { float16ToNumber, fromBytes, sizeOf, type ElementType, type TensorData } from '../../graph/tensor.ts';
import { typeOf, type Attribute } from '../tensorFlowGraph/graphDef.ts';
import type { AttrValue, NodeDef, TensorProto, TensorShapeProto } from './tensorflow_pb.ts';

const text = new TextDecoder();

/** A node's settings; arrays, which only Const nodes have, are read apart. */
export function attributesOf(attributes: NodeDef['attr']): ReadonlyMap<string, Attribute> {
  return new Map(Object.entries(attributes).flatMap(([name, { value }]) => {
    const attribute = attributeOf(value);
    return attribute ? [[name, attribute] as const] : [];
  }));
}

function attributeOf({ case: kind, value }: AttrValue['value']): Attribute | null {
  switch (kind) {
    case 'b': return { kind: 'bool', value };
    case 'f': return { kind: 'float', value };
    case 'func': return { kind: 'function', value: value.name };
    case 'i': return { kind: 'int', value: Number(value) };
    case 'list': return { kind: 'list', value: [...value.i.map(Number), ...value.f, ...value.s.map((bytes) => text.decode(bytes)), ...value.b] };
    case 's': return { kind: 'text', value: text.decode(value) };
    case 'shape': return { kind: 'shape', value: shapeOf(value) };
    case 'type': return { kind: 'type', value: typeOf(value) };
    default: return null;
  }
}

/** Sizes of the axes, −1 where one is open; null where their number is. */
export function shapeOf(shape: TensorShapeProto | undefined): number[] | null {
  if (!shape) return [];
  return shape.unknownRank ? null : shape.dim.map((dim) => Number(dim.size));
}

/** Elements of one array at most: more do not fit the memory that a graph may take. */
const largestArray = 2 ** 31;

/** Shape of an array; throws where it cannot be. `name` says what it is, for the message. */
export function arrayShape(shape: TensorShapeProto | undefined, name: string, path: string): number[] {
  const dims = shapeOf(shape);
  if (!dims || dims.length > 8 || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || sizeOf(dims) > largestArray) throw new UserError(`${path}: ${name} has a shape that cannot be: [${(dims ?? []).slice(0, 9).join(', ')}]`);
  return dims;
}

/** Values at most that a list with a last number for all others may stand for: a few bytes could say any number of them. */
const longestList = 2 ** 24;

/** Values of a Const node: as bytes, or as a list whose last number stands for all that follow (tensor.proto). */
export function constantData(tensor: TensorProto, type: ElementType, shape: readonly number[], error: (reason: string) => UserError): TensorData {
  const size = sizeOf(shape);
  if (tensor.tensorContent.length > 0) {
    const data = fromBytes(type, Uint8Array.from(tensor.tensorContent));
    if (data.length !== size) throw error(`it has ${data.length} values, its shape wants ${size}`);
    return type === 'float16' ? Float32Array.from(data as Uint16Array, float16ToNumber) : data;
  }
  if (size > longestList) throw error(`it says a shape of ${size} numbers and holds few`);
  const at = <Item>(list: readonly Item[], zero: Item) => (index: number): Item => list[Math.min(index, list.length - 1)] ?? zero;
  const numbers = type === 'float64' ? tensor.doubleVal : type === 'float16' ? tensor.halfVal.map(float16ToNumber) : type === 'float32' ? tensor.floatVal : tensor.intVal;
  const value = at<number>(numbers, 0);
  const fill = { length: size };
  switch (type) {
    case 'bool': return Uint8Array.from(fill, (_, index) => Number(at(tensor.boolVal, false)(index)));
    case 'float16': case 'float32': return Float32Array.from(fill, (_, index) => value(index));
    case 'float64': return Float64Array.from(fill, (_, index) => value(index));
    case 'int32': return Int32Array.from(fill, (_, index) => value(index));
    case 'int64': return BigInt64Array.from(fill, (_, index) => at(tensor.int64Val, 0n)(index));
    case 'uint8': return Uint8Array.from(fill, (_, index) => value(index));
    default: throw error(`it holds ${type}, which cannot be opened`);
  }
}
