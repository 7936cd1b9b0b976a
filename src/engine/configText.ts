import { configOf } from './config.ts';
import type { EvaluateOptions, StabilizeOptions } from './options.ts';
import { readStoredJob } from './runs/storedJob.ts';

/**
 * The text of a `model-stability.json` in `folder` with what a run was asked for, completed by `options`, or, without a run,
 * with those alone.
 */
export async function configText({ folder, run, options }: { folder: string; run: string | null; options: Partial<EvaluateOptions & StabilizeOptions> }): Promise<string> {
  const used = run === null ? {} : (await readStoredJob(run)).options;
  return `${JSON.stringify(configOf({ ...options, ...used }, folder), null, 2)}\n`;
}
