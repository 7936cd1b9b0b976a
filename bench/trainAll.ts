/**
 * A step of `--train all` beside the same step in PyTorch: 224 px, both passes, the same losses, SGD with momentum, 2 threads; the two
 * take turns, each in a process of its own. What it must reach: MobileNetV2 below 1, ResNet-18 at most 1, memory at most 1.5.
 *     node bench/run.mjs trainAll [batch] [steps] [mobilenetv2|resnet18|both] [threads]
 * PYTHON names a Python with torch, onnx and numpy (python3).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Tensor } from '../src/engine/graph/tensor.ts';
import { openModel } from '../src/engine/openModel.ts';
import { createOnnxRuntimeStep } from '../src/engine/training/onnxRuntimeStep.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../src/engine/training/trainedPart.ts';
import { mobileNetV2 } from './mobileNetV2.ts';
import { resNet18 } from './resNet18.ts';
import { benchFolder, median } from './setup.ts';

const classes = 9;
const networks: Record<string, (classes: number) => Uint8Array> = { mobilenetv2: mobileNetV2, resnet18: resNet18 };

/** What a step took; `cpu` are the seconds of all processors, `megabytes` the most that the process ever held. */
interface Measured {
  seconds: number;
  cpu: number;
  loss: number;
  stabilityLoss: number;
  megabytes: number;
}

/** The same numbers as `pictures` in train_all.py. */
function pictures(batch: number, seed: number): Float32Array {
  return Float32Array.from({ length: batch * 3 * 224 * 224 }, (_, index) => 0.5 + 0.5 * Math.sin(index * 0.01 + seed));
}

/** Our side, as a process that makes a step for each line. */
async function serve(path: string, batch: number, threads: number): Promise<void> {
  const model = await openModel({ model: path });
  if (typeof model.head === 'string') throw new Error(model.head);
  const weights = selectWeights(model.graph, model.head, 'all');
  const part = cutForTraining(model.graph, model.head, weights);
  const input = part.values[0]!;
  const forward = declareInputs(part.forward, { [input]: [1, 3, 224, 224] });
  const step = await createOnnxRuntimeStep({ forward, logits: logitsName, weights, divergence: 'cross-entropy', optimizer: 'sgd', threads });
  const dims = [batch, 3, 224, 224];
  const clean = pictures(batch, 0);
  const disturbance = pictures(batch, 1);
  const noisy = clean.map((value, index) => value + 0.04 * (disturbance[index]! * 2 - 1));
  const targets = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row++) targets[row * classes + (row % classes)] = 1;
  const tensor = (data: Float32Array): Record<string, Tensor> => ({ [input]: { type: 'float32', dims, data } });
  const given = { clean: tensor(clean), noisy: tensor(noisy), targets: { type: 'float32' as const, dims: [batch, classes], data: targets }, alpha: 0.1, learningRate: 1e-3 };
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  while (!(await lines.next()).done) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    const losses = await step.train(given);
    const { user, system } = process.cpuUsage(used);
    const measured: Measured = { ...losses, seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 };
    console.log(JSON.stringify(measured));
  }
  await step.release();
}

/** A process that answers each line with a step. */
function stepper(command: string, args: string[]): { step: () => Promise<Measured>; end: () => void } {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step() {
      child.stdin.write('\n');
      const answer = await answers.next();
      if (answer.done) throw new Error(`${command} ended`);
      return JSON.parse(answer.value) as Measured;
    },
    end: () => void child.stdin.end(),
  };
}

async function compare(network: string, batch: number, steps: number, threads: number): Promise<void> {
  mkdirSync(benchFolder, { recursive: true });
  const path = join(benchFolder, `${network}-${classes}.onnx`);
  writeFileSync(path, networks[network]!(classes));
  const ours = stepper(process.execPath, [process.argv[1]!, 'serve', path, String(batch), String(threads)]);
  const theirs = stepper(process.env['PYTHON'] ?? 'python3', [resolve('bench', 'train_all.py'), path, String(batch), String(threads)]);
  const rows: { ours: Measured; theirs: Measured }[] = [];
  for (let index = 0; index <= steps; index++) {
    const row = { ours: await ours.step(), theirs: await theirs.step() };
    const text = ({ seconds, cpu, loss, stabilityLoss, megabytes }: Measured): string => `${seconds.toFixed(2)} s (processors ${cpu.toFixed(2)} s), losses ${loss.toFixed(5)} ${stabilityLoss.toFixed(5)}, ${megabytes.toFixed(0)} MB`;
    console.log(`${network} ${index === 0 ? 'first step' : `step ${index}`}: ours ${text(row.ours)}; PyTorch ${text(row.theirs)}`);
    // The first step takes memory for the first time.
    if (index > 0) rows.push(row);
  }
  ours.end();
  theirs.end();
  const ratio = (of: (measured: Measured) => number): string => median(rows.map((row) => of(row.ours) / of(row.theirs))).toFixed(3);
  console.log(`${network}, batch ${batch}: ${ratio(({ seconds }) => seconds)} of PyTorch's time, ${ratio(({ cpu }) => cpu)} of its processor time, ${ratio(({ megabytes }) => megabytes)} of its memory (medians of ${steps})`);
}

async function main(): Promise<void> {
  const [first, second, third = 'both', fourth] = process.argv.slice(2);
  if (first === 'serve') return serve(second!, Number(third), Number(fourth));
  for (const network of third === 'both' ? Object.keys(networks) : [third]) await compare(network, Number(first ?? 16), Number(second ?? 6), Number(fourth ?? 2));
}

void main();
