import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { configOf, readConfigJson } from './config.ts';
import type { EvaluateOptions, StabilizeOptions } from './options.ts';
import { readStoredJob } from './runs/storedJob.ts';

/** What no run knows of: it stays as it stands in the file. */
const kept = ['$schema', 'models', 'maxLabelInstability', 'minPrecision'];

/**
 * The text of the configuration `file` with what a run was asked for, completed by `options`, or, without a run, with those
 * alone. Models and gates stay as the file has them. Throws a `UserError` where there is a file that cannot be read.
 */
export async function configText({ file, run, options }: { file: string; run: string | null; options: Partial<EvaluateOptions & StabilizeOptions> }): Promise<string> {
  const exists = await access(file).then(() => true, () => false);
  const before = Object.entries(exists ? await readConfigJson(file) : {}).filter(([key]) => kept.includes(key));
  const used = run === null ? {} : (await readStoredJob(run)).options;
  return `${JSON.stringify({ ...configOf({ ...options, ...used }, dirname(file)), ...Object.fromEntries(before) }, null, 2)}\n`;
}
