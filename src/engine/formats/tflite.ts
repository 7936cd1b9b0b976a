import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { UserError } from '../job.ts';
import { ModelGraph } from '../graph/modelGraph.ts';
import type { AskedSize } from '../inputSize.ts';
import type { Format } from './format.ts';
import { assemble } from './tflite/assemble.ts';
import { readMetadata } from './tflite/metadata.ts';
import { identifier, TfliteFile } from './tflite/schema.ts';
import { writeModel } from './tflite/write.ts';

/**
 * Models of TensorFlow Lite (LiteRT). Floats of 32 and 16 bits are weights like any other; a model of integers computes with
 * the rounding of its quantisation, which ONNX Runtime does on integers where it can, and cannot be trained.
 */
export const tflite: Format = {
  name: 'tflite',
  title: 'TensorFlow Lite',
  matches: (path, head) => extname(path).toLowerCase() === '.tflite' || Buffer.from(head.subarray(4, 8)).toString('latin1') === identifier,
  read,
  write: writeModel,
};

async function read(path: string, asked?: AskedSize): Promise<ModelGraph> {
  const { size } = await stat(path);
  if (size >= 2 ** 31) throw new UserError(`${path} is larger than 2 GB, which cannot be opened`);
  const file = new TfliteFile(path, await readFile(path));
  const metadata = readMetadata(file);
  return new ModelGraph({ format: tflite.name, path, ...assemble(file, { asked, metadata }), files: [path], metadata });
}
