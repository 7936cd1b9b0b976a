import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { UserError } from '../job.ts';
import { constantTensor, ModelGraph, type WeightOrigin } from '../graph/modelGraph.ts';
import { ModelProtoSchema, type ModelProto, type TensorProto } from '../graph/onnx_pb.ts';
import { decodeTensor, elementType, encodeTensor, numberToFloat16, sizeOf, toBytes, type TensorData } from '../graph/tensor.ts';
import { findWeights } from '../graph/weights.ts';
import { writeError, writeFileAtomic } from './atomicWrite.ts';
import type { ChangedWeights, Format } from './format.ts';
import { inlineExternalData, isExternal, readExternalEntry } from './onnx/externalData.ts';
import { convertFloat16 } from './onnx/float16.ts';

/** ONNX files, weights inside or in external data files beside them. */
export const onnx: Format = {
  name: 'onnx',
  title: 'ONNX',
  // A model begins with its IR version: field 1, a small number.
  matches: (path, head) => extname(path).toLowerCase() === '.onnx' || (head[0] === 0x08 && head[1]! > 0 && head[1]! < 32 && head.includes(0x3a)),
  read,
  write,
};

async function parse(path: string): Promise<ModelProto> {
  const { size } = await stat(path);
  if (size >= 2 ** 31) throw new UserError(`${path} is larger than 2 GB; ONNX keeps such weights in external data files`);
  const bytes = await readFile(path);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new UserError(`${path} is not an ONNX model, or it is damaged or cut short`, { cause: error });
  }
  if (!model.graph || model.graph.node.length === 0) throw new UserError(`${path} is not an ONNX model: it holds no graph`);
  if (!model.opsetImport.some((entry) => entry.domain === '' || entry.domain === 'ai.onnx')) {
    throw new UserError(`${path} is not an ONNX model, or it is damaged or cut short`);
  }
  return model;
}

async function read(path: string): Promise<ModelGraph> {
  const model = await parse(path);
  const origins = new Map<string, WeightOrigin>();
  const tensors = namedTensors(model);
  const externalFiles = await inlineExternalData(path, [...tensors.values()]);
  const weights = findWeights(
    model.graph!,
    (name) => [1, 10, 11].includes(tensors.get(name)?.dataType ?? 0),
    (name) => sizeOf(tensors.get(name)!.dims.map(Number)),
  );
  for (const name of weights) {
    const tensor = tensors.get(name)!;
    origins.set(name, { file: externalFiles.get(tensor) ?? path, key: name, storedType: elementType(tensor.dataType), shape: tensor.dims.map(Number) });
  }
  convertFloat16(model);
  for (const name of weights) {
    try {
      decodeTensor(tensors.get(name)!);
    } catch (error) {
      throw new UserError(`${path} is damaged: ${(error as Error).message}`, { cause: error });
    }
  }
  return new ModelGraph({
    format: 'onnx', path, model, origins,
    files: [path, ...new Set(externalFiles.values())],
    metadata: Object.fromEntries(model.metadataProps.map((entry) => [entry.key, entry.value])),
  });
}

/** Initializers and the tensors of Constant nodes, by the name of the value they fix. */
function namedTensors(model: ModelProto): Map<string, TensorProto> {
  const tensors = new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensor]));
  for (const node of model.graph!.node) {
    const tensor = constantTensor(node);
    if (tensor) tensors.set(node.output[0]!, tensor);
  }
  return tensors;
}

async function write(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  const model = await parse(graph.path);
  const tensors = namedTensors(model);
  const patches: { file: string; offset: number; bytes: Uint8Array }[] = [];
  const external = new Map<string, string>();
  for (const tensor of tensors.values()) {
    if (!isExternal(tensor)) continue;
    const entry = await readExternalEntry(graph.path, tensor);
    const copy = external.get(entry.file) ?? externalName(output, basename(graph.path), basename(entry.file), external.size);
    external.set(entry.file, copy);
    tensor.externalData.find((item) => item.key === 'location')!.value = copy;
    // A checksum of the whole file no longer holds where a byte of it has changed.
    tensor.externalData = tensor.externalData.filter((item) => item.key !== 'checksum');
    const values = changed.get(tensor.name);
    if (values) patches.push({ file: entry.file, offset: entry.offset, bytes: toBytes(stored(tensor, values)) });
  }
  for (const [name, values] of changed) {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${graph.path} has no weight ${name}`);
    if (!isExternal(tensor)) setValues(tensor, stored(tensor, values));
  }
  for (const [key, value] of Object.entries(metadata)) {
    const entry = model.metadataProps.find((item) => item.key === key);
    if (entry) entry.value = value;
    else model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key, value });
  }
  const copies: string[] = [];
  try {
    for (const [file, name] of external) {
      const copy = join(dirname(output), name);
      await copyPatched(file, copy, patches.filter((patch) => patch.file === file));
      copies.push(copy);
    }
    await writeFileAtomic(output, toBinary(ModelProtoSchema, model));
  } catch (error) {
    await Promise.all(copies.map((copy) => rm(copy, { force: true })));
    throw error;
  }
  return [output, ...copies];
}

/** `NAME.onnx.data` follows the model's new name; a second data file is numbered. */
function externalName(output: string, model: string, file: string, index: number): string {
  const suffix = file.startsWith(model) && file.length > model.length ? file.slice(model.length) : '.data';
  return `${basename(output)}${index > 0 ? `.${index}` : ''}${suffix}`;
}

async function copyPatched(from: string, to: string, patches: readonly { offset: number; bytes: Uint8Array }[]): Promise<void> {
  const temporary = join(dirname(to), `.${basename(to)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    await copyFile(from, temporary);
    const file = await open(temporary, 'r+');
    try {
      for (const patch of patches) await file.write(patch.bytes, 0, patch.bytes.length, patch.offset);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw writeError(to, error);
  }
}

/** Float32 values in the tensor's own type. */
function stored(tensor: TensorProto, values: Float32Array): TensorData {
  const type = elementType(tensor.dataType);
  if (sizeOf(tensor.dims.map(Number)) !== values.length) throw new Error(`weight ${tensor.name} has ${sizeOf(tensor.dims.map(Number))} values, got ${values.length}`);
  if (type === 'float16') return Uint16Array.from(values, numberToFloat16);
  if (type === 'float64') return Float64Array.from(values);
  return values;
}

/** Puts values where the tensor had them: in its typed field if it used that, else in `raw_data`. */
function setValues(tensor: TensorProto, data: TensorData): void {
  if (tensor.floatData.length > 0) tensor.floatData = Array.from(data as Float32Array);
  else if (tensor.doubleData.length > 0) tensor.doubleData = Array.from(data as Float64Array);
  else if (tensor.int32Data.length > 0) tensor.int32Data = Array.from(data as Uint16Array);
  else tensor.rawData = encodeTensor('', { type: elementType(tensor.dataType), dims: [data.length], data }).rawData;
}
