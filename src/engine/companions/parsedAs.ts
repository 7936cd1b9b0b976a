import * as v from 'valibot';
import { parseJson } from '../parseJson.ts';

/** A text as JSON of that form; null where it is not, since files of one name are written by many programs. */
export function parsedAs<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | null {
  const result = v.safeParse(schema, parseJson(text));
  return result.success ? result.output : null;
}
