import type { TrainingSet } from './batches.ts';
import { shareDifferent, type HeadScorer, type Vectors } from './headScorer.ts';
import type { Settings } from './settings.ts';
import type { TrainingState } from './trainingStep.ts';

/** How good some weights are on a set of pictures, clean and under the distortions that are reported. */
export interface Score {
  /** Share of clean answers that are right (without labels: the original's); of embeddings, whose nearest neighbour is of the same class (without labels: is the original's). */
  precision: number;
  /** Mean over the distortions of the share of labels that change; of embeddings, of pictures that are no longer nearest to their clean self. */
  labelInstability: number;
  /** Of embeddings: mean distance of a distorted picture from its clean self. */
  featureDistance?: number;
  /** Every picture gets the same answer although they differ. */
  collapsed: boolean;
}

/** Pictures whose nearest neighbours are searched at most: every one is compared with every other. */
const neighbourLimit = 1000;

/** Scores weights of the trained part. `firstDistortion` is the version of the store that holds the first distortion. */
export class Scoring {
  readonly #scorer: HeadScorer;
  readonly #set: Pick<TrainingSet, 'store' | 'truth'>;
  readonly #versions: number[];
  readonly #embeds: boolean;
  /** Neighbours by the original's embeddings, by the number of pictures. */
  readonly #original = new Map<number, Uint32Array>();

  constructor(scorer: HeadScorer, set: Pick<TrainingSet, 'store' | 'truth'>, firstDistortion: number, { distortions, objective }: Pick<Settings, 'distortions' | 'objective'>) {
    this.#scorer = scorer;
    this.#set = set;
    this.#versions = [0, ...distortions.map((_, index) => firstDistortion + index)];
    this.#embeds = objective !== 'classification';
  }

  /** Over all pictures, or over so many, evenly chosen. */
  async score(weights: TrainingState['weights'], limit = Infinity): Promise<Score> {
    const pictures = evenly(this.#set.store.count, this.#embeds ? Math.min(limit, neighbourLimit) : limit);
    return this.#embeds ? this.#embedding(weights, pictures) : this.#classification(weights, pictures);
  }

  async #classification(weights: TrainingState['weights'], pictures: Uint32Array): Promise<Score> {
    const truth = pictures.map((index) => this.#set.truth[index]!);
    const [clean, ...distorted] = await this.#scorer.labels(weights, this.#set.store, this.#versions, pictures);
    return {
      precision: 1 - shareDifferent(clean!, truth),
      labelInstability: mean(distorted.map((labels) => shareDifferent(clean!, labels))),
      collapsed: new Set(clean).size === 1 && new Set(truth).size > 1,
    };
  }

  async #embedding(weights: TrainingState['weights'], pictures: Uint32Array): Promise<Score> {
    const [clean, ...distorted] = await this.#scorer.embeddings(weights, this.#set.store, this.#versions, pictures);
    const truth = pictures.map((index) => this.#set.truth[index]!);
    const neighbours = nearest(clean!, clean!, true);
    // Classes of their own, from 2³¹, are pictures without a label.
    const labelled = truth.some((label) => label < 2 ** 31);
    const wanted = labelled ? truth : await this.#originalNeighbours(pictures);
    const self = Uint32Array.from(pictures, (_, place) => place);
    return {
      precision: 1 - shareDifferent(labelled ? neighbours.map((place) => truth[place]!) : neighbours, wanted),
      labelInstability: mean(distorted.map((vectors) => shareDifferent(nearest(vectors, clean!, false), self))),
      featureDistance: mean(distorted.map((vectors) => mean(Array.from(self, (place) => distance(vectors, place, clean!, place))))),
      collapsed: pictures.length > 1 && self.every((place) => distance(clean!, place, clean!, 0) < 1e-3),
    };
  }

  async #originalNeighbours(pictures: Uint32Array): Promise<Uint32Array> {
    let known = this.#original.get(pictures.length);
    if (!known) {
      const [own] = await this.#scorer.embeddings({}, this.#set.store, [0], pictures);
      this.#original.set(pictures.length, known = nearest(own!, own!, true));
    }
    return known;
  }
}

function evenly(count: number, limit: number): Uint32Array {
  const length = Math.min(count, limit);
  return Uint32Array.from({ length }, (_, place) => Math.floor((place * count) / length));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function distance(a: Vectors, i: number, b: Vectors, j: number): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a.data[i * a.length + at]! - b.data[j * b.length + at]!) ** 2;
  return Math.sqrt(sum);
}

/** For each query the row of `vectors` that is nearest; `others`: that is not itself. The first of equal ones. */
function nearest(queries: Vectors, vectors: Vectors, others: boolean): Uint32Array {
  const rows = vectors.length === 0 ? 0 : vectors.data.length / vectors.length;
  return Uint32Array.from({ length: rows }, (_, query) => {
    let best = 0;
    let least = Infinity;
    for (let row = 0; row < rows; row++) {
      if (others && row === query) continue;
      const far = distance(queries, query, vectors, row);
      if (far < least) [best, least] = [row, far];
    }
    return best;
  });
}
