import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Companion, Found } from './companion.ts';
import { imageProcessor } from './imageProcessor.ts';
import { labelList } from './labelList.ts';
import { modelConfig } from './modelConfig.ts';
import { teachableMachine } from './teachableMachine.ts';

/** Files that may stand beside a model; where two say the same, the first holds. */
const companions: readonly Companion[] = [
  imageProcessor, modelConfig, teachableMachine, labelList('labels.txt'), labelList('class_names.txt'), labelList('classes.txt'),
];

/** Bytes of such a file at most: the names of all classes of the largest classifiers take a tenth. */
const largest = 8 * 2 ** 20;

/** What files beside a model say of it, each with the name of its file. */
export type Companions = { [Fact in keyof Found]: { file: string; value: NonNullable<Found[Fact]> } };

/**
 * Reads the files beside a model that say how it wants its pictures and what its classes are called: those in its folder and, where
 * that is called `onnx` as Optimum does it, in the one above. What cannot be read is as if it were not there: nobody asked for it.
 */
export async function readCompanions(model: string): Promise<Companions> {
  const folder = dirname(model);
  const folders = basename(folder) === 'onnx' ? [folder, dirname(folder)] : [folder];
  const result: Companions = {};
  for (const companion of companions) {
    for (const place of folders) {
      const text = await readSmall(join(place, companion.file));
      const found = text === null ? null : companion.read(text);
      if (!found) continue;
      if (found.preprocessing) result.preprocessing ??= { file: companion.file, value: found.preprocessing };
      if (found.classNames) result.classNames ??= { file: companion.file, value: found.classNames };
      if (found.size) result.size ??= { file: companion.file, value: found.size };
      break;
    }
  }
  return result;
}

async function readSmall(path: string): Promise<string | null> {
  const handle = await open(path).catch(() => null);
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    return size <= largest ? (await handle.readFile('utf8')).replace(/^\uFEFF/, '') : null;
  } catch {
    // A folder of that name, or a file that may not be read.
    return null;
  } finally {
    await handle.close();
  }
}
