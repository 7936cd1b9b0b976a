/** `npm run generate:schema`: the JSON schema of `model-stability.json`, from the engine's own. */
import { toJsonSchema } from '@valibot/to-json-schema';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { configSchema } from '../src/engine/config.ts';

/** Where an editor finds it: `contributes.jsonValidation` of the manifest. */
export const schemaFile = path.resolve(import.meta.dirname, '../schemas/model-stability.schema.json');

/** The schema as text. What JSON schema cannot say (the range of a distortion's strength) is left to the engine. */
export function configJsonSchema(): string {
  return `${JSON.stringify(toJsonSchema(configSchema, { errorMode: 'ignore' }), null, 2)}\n`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(schemaFile, configJsonSchema());
