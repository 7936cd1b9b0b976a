import { stat } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { csvParseRows } from 'd3-dsv';
import { UserError } from '../job.ts';
import { classFinder, compareClassNames, readText, type ClassNames } from './classNames.ts';
import type { DatasetItem } from './item.ts';

/** A data row: its line in the file (from 1), the picture's path and the label, as they are written. */
interface Row {
  line: number;
  path: string;
  label: string;
}

const pathColumns = new Set(['path', 'file', 'filename', 'file_name', 'filepath', 'image', 'image_path', 'picture']);
const labelColumns = new Set(['label', 'class', 'class_name', 'category', 'target']);

/**
 * Reads `path,label` rows (RFC 4180), with or without a header that names the columns. A path is relative to the picture
 * folder or else to the CSV file, or absolute. A label is a class's name or index; a row without one is an unlabelled
 * picture. Where no class is known by name and not all labels are whole numbers, the distinct labels in order are the classes.
 *
 * @param pictures paths of the pictures in `root`
 * @throws UserError that names the line
 */
export async function readLabelsFile(
  file: string, root: string, pictures: readonly string[], known: ClassNames | null, classes: number | null,
): Promise<{ items: DatasetItem[]; classNames: string[] | null }> {
  const rows = readRows(file, await readText(file));
  const inRoot = new Set(pictures);
  const items: DatasetItem[] = [];
  const lines = new Map<string, number>();
  for (const row of rows) {
    const found = await findPicture(row.path, file, root, inRoot);
    if (!found) throw new UserError(`${file} line ${row.line}: there is no picture ${row.path}`);
    const earlier = lines.get(found.absolute);
    if (earlier !== undefined) throw new UserError(`${file} line ${row.line}: ${row.path} stands in line ${earlier} already`);
    lines.set(found.absolute, row.line);
    items.push({ ...found, label: null });
  }
  const { labels, classNames } = resolveLabels(file, rows, known, classes);
  items.forEach((item, i) => (item.label = labels[i]!));
  return { items: items.sort((a, b) => (a.path < b.path ? -1 : 1)), classNames };
}

function readRows(file: string, text: string): Row[] {
  const table = csvParseRows(text).map((cells, index) => ({ line: index + 1, cells: cells.map((cell) => cell.trim()) }));
  const filled = table.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const header = filled[0]?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const pathColumn = header.findIndex((name) => pathColumns.has(name));
  if (pathColumn < 0) return filled.map(({ line, cells }) => ({ line, path: cells[0]!, label: cells[1] ?? '' }));
  const named = header.findIndex((name) => labelColumns.has(name));
  const labelColumn = named >= 0 || header.length !== 2 ? named : 1 - pathColumn;
  if (labelColumn < 0) throw new UserError(`${file} has no column "label"`);
  return filled.slice(1).map(({ line, cells }) => ({ line, path: cells[pathColumn] ?? '', label: cells[labelColumn] ?? '' }));
}

async function findPicture(
  written: string, file: string, root: string, inRoot: ReadonlySet<string>,
): Promise<{ path: string; absolute: string } | null> {
  // A file made on Windows has backslashes; elsewhere they may be part of a name, so that is tried first.
  for (const path of [posix.normalize(written), posix.normalize(written.replaceAll('\\', '/'))]) {
    if (inRoot.has(path)) return { path, absolute: join(root, path) };
  }
  for (const absolute of [resolve(root, written), resolve(dirname(file), written)]) {
    const found = await stat(absolute).catch(() => null);
    if (found?.isFile()) return { path: relative(root, absolute).split(sep).join('/'), absolute };
  }
  return null;
}

function resolveLabels(
  file: string, rows: readonly Row[], known: ClassNames | null, classes: number | null,
): { labels: (number | null)[]; classNames: string[] | null } {
  const written = rows.map((row) => row.label).filter((label) => label !== '');
  const allNumbers = written.every((label) => /^\d+$/.test(label));
  const classNames = known?.names ?? (allNumbers ? null : [...new Set(written)].sort(compareClassNames));
  if (!known && classNames && classes !== null && classNames.length !== classes) {
    throw new UserError(`${file} names ${classNames.length} classes, but the model has ${classes}: a file of class names must tell their order`);
  }
  const find = classFinder(classNames ?? []);
  const end = classNames?.length ?? classes ?? Infinity;
  const labels = rows.map(({ line, label }) => {
    if (label === '') return null;
    const named = find(label);
    if (named !== undefined) return named;
    if (!/^\d+$/.test(label)) throw new UserError(`${file} line ${line}: unknown class: ${label}`);
    if (Number(label) >= end) throw new UserError(`${file} line ${line}: class ${label} is not from 0 to ${end - 1}`);
    return Number(label);
  });
  return { labels, classNames };
}
