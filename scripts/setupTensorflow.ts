/**
 * Installs TensorFlow's C library for `--engine tensorflow` into `out/tensorflow` and links it into `node_modules`, where the engine
 * finds it: `npm run setup:tensorflow`. With `--no-link` it only installs, with `--limit SECONDS` it gives up after that time. Says what
 * it does, and fails with one line.
 */
import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { installTensorFlow } from '../src/engine/engines/tensorflow/install.ts';
import { UserError, type Job } from '../src/engine/job.ts';

const root = path.resolve(import.meta.dirname, '..');
const limit = process.argv.includes('--limit') ? Number(process.argv[process.argv.indexOf('--limit') + 1]) : undefined;
const signal = limit === undefined ? new AbortController().signal : AbortSignal.timeout(limit * 1000);
const job: Job = { signal, progress: () => undefined, log: (line) => console.log(line) };

/** Puts a link in the package's place, which `npm install` leaves empty where its own installer fails. */
function link(place: string): void {
  const target = path.join(root, 'node_modules', '@tensorflow', 'tfjs-node');
  const present = lstatSync(target, { throwIfNoEntry: false });
  if (present && !present.isSymbolicLink()) return;
  rmSync(target, { force: true });
  mkdirSync(path.dirname(target), { recursive: true });
  symlinkSync(place, target, 'junction');
}

async function main(): Promise<void> {
  try {
    const place = await installTensorFlow({ folder: path.join(root, 'out', 'tensorflow'), node: process.execPath }, job);
    if (!process.argv.includes('--no-link')) link(place);
    console.log(`TensorFlow for Node.js is in ${place}`);
  } catch (error) {
    if (!(error instanceof UserError) && !signal.aborted) throw error;
    console.error(signal.aborted ? `it took more than ${limit!} seconds` : (error as UserError).message);
    process.exitCode = 1;
  }
}

// What is being installed is ended with this program, which a signal alone would not do.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
void main();
