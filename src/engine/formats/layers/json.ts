/** A JSON object of a file. Read it with `field`: a key of a file may be `__proto__` or `toString`. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object's own field; undefined where it is absent or null, as Python writes what is not set. */
export function field(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}
