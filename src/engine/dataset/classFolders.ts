import { UserError } from '../job.ts';
import { say } from '../sentences.ts';
import { classFinder, compareClassNames, type ClassNames } from './classNames.ts';

/** Labels by folder; `labelOf` is null where the folders are not classes. */
export interface FolderLabels {
  labelOf: ((path: string) => number) | null;
  classNames: string[] | null;
  warning: string | null;
}

/**
 * Decides whether the folders right below the data set are classes, and of which index. They are, if no picture lies beside
 * them and
 *
 * - all of them bear a known class's name, or
 * - there are two or more of them, as many as known classes; then their order is that of the classes, or
 * - no class is known by name, there are two or more of them, and the model's answers, if they are known, are as many.
 *
 * @throws UserError where the user's file of class names has another number of classes than there are folders
 */
export function labelByFolders(root: string, paths: readonly string[], known: ClassNames | null, classes: number | null): FolderLabels {
  const names = known?.names ?? null;
  const unlabelled = (warning: string | null): FolderLabels => ({ labelOf: null, classNames: names, warning });
  if (paths.some((path) => !path.includes('/'))) return unlabelled(null);
  const folders = [...new Set(paths.map(folderOf))].sort(compareClassNames);
  const byOrder = new Map(folders.map((folder, index) => [folder, index]));
  if (names) {
    const find = classFinder(names);
    const labels = new Map(folders.map((folder) => [folder, find(folder)]));
    const stranger = folders.find((folder) => labels.get(folder) === undefined);
    if (stranger === undefined) return { labelOf: (path) => labels.get(folderOf(path))!, classNames: names, warning: null };
    if (folders.length < 2) return unlabelled(null);
    if (folders.length === names.length) return { labelOf: (path) => byOrder.get(folderOf(path))!, classNames: names, warning: null };
    if (known!.file !== null) {
      throw new UserError(`${known!.file} names ${names.length} classes, but ${root} has ${folders.length} class folders, and "${stranger}" is none of the names`);
    }
    return unlabelled(say('unknownFolder', { folder: stranger, classes: names.length }));
  }
  if (folders.length < 2) return unlabelled(null);
  if (classes !== null && folders.length !== classes) {
    return unlabelled(say('otherFolders', { images: root, folders: folders.length, classes }));
  }
  return { labelOf: (path) => byOrder.get(folderOf(path))!, classNames: folders, warning: null };
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
