import { featureDistance } from '../measures/featureDistance.ts';
import { randomSource } from '../random.ts';
import type { Negatives } from '../runs/negativesFile.ts';

/** Pictures whose features are kept at most, and the bytes that these may take. */
const mostPictures = 1000;
const mostBytes = 32 << 20;
/** Pairs of different pictures that are measured. */
const mostPairs = 10_000;

interface Kept {
  /** What decides who is kept: seeded by the picture's path, so that the order in which pictures come does not matter. */
  priority: number;
  path: string;
  label: number | null;
  features: Float32Array;
}

/** Keeps the features of a bounded, seeded sample of the clean pictures, to tell how far different pictures are apart. */
export class FeatureSample {
  readonly #seed: number;
  #kept: Kept[] = [];
  /** No picture with a priority from here on is kept. */
  #limit = 1;

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(path: string, label: number | null, features: Float32Array): void {
    const priority = randomSource('feature sample', this.#seed, path).uniform();
    if (priority >= this.#limit) return;
    this.#kept.push({ priority, path, label, features: features.slice() });
    const most = Math.max(2, Math.min(mostPictures, Math.floor(mostBytes / Math.max(1, features.byteLength))));
    if (this.#kept.length >= 2 * most) this.#drop(most);
  }

  #drop(most: number): void {
    this.#kept = this.#kept.sort((a, b) => a.priority - b.priority).slice(0, most);
    this.#limit = this.#kept.at(-1)!.priority;
  }

  /** Distances of different pictures, of one class where labels are known and a class has two; null with fewer than two pictures. */
  negatives(): Negatives | null {
    const [first] = this.#kept;
    if (!first) return null;
    this.#drop(Math.max(2, Math.min(mostPictures, Math.floor(mostBytes / Math.max(1, first.features.byteLength)))));
    const pictures = this.#kept.sort((a, b) => (a.path < b.path ? -1 : 1));
    const byLabel = new Map<number | null, Kept[]>();
    for (const picture of pictures) byLabel.set(picture.label, [...(byLabel.get(picture.label) ?? []), picture]);
    const classes = [...byLabel].filter(([label, group]) => label !== null && group.length > 1).map(([, group]) => group);
    const groups = classes.length > 0 ? classes : pictures.length > 1 ? [pictures] : [];
    if (groups.length === 0) return null;
    const distances = pairsWithin(groups, randomSource('negatives', this.#seed)).map(([a, b]) => Number(featureDistance(a.features, b.features).toPrecision(6)));
    return { sameClass: classes.length > 0, pictures: pictures.length, distances };
  }
}

/** All pairs within the groups, or as many as are wanted, drawn without repetition, a larger group in proportion to its pairs. */
function pairsWithin<Item>(groups: Item[][], random: ReturnType<typeof randomSource>): [Item, Item][] {
  const ends: number[] = [];
  let all = 0;
  for (const { length } of groups) ends.push((all += (length * (length - 1)) / 2));
  const chosen = new Set<number>();
  if (all <= mostPairs) for (let pair = 0; pair < all; pair++) chosen.add(pair);
  else while (chosen.size < mostPairs) chosen.add(random.integer(all));
  return [...chosen].map((pair) => {
    const group = ends.findIndex((end) => pair < end);
    // Pairs of a group are numbered as (0, 1), (0, 2), (1, 2), (0, 3), …: the larger of the two follows from a square root.
    const within = pair - (ends[group - 1] ?? 0);
    const second = Math.floor((1 + Math.sqrt(1 + 8 * within)) / 2);
    return [groups[group]![within - (second * (second - 1)) / 2]!, groups[group]![second]!];
  });
}
