import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../job.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';
import type { Format } from './format.ts';
import { keras } from './keras.ts';
import { onnx } from './onnx.ts';
import { savedModel } from './savedModel.ts';
import { graphFile } from './savedModel/read.ts';
import { tensorFlowJsLayers } from './tensorFlowJs.ts';
import { tensorFlowJsGraph } from './tensorFlowJsGraph.ts';
import { tflite } from './tflite.ts';

/** Every kind of model file that can be opened, the more special before the more general. To add one, add its file and its line here. */
export const formats: readonly Format[] = [keras, savedModel, onnx, tensorFlowJsGraph, tensorFlowJsLayers, tflite];

/** The format of a file, told by its content, or of a SavedModel's folder. Throws a `UserError` that names the file. */
export async function formatOf(path: string): Promise<Format> {
  if (await access(join(path, graphFile)).then(() => true, () => false)) return savedModel;
  const head = await readHead(path);
  const format = formats.find((candidate) => candidate.matches(path, head));
  if (!format) throw new UserError(`${path} is not a model file that can be opened (${formats.map((known) => known.title).join(', ')})`);
  return format;
}

/** Opens a model file of any known format; `size` is that of the pictures where the file leaves it open. */
export async function readModel(path: string, size?: AskedSize): Promise<ModelGraph> {
  return (await formatOf(path)).read(path, size);
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(4096), 0, 4096, 0);
      if (bytesRead === 0) throw new UserError(`${path} is empty`);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError(`no such file: ${path}`, { cause: error });
    if (code === 'EISDIR') throw new UserError(`${path} is a folder, not a model file`, { cause: error });
    throw new UserError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
