import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { parseJson } from '../parseJson.ts';

/** Feature distances of different clean pictures, of one class each where `sameClass`; beside the pairs of an evaluation. */
export interface Negatives {
  sameClass: boolean;
  /** Pictures that the sample was drawn from. */
  pictures: number;
  distances: number[];
}

const negativesName = 'negatives.json';
const schema = v.object({ sameClass: v.boolean(), pictures: v.number(), distances: v.array(v.pipe(v.number(), v.finite(), v.minValue(0))) });

export async function writeNegatives(folder: string, negatives: Negatives): Promise<void> {
  await writeFileAtomic(join(folder, negativesName), `${JSON.stringify(negatives)}\n`);
}

/** What the run kept; null where it has none, or they cannot be read: the pairs are worth looking at without them. */
export async function readNegatives(folder: string): Promise<Negatives | null> {
  const text = await readFile(join(folder, negativesName), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = v.safeParse(schema, parseJson(text));
  return parsed.success ? parsed.output : null;
}
