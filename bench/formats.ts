/**
 * How fast the graph runs that each format's reader makes of one network, beside the same network as an ONNX file: MobileNetV2
 * at 224 px, in one process, in turn. The format's own framework runs the original file in turn with them, in a process of its own:
 * Keras and TFLite where PYTHON names a Python with TensorFlow (frameworks.py), TensorFlow.js where its native build is installed
 * by `npm run setup:tensorflow` (frameworks.mjs).
 *     PYTHON=python3 node bench/run.mjs formats [rounds]
 */
import { toBinary } from '@bufbuild/protobuf';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readModel } from '../src/engine/formats/index.ts';
import { ModelProtoSchema } from '../src/engine/graph/onnx_pb.ts';
import { kerasMobileNetV2 } from './kerasMobileNetV2.ts';
import { benchModel, median, seconds } from './setup.ts';
import { tensorFlowJsGraphMobileNetV2, tensorFlowJsLayersMobileNetV2 } from './tensorFlowJsMobileNetV2.ts';
import { tfliteMobileNetV2 } from './tfliteMobileNetV2.ts';

/** Formats and how the network's file is made. To measure another, add its line here. */
const twins: [name: string, file: () => Promise<string>][] = [
  ['Keras', () => kerasMobileNetV2()],
  ['TFLite', () => Promise.resolve(tfliteMobileNetV2())],
  ['TensorFlow.js layers', () => Promise.resolve(tensorFlowJsLayersMobileNetV2())],
  ['TensorFlow.js graph model', () => Promise.resolve(tensorFlowJsGraphMobileNetV2())],
];

/** Pictures a run. */
const batches = [1, 5];
const runs = 10;

async function session(bytes: Uint8Array, batch: number): Promise<() => Promise<unknown>> {
  const made = await InferenceSession.create(bytes, { intraOpNumThreads: 2, logSeverityLevel: 4 });
  const [name] = made.inputNames;
  const [metadata] = made.inputMetadata;
  if (name === undefined || !metadata?.isTensor) throw new Error('the network has no input');
  const dims = metadata.shape.map((dim, axis) => (axis === 0 ? batch : Number(dim)));
  const image = new Tensor('float32', new Float32Array(batch * 3 * 224 * 224).fill(0.1), dims);
  return async () => {
    for (let run = 0; run < runs; run++) await made.run({ [name]: image });
  };
}

/** The file's own framework: seconds that it takes for the runs of one round by its own clock. */
interface Framework {
  time(batch: number): Promise<number>;
  end(): void;
}

/** The program that times the file in its own framework; null where that is not installed. */
function program(path: string): [command: string, script: string] | null {
  if (path.endsWith('.json')) return existsSync(resolve('out', 'tensorflow', 'node_modules')) ? [process.execPath, 'frameworks.mjs'] : null;
  const python = process.env['PYTHON'];
  return python ? [python, 'frameworks.py'] : null;
}

/** Starts the file's own framework; null where it is not installed. */
function framework(path: string): Framework | null {
  const [command, script] = program(path) ?? [];
  if (command === undefined || script === undefined) return null;
  const child = spawn(command, [resolve('bench', script), path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    time: async (batch) => {
      child.stdin.write(`${batch} ${runs}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`${script} ended before it had timed ${path}`);
      return Number(line.value);
    },
    end: () => child.stdin.end(),
  };
}

/**
 * Seconds of the work, after a rest: threads of what ran before spin for some time in wait of more, and would take a processor
 * from whoever comes next.
 */
async function rested(work: () => Promise<number>): Promise<number> {
  await setTimeout(300);
  return work();
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 7);
  for (const [name, file] of twins) {
    const path = await file();
    const start = performance.now();
    const { model } = await readModel(path);
    const own = framework(path);
    console.log(`${name}: read in ${((performance.now() - start) / 1000).toFixed(2)} s`);
    for (const batch of batches) {
      const onnx = await session(readFileSync(benchModel()), batch);
      const ours = await session(toBinary(ModelProtoSchema, model), batch);
      await onnx();
      await ours();
      await own?.time(batch);
      const ratios: number[] = [];
      const times: number[] = [];
      const ownTimes: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const twin = await rested(() => seconds(onnx));
        const time = await rested(() => seconds(ours));
        ratios.push(twin / time);
        times.push((time * 1000) / runs / batch);
        if (own) ownTimes.push(((await rested(() => own.time(batch))) * 1000) / runs / batch);
      }
      console.log(`${name}, batch ${batch}: ${median(ratios).toFixed(3)} of the speed of its ONNX twin (median of ${rounds}; wanted: at least 0.9), ${median(times).toFixed(2)} ms a picture`);
      if (own) console.log(`${name}, batch ${batch}: ${median(ownTimes).toFixed(2)} ms a picture in its own framework, ${(median(ownTimes) / median(times)).toFixed(2)} times ours`);
    }
    own?.end();
  }
}

void main();
