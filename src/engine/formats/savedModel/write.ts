import { randomUUID } from 'node:crypto';
import { cp, mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../../job.ts';
import type { ModelGraph } from '../../graph/modelGraph.ts';
import { toBytes } from '../../graph/tensor.ts';
import { writeError } from '../atomicWrite.ts';
import type { ChangedWeights } from '../format.ts';
import { inverse, transpose } from '../layers/transpose.ts';
import { VariableBundle } from './bundle.ts';
import { maskedCrc32c } from './crc32c.ts';
import { readSavedModel } from './read.ts';

/** A place for files that TensorFlow copies and does not read (tensorflow/cc/saved_model/constants.h). */
const ownFile = join('assets.extra', 'model-stability.json');

/** Tells checksums of the other files, which change: TensorFlow needs none. */
const fingerprint = 'fingerprint.pb';

/**
 * Writes a copy of a model's folder in which the new values take the place of the old ones, with their checksums; every other byte
 * stays. The copy is made beside its place and renamed. `output` is the saved_model.pb of the new folder, which must not be there.
 */
export async function writeSavedModel(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  const source = dirname(graph.path);
  const target = dirname(output);
  if (resolve(source) === resolve(target)) throw new UserError(`cannot write ${target}: it is the model itself`);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await mkdir(temporary);
    for (const entry of await readdir(source)) {
      if (entry !== fingerprint && entry !== '.model-stability') await cp(join(source, entry), join(temporary, entry), { recursive: true });
    }
    await exchange(graph, changed, temporary);
    if (Object.keys(metadata).length > 0) {
      await mkdir(dirname(join(temporary, ownFile)), { recursive: true });
      await writeFile(join(temporary, ownFile), JSON.stringify({ ...await readMetadata(source), ...metadata }));
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined /* it could not even be made */);
    throw error instanceof UserError || !(error instanceof Error && 'code' in error) ? error : writeError(target, error);
  }
  return [output, ...graph.files.slice(1).map((file) => join(target, relative(source, file)))];
}

/** Metadata that this program added; empty where there are none. */
export async function readMetadata(folder: string): Promise<Record<string, string>> {
  const path = join(folder, ownFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const entries: unknown = JSON.parse(text);
    if (typeof entries === 'object' && entries !== null) return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    throw new UserError(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new UserError(`${path} holds no names with values`);
}

/** Puts new values into the data files of a copy. */
async function exchange(graph: ModelGraph, changed: ChangedWeights, folder: string): Promise<void> {
  if (changed.size === 0) return;
  const bundle = await VariableBundle.open(join(folder, 'variables'));
  const { copies } = await readSavedModel(folder);
  for (const [name, values] of changed) {
    const origin = graph.origins.get(name);
    const places = [origin?.key, origin && copies.get(origin.key)].flatMap((key) => (key === undefined ? [] : [bundle.entries.get(key)]));
    if (!origin || places.length === 0) throw new Error(`${graph.path} has no weight ${name}`);
    const { shape, transposition } = origin;
    const bytes = toBytes(transposition ? transpose(values, transposition.map((axis) => shape[axis]!), inverse(transposition)) : values);
    for (const place of places) {
      if (!place || bytes.length !== Number(place.entry.size)) throw new Error(`weight ${name} has ${values.length} new values, its shape [${shape.join(', ')}] or that of its copy wants another number`);
      const file = await open(bundle.dataFile(place), 'r+');
      try {
        await file.write(bytes, 0, bytes.length, Number(place.entry.offset));
        await file.sync();
      } finally {
        await file.close();
      }
      bundle.setChecksum(place, maskedCrc32c(bytes));
    }
  }
  await writeFile(bundle.files[0]!, bundle.index);
}
