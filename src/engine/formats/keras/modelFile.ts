import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../job.ts';
import { Hdf5File, looksLikeHdf5 } from '../hdf5/hdf5File.ts';
import { addText } from '../hdf5/addText.ts';
import { field, isObject, type JsonObject } from '../layers/json.ts';
import type { Dialect } from '../layers/layerConfig.ts';
import { looksLikeZip, ZipArchive } from './zipArchive.ts';

/** Bytes of the largest file that is read, and of the weights inside an archive. */
const largestFile = 2 ** 31 - 1;

/** Bytes of the longest description of a model that is read: real ones have a few megabytes. */
const longestJson = 256 * 2 ** 20;

const names = { config: 'config.json', metadata: 'metadata.json', weights: 'model.weights.h5' } as const;

/** Where a file of either kind keeps our metadata; Keras passes over it. */
const metadataKey = 'model_stability';

/** What a Keras file holds, whichever of the two kinds it is. */
export interface ModelFile {
  /** `{class_name, config}` of the model. */
  config: JsonObject;
  dialect: Dialect;
  weights: Hdf5File;
  /** Whether the weights are kept by the names of layers (`.h5`) or by their places in the model (`.keras`). */
  byName: boolean;
  metadata: Record<string, string>;
  /** The whole file with other bytes of the weights and with metadata, in pieces. */
  with(weights: Uint8Array, metadata: Record<string, string>): Uint8Array[];
}

/** Whether a file may be a Keras model: HDF5, or an archive that ends in `.keras` or begins with an entry of one. */
export function looksLikeKeras(path: string, head: Uint8Array): boolean {
  if (looksLikeHdf5(head)) return true;
  if (!looksLikeZip(head)) return /\.keras$/i.test(path);
  const name = new TextDecoder().decode(head.subarray(30, 60));
  return /\.keras$/i.test(path) || Object.values(names).some((known) => name.startsWith(known));
}

/** Reads a Keras file. Throws a `UserError` that names the file where it is none. */
export async function readModelFile(path: string): Promise<ModelFile> {
  const { size } = await stat(path);
  if (size > largestFile) throw new UserError(`${path} has ${size} bytes; a Keras file of more than ${largestFile} cannot be opened`);
  const bytes = await readFile(path);
  if (looksLikeHdf5(bytes)) return readHdf5(path, bytes);
  if (looksLikeZip(bytes)) return readArchive(path, bytes);
  throw new UserError(`${path} is not a Keras model: it is neither an HDF5 file nor an archive`);
}

function readHdf5(path: string, bytes: Uint8Array): ModelFile {
  const file = new Hdf5File(path, bytes);
  const [text] = file.root.texts('model_config') ?? [];
  if (text === undefined) {
    const onlyWeights = file.root.texts('layer_names') !== undefined || file.root.names.some((name) => name === 'layers' || name === '_layer_checkpoint_dependencies');
    throw new UserError(onlyWeights
      ? `${path} holds weights without the model that they belong to: save the whole model (model.save)`
      : `${path} is an HDF5 file, but not a Keras model: it has no model_config`);
  }
  const [ours] = file.root.texts(metadataKey) ?? [];
  const metadata = ours === undefined ? {} : texts(parse(path, 'its metadata', ours));
  return {
    config: configOf(path, parse(path, 'its model_config', text)), dialect: dialectOf(file.root.texts('keras_version')?.[0]),
    weights: file, byName: true, metadata,
    with: (weights, added) => {
      if (Object.keys(added).length === 0) return [weights];
      return [addText(new Hdf5File(path, weights), metadataKey, JSON.stringify({ ...metadata, ...added }))];
    },
  };
}

function readArchive(path: string, bytes: Uint8Array): ModelFile {
  const archive = new ZipArchive(path, bytes);
  if (!archive.has(names.config)) throw new UserError(`${path} is an archive, but not a Keras model: it has no ${names.config}`);
  const json = (name: string): unknown => parse(path, name, new TextDecoder().decode(archive.read(name, longestJson)));
  const about = archive.has(names.metadata) ? json(names.metadata) : {};
  const fields = isObject(about) ? about : {};
  const metadata = texts(field(fields, metadataKey));
  if (!archive.has(names.weights)) throw new UserError(`${path} has no ${names.weights}: other ways to keep weights cannot be opened`);
  const version = field(fields, 'keras_version');
  return {
    config: configOf(path, json(names.config)), dialect: dialectOf(typeof version === 'string' ? version : undefined),
    weights: new Hdf5File(`${path}: ${names.weights}`, archive.read(names.weights, largestFile)), byName: false, metadata,
    with: (weights, added) => {
      const changed = new Map<string, Uint8Array>([[names.weights, weights]]);
      if (Object.keys(added).length > 0) {
        if (!archive.has(names.metadata)) throw new UserError(`${path} has no ${names.metadata}, which every Keras model has`);
        changed.set(names.metadata, new TextEncoder().encode(JSON.stringify({ ...fields, [metadataKey]: { ...metadata, ...added } })));
      }
      return archive.with(changed);
    },
  };
}

/** Versions before 3 differ in what a few settings mean. */
function dialectOf(version: string | undefined): Dialect {
  return version !== undefined && Number.parseInt(version, 10) >= 3 ? 'keras3' : 'keras2';
}

function configOf(path: string, config: unknown): JsonObject {
  if (!isObject(config) || typeof field(config, 'class_name') !== 'string') throw new UserError(`${path} is not a Keras model: its description has no class_name`);
  return config;
}

function parse(path: string, what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: ${what} is not JSON, or it is cut short: ${(error as Error).message}`, { cause: error });
  }
}

/** The entries of an object that are text. */
function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(isObject(value) ? Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string') : []);
}
