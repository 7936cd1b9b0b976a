import { open, rename, rm } from 'node:fs/promises';
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
    await rm(temporary, { force: true });
    throw writeError(path, error);
  }
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
