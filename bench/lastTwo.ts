/**
 * What caching at the cut is worth: an epoch of `--train last:2` against one of `--train all` on the patch classifier, both as
 * the product runs them, scores on the validation share included, in turn in one run.
 *     node bench/run.mjs lastTwo [pictures] [rounds]
 * Wanted: at least 3 times faster.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { stabilize } from '../src/engine/stabilize.ts';
import { benchFolder, freshRun, median } from './setup.ts';

const [pictures = 180, rounds = 3] = process.argv.slice(2).map(Number);
const examples = resolve('examples');
const images = join(examples, 'workspace', 'patches', 'train');
if (!existsSync(images)) execFileSync(process.execPath, [join(examples, 'makeWorkspace.mjs')]);

/** Seconds an epoch, the control's and the point's, and seconds for what is made once. */
async function measure(train: string, epochs: number, round: number): Promise<{ epoch: number; once: number }> {
  mkdirSync(benchFolder, { recursive: true });
  const done = new Map<string, number>();
  const result = await stabilize(
    { model: join(examples, 'models', 'patches.onnx'), images, limit: pictures, train, alpha: 0.1, sigma: 0.04, learningRate: 1e-5, epochs, run: freshRun(`last-two-${train.replace(':', '-')}-${round}`), output: join(benchFolder, `last-two-${round}.onnx`) },
    { signal: new AbortController().signal, log: () => undefined, progress: ({ step, done: count }) => { if (step.startsWith('training, ')) done.set(step, count); } },
  );
  const trained = [...done.values()].reduce((sum, count) => sum + count, 0);
  return { epoch: result.timing.trainingSeconds / trained, once: result.timing.featureSeconds };
}

async function main(): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const all = await measure('all', 2, round);
    const two = await measure('last:2', 10, round);
    ratios.push(all.epoch / two.epoch);
    console.log(`all: ${all.epoch.toFixed(2)} s an epoch, ${all.once.toFixed(1)} s before; last:2: ${two.epoch.toFixed(3)} s an epoch, ${two.once.toFixed(1)} s before`);
  }
  console.log(`an epoch of last:2 is ${median(ratios).toFixed(0)} times faster than one of all (wanted: 3)`);
}

void main();
