/**
 * Damaged model files: each is opened, or refused with a sentence that names it, within bounds of time and memory. The cases
 * are seeded; `FUZZ_CASES=10000 FUZZ_SEED=7 npx mocha --import=tsx test/unit/fuzz/fuzz.test.ts` runs more and others, and
 * `FUZZ_CASES=1 FUZZ_FROM=123` one of them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fuzzedModels, type FuzzedModel } from './formats.ts';

/** Seconds that a damaged model may take; real ones of this size take a hundredth. */
const timeLimit = 20;
const seed = process.env['FUZZ_SEED'] ?? '0';
const from = Number(process.env['FUZZ_FROM'] ?? 0);

interface Line {
  case: number;
  what?: string;
  outcome?: string;
}

/** Runs all cases of a model and returns what went wrong, a sentence a case, and how many were opened and refused. */
async function fuzz(model: FuzzedModel): Promise<{ faults: string[]; opened: number; refused: number }> {
  const file = join(import.meta.dirname, '../../fixtures', model.file);
  const to = from + Number(process.env['FUZZ_CASES'] ?? model.cases ?? 300);
  const result = { faults: [] as string[], opened: 0, refused: 0 };
  for (let next = from; next < to;) {
    const child = spawn(process.execPath, ['--max-old-space-size=1024', '--import', 'tsx', join(import.meta.dirname, 'runCases.ts'), file, JSON.stringify(model.beside ?? []), seed, String(next), String(to)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let running: Line | undefined;
    let complaint = '';
    child.stderr.on('data', (chunk) => { complaint = `${complaint}${String(chunk)}`.slice(-2000); });
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
    let late: NodeJS.Timeout | undefined;
    for await (const text of createInterface(child.stdout)) {
      clearTimeout(late);
      const line = JSON.parse(text) as Line;
      if (line.what !== undefined) {
        running = line;
        late = setTimeout(() => child.kill('SIGKILL'), timeLimit * 1000);
        continue;
      }
      const outcome = line.outcome!;
      if (outcome === 'opened') result.opened++;
      else if (outcome.startsWith('refused')) result.refused++;
      else result.faults.push(`seed ${seed}, case ${line.case}, ${running!.what!}: ${outcome}`);
      running = undefined;
      next = line.case + 1;
    }
    const end = await ended;
    clearTimeout(late);
    if (running) {
      result.faults.push(`seed ${seed}, case ${running.case}, ${running.what!}: the process ended by ${String(end)} ${complaint.split('\n').find((line) => /error/i.test(line)) ?? ''}`);
      next = running.case + 1;
    } else if (end !== 0) {
      throw new Error(`the process of the cases ended by ${String(end)}: ${complaint}`);
    }
  }
  return result;
}

describe('damaged model files', function () {
  this.timeout(0);
  for (const model of fuzzedModels) {
    it(`${model.name}: opened, or refused with a sentence that names the file`, async () => {
      const { faults, opened, refused } = await fuzz(model);
      assert.equal(faults.slice(0, 5).join('\n'), '', `${faults.length} of the cases went wrong`);
      if (process.env['FUZZ_CASES'] === undefined) assert.ok(opened > 0 && refused > 0, `${opened} opened, ${refused} refused: the damage shows nothing`);
    });
  }
});
