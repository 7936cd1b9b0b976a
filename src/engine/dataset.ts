import { join } from 'node:path';
import { labelByFolders } from './dataset/classFolders.ts';
import { readClassNames, type ClassNames } from './dataset/classNames.ts';
import type { DatasetItem } from './dataset/item.ts';
import { readLabelsFile } from './dataset/labelsFile.ts';
import { pictureExtensions, pictureFiles } from './dataset/pictureFiles.ts';
import { balancedSample } from './dataset/sample.ts';
import { UserError } from './job.ts';

export type { DatasetItem } from './dataset/item.ts';
export { fileHash, splitDataset, type Split } from './dataset/split.ts';

/** Where the pictures are and what is known of their classes. Paths are absolute. */
export interface DatasetOptions {
  images: string;
  labelsFile?: string | undefined;
  classNamesFile?: string | undefined;
  /** At most so many pictures, evenly over the classes. */
  limit?: number | undefined;
  seed: number;
  /** Class names in the model's metadata; the user's file wins over them. */
  modelClassNames?: string[] | null | undefined;
  /** Number of classes that the model answers with, where it is known. */
  classes?: number | null | undefined;
}

/** Pictures, sorted by path; nothing of them has been read yet. */
export interface Dataset {
  root: string;
  items: DatasetItem[];
  /** In the order of the labels; null where classes have no names. */
  classNames: string[] | null;
  /** Where the labels came from; null where there are none. */
  labels: 'folders' | 'file' | null;
  /** What a reader must know before trusting the labels, in sentences. */
  warnings: string[];
}

/**
 * Finds the pictures in a folder and their classes: from a CSV file where one is given, else from class folders, else none.
 * Files are recognised by their ending; whether they can be read shows later.
 *
 * @throws UserError for a missing folder or file, a folder without pictures, labels or class names that do not fit
 */
export async function openDataset(options: DatasetOptions): Promise<Dataset> {
  const { images: root, labelsFile, classNamesFile, limit, seed, modelClassNames } = options;
  const classes = options.classes ?? null;
  const paths = await pictureFiles(root);
  const known: ClassNames | null = classNamesFile
    ? await readClassNames(classNamesFile)
    : modelClassNames?.length ? { names: modelClassNames, file: null } : null;
  if (known?.file && classes !== null && known.names.length !== classes) {
    throw new UserError(`${known.file} names ${known.names.length} classes, but the model has ${classes}`);
  }
  const dataset = labelsFile
    ? await fromFile(labelsFile, root, paths, known, classes)
    : fromFolders(root, paths, known, classes);
  if (dataset.items.length === 0) {
    throw new UserError(labelsFile ? `${labelsFile} lists no pictures` : `${root} holds no pictures (${pictureExtensions.join(' ')})`);
  }
  return limit === undefined ? dataset : { ...dataset, items: balancedSample(dataset.items, limit, seed) };
}

async function fromFile(
  file: string, root: string, paths: string[], known: ClassNames | null, classes: number | null,
): Promise<Dataset> {
  const { items, classNames } = await readLabelsFile(file, root, paths, known, classes);
  const labels = items.some((item) => item.label !== null) ? 'file' : null;
  return { root, items, classNames, labels, warnings: [] };
}

function fromFolders(root: string, paths: string[], known: ClassNames | null, classes: number | null): Dataset {
  const { labelOf, classNames, warning } = labelByFolders(root, paths, known, classes);
  const items = paths.map((path) => ({ path, absolute: join(root, path), label: labelOf ? labelOf(path) : null }));
  return { root, items, classNames, labels: labelOf ? 'folders' : null, warnings: warning === null ? [] : [warning] };
}
