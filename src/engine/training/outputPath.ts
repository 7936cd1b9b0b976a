import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { writeError } from '../formats/atomicWrite.ts';
import { UserError } from '../job.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';

/** Checks before any work that the new file will not lie over the original and that it can be written. Throws a `UserError`. */
export async function checkOutput(graph: ModelGraph, output: string | undefined): Promise<void> {
  const target = output === undefined ? besides(graph.path, 'stabilized', 1) : resolve(output);
  if (extname(target) !== extname(graph.path)) throw new UserError(`the output ${target} must end in ${extname(graph.path)}, as the original does`);
  const there = await stat(target, { bigint: true }).catch(() => null);
  for (const file of graph.files) {
    const original = await stat(file, { bigint: true });
    if (resolve(file) === target || (there?.ino === original.ino && there.dev === original.dev)) throw new UserError(`the output ${target} is the original model: choose another name`);
  }
  if (there?.isDirectory()) throw new UserError(`cannot write ${target}: it is a folder`);
  try {
    // With the separator, a file in the folder's place is refused as well.
    await access(`${dirname(target)}${sep}`, constants.W_OK);
  } catch (error) {
    throw writeError(target, error);
  }
}

function besides(path: string, word: string, number: number): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${word}${number === 1 ? '' : `-${number}`}${extension}`);
}

/**
 * Where the new model goes: `NAME.stabilized.EXT` beside the original, or the file that the user named; `NAME.rejected.EXT` where
 * it was not accepted. A name of our own choice that is taken gets a number, so that no earlier result is lost.
 */
export async function outputPath(graph: ModelGraph, output: string | undefined, accepted: boolean): Promise<string> {
  if (output !== undefined && accepted) return output;
  for (let number = 1; ; number++) {
    const path = besides(output ?? graph.path, accepted ? 'stabilized' : 'rejected', number);
    if (!(await access(path).then(() => true, () => false))) return path;
  }
}
