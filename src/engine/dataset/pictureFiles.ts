import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '../job.ts';

/** Endings of files that are taken for pictures; whether they are shows when they are decoded. */
export const pictureExtensions: readonly string[] = [
  '.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.avif', '.tif', '.tiff', '.gif',
];

const known = new Set(pictureExtensions);

/**
 * Paths of all pictures in a folder and below it, relative to it, with forward slashes, sorted by their characters' codes, so
 * that the order is the same on every machine. Links are followed; names that begin with a dot are left out. No file is
 * opened.
 *
 * @throws UserError where the folder, or one below it, is not there or may not be read
 */
export async function pictureFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  await collect(root, '', found, new Set());
  return found.sort();
}

async function collect(root: string, folder: string, found: string[], visited: Set<string>): Promise<void> {
  const absolute = join(root, folder);
  const entries = await entriesOf(absolute);
  // A link can lead back to a folder above it.
  const real = await realpath(absolute);
  if (visited.has(real)) return;
  visited.add(real);
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = folder + entry.name;
    const kind = entry.isSymbolicLink() ? await linkedKind(join(root, path)) : entry;
    if (kind?.isDirectory()) await collect(root, `${path}/`, found, visited);
    else if (kind?.isFile() && known.has(extname(entry.name).toLowerCase())) found.push(path);
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new UserError(`there is no folder ${folder}`, { cause });
    if (code === 'ENOTDIR') throw new UserError(`${folder} is not a folder`, { cause });
    throw new UserError(`the folder ${folder} cannot be read: ${code ?? String(cause)}`, { cause });
  }
}

/** What a link leads to; null where it leads nowhere, which is no picture and no reason to stop. */
async function linkedKind(path: string): Promise<{ isDirectory(): boolean; isFile(): boolean } | null> {
  return stat(path).catch(() => null);
}
