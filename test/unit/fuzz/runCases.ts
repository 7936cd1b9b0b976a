/**
 * The process in which damaged models are opened, so that a crash, a hang or an allocation without bounds ends it and not the
 * tests: `runCases.ts FILE BESIDE SEED FROM TO`. Prints `{"case", "what"}` before each case and `{"case", "outcome"}` after it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cutGraph, subgraph } from '../../../src/engine/graph/cut.ts';
import { openBatch } from '../../../src/engine/graph/openBatch.ts';
import { upgradeModel } from '../../../src/engine/graph/upgrade.ts';
import { inspect } from '../../../src/engine/inspect.ts';
import { UserError } from '../../../src/engine/job.ts';
import { openModel } from '../../../src/engine/openModel.ts';
import { randomSource } from '../../../src/engine/random.ts';
import { mutate, pick } from './mutate.ts';

/** Bytes that a damaged model may take beyond what the process had: the small fixtures need none of this. */
const memoryLimit = 512 * 2 ** 20;

/** Opens a model and does everything that is done before an engine runs it. */
async function open(path: string): Promise<void> {
  await inspect({ model: path });
  const { graph, head, output, featureLayer } = await openModel({ model: path });
  upgradeModel(subgraph(graph, [], [output, featureLayer]));
  openBatch(graph);
  if (typeof head !== 'string') upgradeModel(cutGraph(graph, head.weights, [head.logits]).trained);
}

async function runCase(folder: string, files: readonly { name: string; bytes: Uint8Array }[], seed: string, number: number): Promise<void> {
  const random = randomSource('fuzz', seed, number);
  // The first file is the model itself: half of the cases at least are its.
  const target = random.integer(2) === 0 ? files[0]! : pick(random, files);
  const { bytes, what } = mutate(target.name, target.bytes, random);
  console.log(JSON.stringify({ case: number, what: `${target.name}: ${what}` }));
  const inside = join(folder, String(number));
  for (const file of files) {
    mkdirSync(dirname(join(inside, file.name)), { recursive: true });
    writeFileSync(join(inside, file.name), file === target ? bytes : file.bytes);
  }
  const before = process.resourceUsage().maxRSS * 1024;
  let outcome = 'opened';
  try {
    await open(join(inside, files[0]!.name));
  } catch (error) {
    if (error instanceof UserError) outcome = error.message.includes(inside) ? `refused: ${error.message}` : `an error that names no file: ${error.message}`;
    else outcome = `fault: ${error instanceof Error ? error.stack ?? error.message : String(error)}`;
  }
  const taken = process.resourceUsage().maxRSS * 1024 - before;
  if (taken > memoryLimit) outcome = `fault: it took ${Math.round(taken / 2 ** 20)} MB`;
  rmSync(inside, { recursive: true });
  console.log(JSON.stringify({ case: number, outcome: outcome.replaceAll(inside, '') }));
}

async function main(): Promise<void> {
  const [file, beside, seed, from, to] = process.argv.slice(2) as [string, string, string, string, string];
  const names = [basename(file), ...(JSON.parse(beside) as string[])];
  const files = names.map((name) => {
    const bytes = new Uint8Array(readFileSync(join(dirname(file), name)));
    return name.endsWith('.gz') ? { name: name.slice(0, -3), bytes: new Uint8Array(gunzipSync(bytes)) } : { name, bytes };
  });
  const folder = mkdtempSync(join(tmpdir(), 'model-stability-fuzz-'));
  try {
    for (let number = Number(from); number < Number(to); number++) await runCase(folder, files, seed, number);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
