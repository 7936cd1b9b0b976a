import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { UserError } from '../../job.ts';
import type { TensorProto } from '../../graph/onnx_pb.ts';
import { bfloat16 } from './float16.ts';
import { elementBytes, elementType, sizeOf, type ElementType } from '../../graph/tensor.ts';

/** Weights of a model in memory: a serialised graph cannot be larger. */
const largestModel = 2 ** 31 - 1;

export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === 1;
}

interface ExternalEntry {
  /** Absolute path, inside the model's folder. */
  file: string;
  offset: number;
  length: number;
}

/** Where an external tensor's bytes lie. Throws where that is outside of the model's folder, missing, or too short. */
export async function readExternalEntry(modelPath: string, tensor: TensorProto): Promise<ExternalEntry> {
  const entries = new Map(tensor.externalData.map((entry) => [entry.key, entry.value]));
  const location = entries.get('location') ?? '';
  if (location === '') throw new UserError(`${modelPath}: external data of ${describe(tensor)} name no file`);
  const folder = await realpath(dirname(modelPath));
  const named = resolve(folder, location);
  if (isAbsolute(location) || outside(folder, named)) throw outsideError(modelPath, tensor, location);
  const file = await realpath(named).catch(() => {
    throw new UserError(`${modelPath}: the external data file ${location} is missing`);
  });
  if (outside(folder, file)) throw outsideError(modelPath, tensor, location);
  const wanted = sizeOf(tensor.dims.map(Number)) * (tensor.dataType === bfloat16 ? 2 : elementBytes(typeOf(modelPath, tensor)));
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? wanted);
  if (length !== wanted || !Number.isSafeInteger(offset) || offset < 0) {
    throw new UserError(`${modelPath}: external data of ${describe(tensor)} says ${length} bytes at ${offset}, its shape wants ${wanted}`);
  }
  const found = await stat(file);
  if (!found.isFile()) throw new UserError(`${modelPath}: the external data file ${location} is no file`);
  const { size } = found;
  if (offset + length > size) {
    throw new UserError(`${modelPath}: the external data file ${location} is cut short: ${describe(tensor)} ends at ${offset + length}, the file at ${size}`);
  }
  return { file, offset, length };
}

function typeOf(modelPath: string, tensor: TensorProto): ElementType {
  try {
    return elementType(tensor.dataType);
  } catch (error) {
    throw new UserError(`${modelPath}: ${(error as Error).message}: external data of ${describe(tensor)}`, { cause: error });
  }
}

function outside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path.startsWith('..') || isAbsolute(path);
}

function describe(tensor: TensorProto): string {
  return tensor.name === '' ? 'a constant' : `weight ${tensor.name}`;
}

function outsideError(modelPath: string, tensor: TensorProto, location: string): UserError {
  return new UserError(`${modelPath}: external data of ${describe(tensor)} lies outside the model's folder: ${location}`);
}

/** Reads external tensors into the message itself and says which file each came from. */
export async function inlineExternalData(modelPath: string, tensors: readonly TensorProto[]): Promise<Map<TensorProto, string>> {
  const files = new Map<TensorProto, string>();
  const handles = new Map<string, FileHandle>();
  let total = 0;
  try {
    for (const tensor of tensors) {
      if (!isExternal(tensor)) continue;
      const entry = await readExternalEntry(modelPath, tensor);
      total += entry.length;
      if (total > largestModel) throw new UserError(`${modelPath} has more than 2 GB of weights, which cannot be opened yet`);
      const handle = handles.get(entry.file) ?? (await open(entry.file, 'r'));
      handles.set(entry.file, handle);
      const bytes = new Uint8Array(entry.length);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, entry.offset + at);
        if (bytesRead === 0) throw new UserError(`${modelPath}: ${entry.file} became shorter while it was read`);
        at += bytesRead;
      }
      tensor.rawData = bytes;
      tensor.dataLocation = 0;
      tensor.externalData = [];
      files.set(tensor, entry.file);
    }
  } finally {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
  }
  return files;
}
