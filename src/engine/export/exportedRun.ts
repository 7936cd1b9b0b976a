import { join } from 'node:path';
import { UserError } from '../job.ts';
import type { Evaluation, Run } from '../results.ts';
import type { ReportWords } from './words.ts';

/** A run on its way out of the program. */
export interface ExportedRun {
  /** Its folder. */
  folder: string;
  result: Run;
  /** How many pairs of each distortion are shown with their pictures. */
  pairs: number;
  words: ReportWords;
}

/** The evaluations of a run with the folders of their pairs: one, or before, control and after. Throws for a sequence, which has no pairs. */
export function evaluationsOf({ folder, result }: ExportedRun): { title: string; folder: string; evaluation: Evaluation }[] {
  if (result.kind === 'sequence') throw new UserError(`the run in ${folder} is one of video frames and has no pairs of pictures`);
  if (result.kind === 'evaluation') return [{ title: '', folder, evaluation: result }];
  return (['before', 'control', 'after'] as const).map((name) => ({ title: name, folder: join(folder, name), evaluation: result[name] }));
}
