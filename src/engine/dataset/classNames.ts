import { readFile } from 'node:fs/promises';
import { UserError } from '../job.ts';

/** Names of classes and where they came from. */
export interface ClassNames {
  names: string[];
  /** The file that the user gave; null for names from the model's metadata. */
  file: string | null;
}

/** Reads class names, one a line in the order of the model's answers; empty lines do not count. @throws UserError */
export async function readClassNames(file: string): Promise<ClassNames> {
  const text = await readText(file);
  const names = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  if (names.length === 0) throw new UserError(`${file} holds no class names`);
  return { names, file };
}

/** A text file without its byte order mark. @throws UserError where it cannot be read */
export async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new UserError(code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read: ${code ?? String(cause)}`, { cause });
  }
}

/**
 * Finds classes by name: as they are written, or else without regard to case and to `-`, `_` and space. Of classes with the
 * same name, the first is found.
 */
export function classFinder(names: readonly string[]): (name: string) => number | undefined {
  const exact = new Map<string, number>();
  const loose = new Map<string, number>();
  names.forEach((name, index) => {
    if (!exact.has(name)) exact.set(name, index);
    if (!loose.has(looseName(name))) loose.set(looseName(name), index);
  });
  return (name) => exact.get(name) ?? loose.get(looseName(name));
}

function looseName(name: string): string {
  return name.trim().toLowerCase().replace(/[\s_-]+/g, ' ');
}

/**
 * The order of classes that have names but no given order: numbers by their value (0 … 9, 10), other names by their
 * characters' codes, which is the order that Keras and torchvision give class folders.
 */
export function compareClassNames(a: string, b: string): number {
  const numbers = /^\d+$/.test(a) && /^\d+$/.test(b);
  if (numbers && Number(a) !== Number(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
