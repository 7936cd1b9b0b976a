import { formatOf } from './formats/index.ts';
import { hashModel } from './openModel.ts';

/** SHA-256 of model files by their path, as runs name them; a file that cannot be read is left out, with a line in the log. */
export async function hashModels(files: readonly string[], log: (line: string) => void): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of files) {
    try {
      const { sha256 } = await hashModel(await (await formatOf(file)).read(file));
      hashes[file] = sha256;
    } catch (error) {
      log((error as Error).message);
    }
  }
  return hashes;
}
