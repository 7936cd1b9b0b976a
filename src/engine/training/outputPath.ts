import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { writeError } from '../formats/atomicWrite.ts';
import { formats } from '../formats/index.ts';
import { UserError } from '../job.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';

/** Checks before any work that the new file will not lie over the original and that it can be written. Throws a `UserError`. */
export async function checkOutput(graph: ModelGraph, output: string | undefined): Promise<void> {
  if (isFolder(graph)) {
    await checkFolder(graph, output);
    return;
  }
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

/** A model that is a folder becomes one that is not there yet: what stands in another would be mixed with it. */
async function checkFolder(graph: ModelGraph, output: string | undefined): Promise<void> {
  const folder = namedFolder(graph, output);
  if (output !== undefined && folder === resolve(dirname(graph.path))) throw new UserError(`the output ${folder} is the original model: choose another name`);
  if (output !== undefined && await isThere(folder)) throw new UserError(`cannot write ${folder}: it is there already; choose the name of a new folder`);
  try {
    await access(`${dirname(folder)}${sep}`, constants.W_OK);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** The folder that the user named, by itself or by the file in it; the original's where none was named. */
function namedFolder(graph: ModelGraph, output: string | undefined): string {
  const named = output ?? graph.path;
  return resolve(basename(named) === basename(graph.path) ? dirname(named) : named);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

function isFolder(graph: ModelGraph): boolean {
  return formats.some((format) => format.name === graph.format && format.folder === true);
}

function besides(path: string, word: string, number: number): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.${numbered(word, number)}${extension}`);
}

function numbered(word: string, number: number): string {
  return number === 1 ? word : `${word}-${number}`;
}

/**
 * Where the new model goes: `NAME.stabilized.EXT` beside the original, or the file that the user named; `NAME.rejected.EXT` where
 * it was not accepted, `NAME.control.EXT` for a control. A name of our own choice that is taken gets a number, so that no earlier result is lost.
 */
export async function outputPath(graph: ModelGraph, output: string | undefined, word: 'stabilized' | 'rejected' | 'control'): Promise<string> {
  // Where a name is given, what was not accepted must not bear it.
  const accepted = word !== 'rejected';
  if (isFolder(graph)) {
    const folder = namedFolder(graph, output);
    return join(output !== undefined && accepted ? folder : await free((number) => `${folder}.${numbered(word, number)}`), basename(graph.path));
  }
  if (output !== undefined && accepted) return output;
  return free((number) => besides(output ?? graph.path, word, number));
}

/** The first of our names that nothing has yet. */
async function free(name: (number: number) => string): Promise<string> {
  for (let number = 1; ; number++) {
    if (!(await isThere(name(number)))) return name(number);
  }
}
