import { field, isObject, type JsonObject } from '../layers/json.ts';
import { typeOf, type Attribute } from '../tensorFlowGraph/graphDef.ts';

/**
 * A node's settings as JSON has them: the JSON form of TensorFlow's AttrValue, where bytes are base64 and long numbers are text
 * (tensorflow/core/framework/attr_value.proto, https://protobuf.dev/programming-guides/json). What is none of the known kinds is left out.
 */
export function attributesOf(json: unknown): ReadonlyMap<string, Attribute> {
  if (!isObject(json)) return new Map();
  return new Map(Object.keys(json).flatMap((name) => {
    const value = field(json, name);
    const attribute = isObject(value) ? attributeOf(value) : null;
    return attribute ? [[name, attribute] as const] : [];
  }));
}

function attributeOf(value: JsonObject): Attribute | null {
  const [kind] = Object.keys(value);
  const content = kind === undefined ? undefined : field(value, kind);
  switch (kind) {
    case 'type': return typeof content === 'string' || typeof content === 'number' ? { kind: 'type', value: typeName(content) } : null;
    case 'i': return { kind: 'int', value: numberOf(content) };
    case 'f': return { kind: 'float', value: numberOf(content) };
    case 'b': return { kind: 'bool', value: content === true };
    case 's': return { kind: 'text', value: textOf(content) };
    case 'shape': return { kind: 'shape', value: shapeOf(content) };
    case 'list': return { kind: 'list', value: isObject(content) ? listOf(content) : [] };
    default: return null;
  }
}

const typeName = (type: string | number): string => (typeof type === 'number' ? typeOf(type) : type);

/** Numbers may stand as text; what is none becomes NaN, which whoever reads it refuses. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

function shapeOf(value: unknown): number[] | null {
  if (!isObject(value) || field(value, 'unknownRank') === true) return null;
  const dims = field(value, 'dim') ?? [];
  return Array.isArray(dims) ? dims.map((dim: unknown) => numberOf(isObject(dim) ? field(dim, 'size') ?? 0 : undefined)) : null;
}

function listOf(list: JsonObject): (number | string | boolean)[] {
  const items = (key: string): unknown[] => {
    const value = field(list, key);
    return Array.isArray(value) ? value : [];
  };
  return [...items('i').map(numberOf), ...items('f').map(numberOf), ...items('s').map(textOf), ...items('b').map((item) => item === true)];
}
