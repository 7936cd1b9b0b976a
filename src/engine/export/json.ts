import { writeFileAtomic } from '../formats/atomicWrite.ts';
import type { ExportedRun } from './exportedRun.ts';

/** The run as the command line prints it with `--json`. */
export async function exportJson({ result }: ExportedRun, output: string): Promise<string[]> {
  await writeFileAtomic(output, `${JSON.stringify(result, null, 1)}\n`);
  return [output];
}
