import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { access, copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, extname, join } from 'node:path';
import { UserError } from '../job.ts';
import { ModelGraph, valueOf, type Value, type WeightOrigin } from '../graph/modelGraph.ts';
import { ModelProtoSchema, type GraphProto, type ModelProto, type TensorProto } from '../graph/onnx_pb.ts';
import { checkTensor, decodeTensor, elementType, float32ToBfloat16, numberToFloat16, sizeOf, toBytes, toFloat32, type TensorData } from '../graph/tensor.ts';
import { findWeights } from '../graph/weights.ts';
import { fixSize, type AskedSize, type OpenSize, type SizeChoice } from '../inputSize.ts';
import { writeError, writeFileAtomic } from './atomicWrite.ts';
import type { ChangedWeights, Format } from './format.ts';
import { checkGraph } from './onnx/checkGraph.ts';
import { inlineExternalData, isExternal, readExternalEntry } from './onnx/externalData.ts';
import { bfloat16, convertFloat16 } from './onnx/float16.ts';
import { inlineFunctions } from './onnx/inlineFunctions.ts';
import { takeFloats } from './onnx/pictureBytes.ts';
import { separateStatistics } from './onnx/separateStatistics.ts';
import { allTensors, namedTensors, tensorsOf } from './onnx/tensors.ts';

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

async function read(path: string, size?: AskedSize): Promise<ModelGraph> {
  const model = await parse(path);
  separateStatistics(model);
  // Before functions are put in: only what stands in the graph itself can be written back.
  const named = namedTensors(model);
  inlineFunctions(path, model);
  takeFloats(model);
  checkGraph(path, model.graph!);
  const origins = new Map<string, WeightOrigin>();
  const tensors = allTensors(model.graph!);
  const externalFiles = await inlineExternalData(path, tensors);
  // What the file itself says of its weights, before 16-bit floats become 32-bit ones.
  const types = new Map([...named].map(([name, { dataType }]) => [name, dataType]));
  try {
    tensors.forEach(checkTensor);
    convertFloat16(model);
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}`, { cause: error });
  }
  const weights = findWeights(
    model.graph!,
    (name) => [1, 11].includes(named.get(name)?.dataType ?? 0),
    (name) => sizeOf(named.get(name)!.dims.map(Number)),
  );
  const added = new Set(model.graph!.node.flatMap((node) => (node.opType === 'Add' ? node.input : [])));
  for (const name of weights) {
    const tensor = named.get(name)!;
    if (added.has(name) && isMask(tensor)) continue;
    const type = types.get(name)!;
    const storedType = type === bfloat16 ? 'bfloat16' : elementType(type);
    origins.set(name, { file: externalFiles.get(tensor) ?? path, key: name, storedType, shape: tensor.dims.map(Number) });
  }
  const metadata = Object.fromEntries(model.metadataProps.map((entry) => [entry.key, entry.value]));
  const openSize = fixInputs(path, model.graph!, { asked: size, metadata });
  return new ModelGraph({ format: 'onnx', path, model, origins, files: [path, ...new Set(externalFiles.values())], metadata, openSize });
}

/** Fixes the size of the picture input in the graph itself, which is a copy of the file's; null where the file does so. */
function fixInputs(path: string, graph: GraphProto, size: SizeChoice): OpenSize | null {
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const pictures = graph.input.filter((input) => !weights.has(input.name)).map((input) => ({ input, ...fixSize(path, withChannels(graph, valueOf(input)), size) })).find(({ openSize }) => openSize);
  if (!pictures) return null;
  pictures.openSize!.declared = valueOf(pictures.input).shape;
  for (const [axis, dim] of pictures.input.type!.tensorType!.shape!.dim.entries()) {
    if (pictures.openSize!.declared[axis] === -1 && pictures.shape[axis]! > 0) dim.value = { case: 'dimValue', value: BigInt(pictures.shape[axis]!) };
  }
  return pictures.openSize;
}

/** Operators that may stand between the input and the first convolution and leave the number of channels as it is. */
const keepingChannels = new Set(['Add', 'Cast', 'Div', 'Identity', 'Mul', 'Pad', 'Sub']);

/**
 * A picture input that leaves its channels open too, as Optimum exports it: they are what the first convolution takes. Any other
 * input as it is.
 */
function withChannels(graph: GraphProto, input: Value): Value {
  if (input.shape.length !== 4 || input.shape.slice(1).some((dim) => dim > 0)) return input;
  const pictures = new Set([input.name]);
  for (const node of graph.node) {
    if (!pictures.has(node.input[0] ?? '')) continue;
    if (keepingChannels.has(node.opType)) pictures.add(node.output[0]!);
    if (node.opType !== 'Conv') continue;
    const weights = graph.initializer.find(({ name }) => name === node.input[1])?.dims.map(Number);
    const groups = Number(node.attribute.find(({ name }) => name === 'group')?.i ?? 1n);
    if (weights?.length === 4) return { ...input, shape: [input.shape[0]!, weights[1]! * groups, -1, -1] };
  }
  return input;
}

async function write(graph: ModelGraph, changed: ChangedWeights, metadata: Record<string, string>, output: string): Promise<string[]> {
  const model = await parse(graph.path);
  const separated = separateStatistics(model, (source, copy) => changed.has(source) || changed.has(copy));
  await inlineExternalData(graph.path, separated);
  const named = namedTensors(model);
  const values = new Map<TensorProto, Float32Array>();
  for (const [name, data] of changed) {
    const tensor = named.get(name);
    if (!tensor) throw new Error(`${graph.path} has no weight ${name}`);
    values.set(tensor, data);
  }
  const patches: { file: string; offset: number; bytes: Uint8Array }[] = [];
  const external = new Map<string, string>();
  for (const tensor of [...allTensors(model.graph!), ...model.functions.flatMap((called) => tensorsOf(called.node))]) {
    const data = values.get(tensor);
    if (!isExternal(tensor)) {
      if (data) setValues(tensor, stored(tensor, data));
      continue;
    }
    const entry = await readExternalEntry(graph.path, tensor);
    const copy = external.get(entry.file) ?? (await externalName(graph, output, entry.file, [...external.values()]));
    external.set(entry.file, copy);
    tensor.externalData.find((item) => item.key === 'location')!.value = copy;
    // A checksum of the whole file no longer holds where a byte of it has changed.
    tensor.externalData = tensor.externalData.filter((item) => item.key !== 'checksum');
    if (data) patches.push({ file: entry.file, offset: entry.offset, bytes: toBytes(stored(tensor, data)) });
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

/**
 * `NAME.onnx.data` follows the model's new name; a second data file is numbered. No file of the original is ever written over,
 * and another file only where an output of the same name is replaced too.
 */
async function externalName(graph: ModelGraph, output: string, file: string, taken: readonly string[]): Promise<string> {
  const model = basename(graph.path);
  const name = basename(file);
  const suffix = name.startsWith(model) && name.length > model.length ? name.slice(model.length) : '.data';
  const replaces = await exists(output);
  const own = await Promise.all(graph.files.map(identity));
  for (let number = taken.length; ; number++) {
    const copy = `${basename(output)}${number > 0 ? `.${number}` : ''}${suffix}`;
    const path = join(dirname(output), copy);
    const present = await identity(path);
    if (!taken.includes(copy) && (present === null || (replaces && !own.includes(present)))) return copy;
  }
}

/** What tells one file from another whatever the path to it; null where there is none. */
async function identity(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && `${found.dev}:${found.ino}`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
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

/** Whether a tensor only switches places off, as attention masks do: zeros, and what no softmax leaves anything of. */
function isMask(tensor: TensorProto): boolean {
  if (tensor.dims.length < 2) return false;
  const values = toFloat32(decodeTensor(tensor));
  let off = false;
  for (const value of values) {
    if (value !== 0 && !(value <= -50)) return false;
    off ||= value !== 0;
  }
  return off;
}

/** Float32 values in the tensor's own type. */
function stored(tensor: TensorProto, values: Float32Array): TensorData {
  if (sizeOf(tensor.dims.map(Number)) !== values.length) throw new Error(`weight ${tensor.name} has ${sizeOf(tensor.dims.map(Number))} values, got ${values.length}`);
  if (tensor.dataType === bfloat16) return float32ToBfloat16(values);
  const type = elementType(tensor.dataType);
  if (type === 'float16') return Uint16Array.from(values, numberToFloat16);
  if (type === 'float64') return Float64Array.from(values);
  return values;
}

/** Puts values where the tensor had them: in its typed field if it used that, else in `raw_data`. */
function setValues(tensor: TensorProto, data: TensorData): void {
  if (tensor.floatData.length > 0) tensor.floatData = Array.from(data as Float32Array);
  else if (tensor.doubleData.length > 0) tensor.doubleData = Array.from(data as Float64Array);
  else if (tensor.int32Data.length > 0) tensor.int32Data = Array.from(data as Uint16Array);
  else tensor.rawData = toBytes(data);
}
