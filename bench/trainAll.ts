/**
 * A step of `--train all` beside the same step in PyTorch: 224 px, both passes, the same losses, SGD with momentum, 2 threads; the two
 * take turns, each in a process of its own. What it must reach: MobileNetV2 below 1, ResNet-18 at most 1, memory at most 1.5.
 *     node bench/run.mjs trainAll [batch] [steps] [mobilenetv2|resnet18|smooth|both] [threads]
 * PYTHON names a Python with torch, onnx and numpy (python3).
 *
 * The gradient of the first step is held against PyTorch's in float64, as is PyTorch's own in float32. Behind ReLU6 it parts from it by
 * some thousandths on either side: rounding turns some tens of 200 million gates round, and each of them lets its whole gradient pass or
 * none. Losses of later steps part with it. `smooth`, MobileNetV2 with tanh in the gates' place, shows that nothing else is behind it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { optimizerState, stateName } from '../src/engine/graph/gradient/optimizers.ts';
import { ModelProtoSchema } from '../src/engine/graph/onnx_pb.ts';
import type { Tensor } from '../src/engine/graph/tensor.ts';
import { openModel } from '../src/engine/openModel.ts';
import { createOnnxRuntimeStep } from '../src/engine/training/onnxRuntimeStep.ts';
import { cutForTraining, declareInputs, logitsName, selectWeights } from '../src/engine/training/trainedPart.ts';
import { mobileNetV2 } from './mobileNetV2.ts';
import { resNet18 } from './resNet18.ts';
import { benchFolder, median } from './setup.ts';

const classes = 9;

/** How much more of rounding ours may have than PyTorch's. */
const roundingAllowed = 4;
const networks: Record<string, (classes: number) => Uint8Array> = { mobilenetv2: mobileNetV2, resnet18: resNet18, smooth: (classes) => withoutGates(mobileNetV2(classes)) };

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

/** Tanh in the place of every Clip. */
function withoutGates(bytes: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  for (const node of model.graph!.node) {
    if (node.opType === 'Clip') Object.assign(node, { opType: 'Tanh', input: node.input.slice(0, 1) });
  }
  return toBinary(ModelProtoSchema, model);
}

/** Our side, as a process that makes a step for each line; a line that is not empty names a file for the step's gradient. */
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
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    const losses = await step.train(given);
    const { user, system } = process.cpuUsage(used);
    const measured: Measured = { ...losses, seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 };
    if (line.value !== '') {
      // What the optimiser keeps starts with zeros: after one step it is the gradient.
      const { optimizer } = await step.state();
      const parts = [...weights].sort().map((name) => optimizer[stateName(name, optimizerState.sgd[0]!)]!.data as Float32Array);
      writeFileSync(line.value, Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))));
    }
    console.log(JSON.stringify(measured));
  }
  await step.release();
}

/** A process that answers each line with a step; `step` takes the file for its gradient. */
function stepper(command: string, args: string[]): { step: (gradient?: string) => Promise<Measured>; end: () => void } {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step(gradient = '') {
      child.stdin.write(`${gradient}\n`);
      const answer = await answers.next();
      if (answer.done) throw new Error(`${command} ended`);
      return JSON.parse(answer.value) as Measured;
    },
    end: () => void child.stdin.end(),
  };
}

/** ‖a − b‖ / ‖b‖ of two gradients in files. */
function distance(a: string, b: string): number {
  const [left, right] = [a, b].map((path) => {
    const bytes = readFileSync(path);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  }) as [Float32Array, Float32Array];
  assert.equal(left.length, right.length);
  let [difference, length] = [0, 0];
  for (const [index, value] of right.entries()) {
    difference += (left[index]! - value) ** 2;
    length += value ** 2;
  }
  return Math.sqrt(difference / length);
}

async function compare(network: string, batch: number, steps: number, threads: number): Promise<void> {
  mkdirSync(benchFolder, { recursive: true });
  const path = join(benchFolder, `${network}-${classes}.onnx`);
  writeFileSync(path, networks[network]!(classes));
  const pyTorch = (...rest: string[]): ReturnType<typeof stepper> => stepper(process.env['PYTHON'] ?? 'python3', [resolve('bench', 'train_all.py'), path, String(batch), String(threads), ...rest]);
  const gradientOf = (side: string): string => join(benchFolder, `${network}-${classes}-${side}.gradient`);
  const losses = ({ loss, stabilityLoss }: Measured): string => `${loss.toFixed(5)} ${stabilityLoss.toFixed(5)}`;

  const double = pyTorch('float64');
  const exact = [await double.step(gradientOf('float64')), await double.step()];
  double.end();
  const ours = stepper(process.execPath, [process.argv[1]!, 'serve', path, String(batch), String(threads)]);
  const theirs = pyTorch();
  const rows: { ours: Measured; theirs: Measured }[] = [];
  for (let index = 0; index <= steps; index++) {
    const row = index === 0 ? { ours: await ours.step(gradientOf('ours')), theirs: await theirs.step(gradientOf('float32')) } : { ours: await ours.step(), theirs: await theirs.step() };
    const known = exact[index];
    const text = (measured: Measured): string => `${measured.seconds.toFixed(2)} s (processors ${measured.cpu.toFixed(2)} s), losses ${losses(measured)}, ${measured.megabytes.toFixed(0)} MB`;
    console.log(`${network} ${index === 0 ? 'first step' : `step ${index}`}: ours ${text(row.ours)}; PyTorch ${text(row.theirs)}${known ? `; in float64 losses ${losses(known)}` : ''}`);
    if (index === 0) {
      assert.ok(Math.abs(row.ours.loss - exact[0]!.loss) < 1e-4 && Math.abs(row.ours.stabilityLoss - exact[0]!.stabilityLoss) < 1e-4, 'the first losses are not those of float64');
      const [mine, other] = ['ours', 'float32'].map((side) => distance(gradientOf(side), gradientOf('float64'))) as [number, number];
      console.log(`${network}: the first gradient parts from float64's by ${mine.toExponential(1)} of its length, PyTorch's in float32 by ${other.toExponential(1)}`);
      assert.ok(mine < roundingAllowed * other, `the first gradient parts from float64's more than ${roundingAllowed} times as far as PyTorch's`);
      for (const side of ['ours', 'float32', 'float64']) rmSync(gradientOf(side));
    }
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
  for (const network of third === 'both' ? ['mobilenetv2', 'resnet18'] : [third]) await compare(network, Number(first ?? 16), Number(second ?? 6), Number(fourth ?? 2));
}

void main();
