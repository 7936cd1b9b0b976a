import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../job.ts';

/**
 * Writes a file beside its place and renames it, so that a reader sees the old file or the new one, never a part.
 * Nothing is left behind on failure. Throws a `UserError` that names the file.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array | readonly Uint8Array[]): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  const chunks = Array.isArray(content) ? (content as readonly Uint8Array[]) : [content as string | Uint8Array];
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined /* it could not even be made */);
    throw writeError(path, error);
  }
}

/** Makes a folder and those above it. Throws a `UserError` that names it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw writeError(path, (await refusal(path)) ?? error);
  }
}

/** Why the first missing folder on the way to `path` cannot be made: a recursive `mkdir` says ENOENT where the disk is read-only. */
async function refusal(path: string): Promise<unknown> {
  let missing = path;
  while (dirname(missing) !== missing && !(await access(dirname(missing)).then(() => true, () => false))) missing = dirname(missing);
  return mkdir(missing).then(() => null, (error: unknown) => error);
}

/** The system's refusal to write a file, as a sentence that names it. */
export function writeError(path: string, error: unknown): UserError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EFBIG: 'it is larger than a file may be here',
    ENAMETOOLONG: 'its name is too long',
    EROFS: 'the file system is read-only',
    EACCES: 'the folder cannot be written to',
    EPERM: 'the folder cannot be written to',
    ENOENT: 'the folder does not exist',
    ENOTDIR: 'its folder is a file',
    EISDIR: 'it is a folder',
  };
  return new UserError(`cannot write ${path}: ${reasons[code] ?? (error instanceof Error ? error.message : String(error))}`, { cause: error });
}
