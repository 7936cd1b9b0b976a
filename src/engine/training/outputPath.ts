import { access, constants } from 'node:fs/promises';
import { dirname, extname, join, basename, resolve } from 'node:path';
import { writeError } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';

/** Checks before any work that the new file will not lie over the original and that its folder can be written to. */
export async function checkOutput(graph: ModelGraph, output: string | undefined): Promise<void> {
  const target = resolve(output ?? graph.path);
  if (output !== undefined && graph.files.includes(target)) throw new UserError(`the output ${output} is the original model: choose another name`);
  if (output !== undefined && extname(target) !== extname(graph.path)) throw new UserError(`the output ${output} must end in ${extname(graph.path)}, as the original does`);
  try {
    await access(dirname(target), constants.W_OK);
  } catch (error) {
    throw writeError(target, error);
  }
}

/**
 * Where the new model goes: `NAME.stabilized.EXT` beside the original, or the file that the user named; `NAME.rejected.EXT` where
 * it was not accepted. A name of our own choice that is taken gets a number, so that no earlier result is lost.
 */
export async function outputPath(graph: ModelGraph, output: string | undefined, accepted: boolean): Promise<string> {
  if (output !== undefined && accepted) return output;
  const base = output ?? graph.path;
  const extension = extname(base);
  const stem = join(dirname(base), `${basename(base, extension)}.${accepted ? 'stabilized' : 'rejected'}`);
  for (let number = 1; ; number++) {
    const path = `${stem}${number === 1 ? '' : `-${number}`}${extension}`;
    if (!(await access(path).then(() => true, () => false))) return path;
  }
}
