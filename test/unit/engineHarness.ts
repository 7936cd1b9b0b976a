/** What the tests of the engine's jobs share: folders, pictures, small models and jobs. Found by nobody as a test. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import sharp from 'sharp';
import { GraphBuilder } from '../../src/engine/graph/graphBuilder.ts';
import { ModelProtoSchema, type ModelProto } from '../../src/engine/graph/onnx_pb.ts';
import type { Job } from '../../src/engine/job.ts';
import { randomSource } from '../../src/engine/random.ts';
import type { Pair, Progress } from '../../src/engine/results.ts';

const root = resolve(import.meta.dirname, '../..');

/** The example models as they are committed. */
export const exampleModels = {
  digits: join(root, 'examples/models/digits.onnx'),
  digitsTensorFlowJs: join(root, 'examples/models/digits-tfjs/model.json'),
  patches: join(root, 'examples/models/patches.onnx'),
  patchesTensorFlowJs: join(root, 'examples/models/patches-tfjs/model.json'),
};

/** Class folders of the example workspace, which is made where it is missing. */
export function examplePictures(name: 'digits/test' | 'digits/train' | 'frames' | 'patches/test' | 'patches/train'): string {
  const folder = join(root, 'examples/workspace', name);
  if (!existsSync(folder)) execFileSync(process.execPath, [join(root, 'examples/makeWorkspace.mjs')]);
  return folder;
}

/** The bundled command line, made anew; inside the project, so that it finds its packages. */
export function buildCommandLine(): string {
  const folder = join(root, 'out', 'cli-test');
  execFileSync(process.execPath, [join(root, 'esbuild.mjs'), `--outdir=${folder}`], { cwd: root });
  return join(folder, 'cli.js');
}

/** A folder that is gone after the tests of the `describe` that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'model-stability-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A job whose reports are kept. `onProgress` may abort it. */
export function testJob(onProgress: (progress: Progress, abort: () => void) => void = () => undefined): { job: Job; lines: string[] } {
  const controller = new AbortController();
  const lines: string[] = [];
  return {
    lines,
    job: { signal: controller.signal, progress: (progress) => onProgress(progress, () => controller.abort()), log: (line) => void lines.push(line) },
  };
}

export const quiet = (): Job => testJob().job;

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Every file below a folder, with forward slashes, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/')).sort();
}

/** Hashes of every file below a folder. */
export function hashesBelow(folder: string): Record<string, string> {
  return Object.fromEntries(filesBelow(folder).map((file) => [file, sha256(join(folder, file))]));
}

export function readPairsOf(run: string): Pair[] {
  return readFileSync(join(run, 'pairs.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Pair);
}

export function writeText(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Writes small pictures: each file's class decides its colour and its stripes, its name the noise on top. */
export async function writePictures(folder: string, names: readonly string[], side = 16): Promise<string> {
  for (const name of names) {
    const random = randomSource('test picture', name);
    const kind = Number(createHash('sha256').update(name.includes('/') ? name.split('/')[0]! : '').digest()[0]);
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
      const [x, channel] = [Math.floor(at / 3) % side, at % 3];
      return Math.max(0, Math.min(255, ((kind >> (2 * channel)) % 4) * 60 + (x % (2 + (kind % 3)) === 0 ? 50 : 0) + random.normal() * 25));
    });
    writeText(join(folder, name), await sharp(data, { raw: { width: side, height: side, channels: 3 } }).png().toBuffer());
  }
  return folder;
}

export interface SmallModel {
  classes?: number;
  /** Size of the batch that the input declares; open by default. */
  batch?: number;
  /** Ends in a softmax. */
  softmax?: boolean;
  input?: (number | string)[];
  /** 3 by default. */
  channels?: 1 | 3;
}

/** A classifier of 8×8 RGB pictures with seeded weights: convolution, ReLU, pooling, one fully connected layer. */
export function smallModel({ classes = 3, batch, softmax = false, input, channels = 3 }: SmallModel = {}): ModelProto {
  const random = randomSource('small model', classes);
  const values = (dims: number[], scale: number): { type: 'float32'; dims: number[]; data: Float32Array } => {
    const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
    random.fillNormal(data, scale);
    return { type: 'float32', dims, data };
  };
  const graph = new GraphBuilder();
  const pixels = graph.input('pixels', 'float32', input ?? [batch ?? 'batch', channels, 8, 8]);
  const convolution = graph.op('Conv', [pixels, graph.weight('conv.weight', values([6, channels, 3, 3], 0.4)), graph.weight('conv.bias', values([6], 0.1))], { pads: [1, 1, 1, 1] }, 'conv');
  const features = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Relu', [convolution], {}, 'relu')], {}, 'pool')], {}, 'features');
  const logits = graph.op('Gemm', [features, graph.weight('head.weight', values([classes, 6], 1)), graph.weight('head.bias', values([classes], 0.1))], { transB: 1 }, 'logits');
  graph.output(softmax ? graph.op('Softmax', [logits], { axis: 1 }, 'probabilities') : logits, 'float32', [batch ?? 'batch', classes]);
  return graph.build();
}

export function writeModel(path: string, model: ModelProto): string {
  return writeText(path, toBinary(ModelProtoSchema, model));
}

/** A PNG of some bytes that claims 100,000 × 100,000 pixels. */
export async function hugePicture(): Promise<Buffer> {
  const bytes = Buffer.from(await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } }).png().toBuffer());
  bytes.writeUInt32BE(100_000, 16);
  bytes.writeUInt32BE(100_000, 20);
  bytes.writeUInt32BE(checksum(bytes.subarray(12, 29)), 29);
  return bytes;
}

/** CRC-32 as PNG wants it (ISO 3309). */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
