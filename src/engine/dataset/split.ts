import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../job.ts';
import { randomSource } from '../random.ts';
import type { DatasetItem } from './item.ts';
import { groupByClass } from './sample.ts';

/** Shares in [0, 1) whose sum is below 1; the rest is for training. */
interface SplitOptions {
  validationShare: number;
  testShare: number;
  seed: number;
}

/** A data set in three parts, each in the order of the items. */
export interface Split {
  training: DatasetItem[];
  validation: DatasetItem[];
  test: DatasetItem[];
}

/**
 * Divides items by class and seed, so that each part has about its share of every class and every class keeps something to
 * train on. Pictures whose file content is the same never fall on two sides: they are divided as one picture.
 *
 * @param contentHash hash of a file's content; asked only for files whose size another file has too
 * @throws UserError where the shares leave nothing for training
 */
export async function splitDataset(
  items: readonly DatasetItem[], options: SplitOptions, contentHash: (absolute: string) => Promise<string> = fileHash,
): Promise<Split> {
  const { validationShare, testShare, seed } = options;
  if (!(validationShare >= 0 && testShare >= 0 && validationShare + testShare < 1)) {
    throw new UserError(`a validation share of ${validationShare} and a test share of ${testShare} leave nothing for training`);
  }
  const contents = await sameContents(items, contentHash);
  // Of items with the same content, the first stands for all, with its class.
  const leaders = contents.map((indices) => items[indices[0]!]!);
  const side = new Map<DatasetItem, keyof Split>();
  const total = { items: 0, test: 0, validation: 0 };
  for (const [label, group] of groupByClass(leaders)) {
    randomSource(seed, 'split', label ?? 'unlabelled').shuffle(group);
    const units = Array.from(group, (index) => contents[index]!);
    total.items += units.reduce((sum, unit) => sum + unit.length, 0);
    // What rounding took from the classes so far is due to this one, so that small classes have their part in the shares.
    let test = Math.round(total.items * testShare) - total.test;
    let validation = Math.round(total.items * validationShare) - total.validation;
    units.forEach((unit, place) => {
      const last = place === units.length - 1;
      const part = last || unit.length > Math.max(test, validation) ? 'training' : unit.length <= test ? 'test' : 'validation';
      for (const index of unit) side.set(items[index]!, part);
      if (part === 'test') test -= unit.length;
      if (part === 'validation') validation -= unit.length;
      if (part !== 'training') total[part] += unit.length;
    });
  }
  const part = (name: keyof Split) => items.filter((item) => side.get(item) === name);
  return { training: part('training'), validation: part('validation'), test: part('test') };
}

/** Indices of the items, those of the same content together, in the order of their first items. */
async function sameContents(items: readonly DatasetItem[], contentHash: (absolute: string) => Promise<string>): Promise<number[][]> {
  const sizes = await inParallel(items, async ({ absolute }) => (await stat(absolute).catch(() => null))?.size ?? null);
  const count = new Map<number, number>();
  for (const size of sizes) if (size !== null) count.set(size, (count.get(size) ?? 0) + 1);
  const keys = await inParallel(items, async ({ absolute }, index) => {
    const size = sizes[index] ?? null;
    // A file that cannot be read is nobody's copy; decoding it will say what is wrong with it.
    if (size === null || count.get(size) === 1) return `item ${index}`;
    return contentHash(absolute);
  });
  const groups = new Map<string, number[]>();
  keys.forEach((key, index) => {
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  });
  return [...groups.values()];
}

/** Files that are open at the same time. */
const openFiles = 8;

async function inParallel<In, Out>(values: readonly In[], work: (value: In, index: number) => Promise<Out>): Promise<Out[]> {
  const results = new Array<Out>(values.length);
  let next = 0;
  const worker = async () => {
    while (next < values.length) {
      const index = next++;
      results[index] = await work(values[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: openFiles }, worker));
  return results;
}

/** SHA-256 of a file's content, read in pieces. */
export async function fileHash(absolute: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(absolute), hash);
  return hash.digest('hex');
}
