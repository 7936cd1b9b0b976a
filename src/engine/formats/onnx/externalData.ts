import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { UserError } from '../../job.ts';
import type { TensorProto } from '../../graph/onnx_pb.ts';
import { elementBytes, elementType, sizeOf } from '../../graph/tensor.ts';

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
  const folder = await realpath(dirname(modelPath));
  const named = resolve(folder, location);
  if (location === '' || isAbsolute(location) || outside(folder, named)) throw outsideError(modelPath, tensor, location);
  const file = await realpath(named).catch(() => {
    throw new UserError(`${modelPath}: the external data file ${location} is missing`);
  });
  if (outside(folder, file)) throw outsideError(modelPath, tensor, location);
  const wanted = sizeOf(tensor.dims.map(Number)) * elementBytes(elementType(tensor.dataType));
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? wanted);
  if (length !== wanted || !Number.isSafeInteger(offset) || offset < 0) {
    throw new UserError(`${modelPath}: external data of weight ${tensor.name} says ${length} bytes at ${offset}, its shape wants ${wanted}`);
  }
  const { size } = await stat(file);
  if (offset + length > size) {
    throw new UserError(`${modelPath}: the external data file ${location} is cut short: weight ${tensor.name} ends at ${offset + length}, the file at ${size}`);
  }
  return { file, offset, length };
}

function outside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path.startsWith('..') || isAbsolute(path);
}

function outsideError(modelPath: string, tensor: TensorProto, location: string): UserError {
  return new UserError(`${modelPath}: external data of weight ${tensor.name} lies outside the model's folder: ${location}`);
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
      await handle.read(bytes, 0, entry.length, entry.offset);
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
