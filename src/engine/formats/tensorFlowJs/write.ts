import { access, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { UserError } from '../../job.ts';
import type { ModelGraph } from '../../graph/modelGraph.ts';
import { toBytes } from '../../graph/tensor.ts';
import { writeFileAtomic } from '../atomicWrite.ts';
import type { ChangedWeights } from '../format.ts';
import { field, type JsonObject } from '../layers/json.ts';
import { readGroup, readManifest, type StoredWeight, type WeightGroup } from './manifest.ts';
import { mergeMetadata, readRoot } from './modelJson.ts';
import { inverse, transpose } from '../layers/transpose.ts';

/**
 * Writes a copy of a model: shards named after `output` beside it, and last the model.json with all of the original's
 * fields. A changed weight that was stored in fewer bits is stored as float32; every other byte stays as it was.
 */
export async function writeModel(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  if (graph.files.some((file) => resolve(file) === resolve(output))) throw new UserError(`cannot write ${output}: it is a file of the model itself`);
  const root = await readRoot(graph.path);
  const groups = await readManifest(graph.path, root);
  const values = storedOrder(graph, changed, groups);
  const shards: Uint8Array[][] = [];
  for (const group of groups) shards.push(split(group, replaced(await readGroup(group), group, values)));
  const names = await freeNames(output, shards);
  const replacedShards = (await ownShards(output)).filter((shard) => !graph.files.includes(shard));
  const manifest = (field(root, 'weightsManifest') as JsonObject[]).map((entry, number) => ({
    ...entry, paths: names[number],
    weights: (entry['weights'] as JsonObject[]).map((weight, index) => describe(weight, values.has(groups[number]!.weights[index]!))),
  }));
  const userDefinedMetadata = mergeMetadata(root, metadata);
  const written: string[] = [];
  try {
    for (const [index, name] of names.flat().entries()) {
      const shard = join(dirname(output), name);
      await writeFileAtomic(shard, shards.flat()[index]!);
      written.push(shard);
    }
    await writeFileAtomic(output, JSON.stringify({
      ...root, weightsManifest: manifest, ...(Object.keys(userDefinedMetadata).length > 0 && { userDefinedMetadata }),
    }));
  } catch (error) {
    await Promise.all(written.map((shard) => rm(shard, { force: true })));
    throw error;
  }
  await Promise.all(replacedShards.map((shard) => rm(shard, { force: true })));
  return [output, ...written];
}

/** New values in the order in which the file stores them, by the weight's entry. */
function storedOrder(graph: ModelGraph, changed: ChangedWeights, groups: readonly WeightGroup[]): Map<StoredWeight, Float32Array> {
  const entries = new Map(groups.flatMap((group) => group.weights).map((weight) => [weight.name, weight]));
  const result = new Map<StoredWeight, Float32Array>();
  for (const [name, values] of changed) {
    const origin = graph.origins.get(name);
    const stored = origin && entries.get(origin.key);
    if (!stored) throw new Error(`${graph.path} has no weight ${name}`);
    const size = stored.shape.reduce((product, dim) => product * dim, 1);
    if (values.length !== size) throw new Error(`weight ${name} has ${values.length} new values, its shape wants ${size}`);
    const { transposition } = origin;
    result.set(stored, transposition ? transpose(values, transposition.map((axis) => stored.shape[axis]!), inverse(transposition)) : values);
  }
  return result;
}

/** A group's bytes in pieces, with those of the changed weights exchanged. */
function replaced(bytes: Uint8Array, group: WeightGroup, values: ReadonlyMap<StoredWeight, Float32Array>): Uint8Array {
  const pieces = group.weights.map((weight) => {
    const changed = values.get(weight);
    return changed ? toBytes(changed) : bytes.subarray(weight.offset, weight.offset + weight.bytes);
  });
  return Buffer.concat(pieces);
}

/** One shard stays one; several are cut at the length of the first, as converters cut them. */
function split(group: WeightGroup, bytes: Uint8Array): Uint8Array[] {
  const [length = 0] = group.sizes;
  if (group.sizes.length <= 1 || length === 0) return [bytes];
  return Array.from({ length: Math.max(1, Math.ceil(bytes.length / length)) }, (_, index) => bytes.subarray(index * length, (index + 1) * length));
}

/** A weight's entry in the manifest; a changed one is no longer quantised. */
function describe(entry: JsonObject, changed: boolean): JsonObject {
  if (!changed) return entry;
  const { quantization, ...rest } = entry;
  return quantization === undefined ? entry : rest;
}

/** Names for the shards, by group, that no file in the output's folder has yet. */
async function freeNames(output: string, shards: readonly Uint8Array[][]): Promise<string[][]> {
  const stem = basename(output, extname(output));
  for (let attempt = 1; ; attempt++) {
    const prefix = attempt === 1 ? stem : `${stem}-${attempt}`;
    const names = shards.map((group, number) => group.map((_, index) => `${prefix}-group${number + 1}-shard${index + 1}of${group.length}.bin`));
    const taken = await Promise.all(names.flat().map((name) => exists(join(dirname(output), name))));
    if (!taken.includes(true)) return names;
  }
}

/** Shards that an earlier output of the same name has by this program: they go when that is replaced. */
async function ownShards(output: string): Promise<string[]> {
  if (!(await exists(output))) return [];
  try {
    const groups = await readManifest(output, await readRoot(output));
    const stem = basename(output, extname(output));
    return groups.flatMap((group) => group.shards).filter((shard) => {
      const name = basename(shard);
      return name.startsWith(`${stem}-`) && /^-(\d+-)?group\d+-shard\d+of\d+\.bin$/.test(name.slice(stem.length));
    });
  } catch (error) {
    // Whatever stands there is replaced; only a model's shards are known to belong to it.
    if (error instanceof UserError) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
