import { UserError } from '../job.ts';
import type { DatasetItem } from '../dataset/item.ts';

/** Frames of a folder, in their order. */
export interface ClipFrames {
  name: string;
  items: DatasetItem[];
}

/** Numbers in names count as numbers, so that frame 9 comes before frame 10. */
const natural = new Intl.Collator('en', { numeric: true });

function compareNames(a: string, b: string): number {
  // Names that differ only in zeros before a number are equal to the collator.
  return natural.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/**
 * Every folder is a clip, its pictures the frames in the natural order of their names; the last frame of one clip and the
 * first of the next are no neighbours. With `limit`, the first frames only.
 *
 * @throws UserError where no clip has two frames
 */
export function clipsOf(root: string, items: readonly DatasetItem[], limit = Infinity): ClipFrames[] {
  const byFolder = new Map<string, DatasetItem[]>();
  for (const item of items) {
    const frames = byFolder.get(folderOf(item.path));
    if (frames) frames.push(item);
    else byFolder.set(folderOf(item.path), [item]);
  }
  const clips: ClipFrames[] = [];
  let left = limit;
  for (const [name, frames] of [...byFolder].sort(([a], [b]) => compareNames(a, b))) {
    const kept = frames.sort((a, b) => compareNames(a.path, b.path)).slice(0, left);
    left -= kept.length;
    if (kept.length > 0) clips.push({ name, items: kept });
  }
  if (clips.every((clip) => clip.items.length < 2)) throw new UserError(`no folder of ${root} holds two frames: nothing has a neighbour`);
  return clips;
}
