import type { Split } from '../dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { ModelGraph } from '../graph/modelGraph.ts';
import { UserError } from '../job.ts';
import type { SearchPoint } from '../results.ts';
import { say } from '../sentences.ts';
import type { Checkpoint, FinishedPoint } from './checkpoint.ts';
import { keepPoints } from './keptPoints.ts';
import { PartTraining, type PartContext } from './partTraining.ts';
import { choosePoint, epochsAfter, markRejected, paretoFront, rankPoints, searchGrid, searchRounds, sweptParts, type GridPoint } from './search.ts';
import type { UnderWay } from './settings.ts';
import type { Trained } from './train.ts';
import { networkEnd, selectWeights } from './trainedPart.ts';

/** What the search came to. */
export interface TrainedPoints {
  /** The point that is written, and its control, with their weights. */
  chosen: FinishedPoint;
  control: FinishedPoint;
  /** The points as they are reported, those that cannot be chosen with the reason. */
  search: SearchPoint[];
  /** Trainings that were stopped because they went wrong. */
  failed: { point: SearchPoint; trained: Pick<Trained, 'stopped' | 'epoch' | 'bestEpoch'> }[];
  /** Weights that the chosen point trained. */
  weights: readonly string[];
  /** Pictures that could not be read. */
  skipped: { path: string; reason: string }[];
  warnings: string[];
}

/** Trains the points of the search, round after round, and the control of the best; keeps the weights of the Pareto front in the run folder. */
export async function trainPoints(underWay: UnderWay, graph: ModelGraph, split: Split, runtime: Engine, checkpoint: Checkpoint): Promise<TrainedPoints> {
  const { options, settings, job, dataset } = underWay;
  const end = networkEnd({ ...underWay.model, graph }, settings.objective);
  const parts = partsOf(graph, end, options.train === undefined && settings.sweep !== null ? [...sweptParts] : [settings.train]);
  const grid = searchGrid({
    ...options, ...(settings.trainDistortions.length > 0 ? { sigma: 0 } : {}),
    learningRate: settings.learningRate, searchRate: settings.sweep !== null && options.learningRate === undefined,
    parts: [...parts.keys()], sweep: settings.sweep, sweepPoints: settings.sweepPoints, seed: settings.seed,
  });
  if (split.validation.length === 0 && grid.length > 2) throw new UserError('without a validation share there is nothing to search with: give --alpha and --sigma');
  const search = new Search({ underWay, graph, end, split, runtime, checkpoint, sigmas: [...new Set(grid.map((point) => point.sigma))], several: parts.size > 1 }, parts, grid);
  const rounds = searchRounds(grid.length, settings.epochs, settings.sweep !== null);
  try {
    let alive = grid.map((_, index) => index);
    const controlEpochs = grid.some((point) => point.alpha === 0) ? 0 : settings.epochs;
    for (const [round, { until, keep }] of rounds.entries()) {
      await search.train(alive, until, (waiting) => epochsAfter(rounds, round, waiting, controlEpochs));
      alive = search.best(alive, keep);
    }
    const started = performance.now();
    const tried = search.tried();
    const { chosen, points } = choosePoint(tried.map((index) => search.points.get(index)!.point), search.before, settings.maxPrecisionDrop);
    const winner = search.points.get(tried[chosen]!)!;
    const { train: part = settings.train, learningRate, sigma } = winner.point;
    let control = winner.point.alpha === 0 ? tried[chosen]! : grid.findIndex((point) => point.alpha === 0 && point.train === part && point.learningRate === learningRate);
    if (control < 0) control = await search.trainControl({ train: part, alpha: 0, sigma, learningRate }, ['asked', 'epochs'].includes(winner.trained.stopped) ? winner.trained.epoch : settings.epochs);
    const front = paretoFront(points);
    const marked = points.map((point, place): SearchPoint => ({ ...point, ...(front.has(place) && point.alpha > 0 ? { pareto: true } : {}) }));
    const reported = [...marked, ...search.extra.map((index) => search.points.get(index)!.point)];
    const indices = [...tried, ...search.extra];
    // The control can be measured on other pictures only where it can be written.
    const kept = await keepPoints(options.run, checkpoint, reported.flatMap((point, place) => (point.pareto || indices[place] === control ? [{ place, index: indices[place]! }] : [])));
    underWay.seconds.training += (performance.now() - started) / 1000;
    const loaded = async (index: number): Promise<FinishedPoint> => (await checkpoint.point(index))!;
    return {
      chosen: await loaded(tried[chosen]!), control: await loaded(control), weights: parts.get(part)!, skipped: search.skipped, warnings: search.warnings,
      search: reported.map((point, place) => ({ ...point, ...(kept.has(place) ? { kept: true } : {}), ...(dataset.labels === null ? { precisionAt1: null } : {}) })),
      failed: [...search.points.values()].filter(({ trained: { stopped } }) => stopped === 'not finite' || stopped === 'collapsed'),
    };
  } finally {
    await search.release();
    job.log(`training took ${underWay.seconds.training.toFixed(1)} s, features ${underWay.seconds.features.toFixed(1)} s`);
  }
}

/** The weights of each part that there is; of several that stand for the same weights the first. */
function partsOf(graph: ModelGraph, end: ReturnType<typeof networkEnd>, wanted: readonly string[]): Map<string, string[]> {
  const parts = new Map<string, string[]>();
  for (const part of wanted) {
    let weights: string[];
    try {
      weights = selectWeights(graph, end, part);
    } catch (error) {
      // A sweep tries what there is: not every network has batch normalisation.
      if (error instanceof UserError && wanted.length > 1) continue;
      throw error;
    }
    const same = (known: readonly string[]): boolean => known.length === weights.length && weights.every((name) => known.includes(name));
    if (![...parts.values()].some(same)) parts.set(part, weights);
  }
  return parts;
}

/** A point that was trained, without its weights: those are in the checkpoint. */
type PointNote = { point: SearchPoint; trained: Pick<Trained, 'stopped' | 'epoch' | 'bestEpoch'> };

/** Points of a search with what they came to so far. One part of the network is open at a time. */
class Search {
  readonly points = new Map<number, PointNote>();
  readonly skipped: { path: string; reason: string }[] = [];
  readonly warnings: string[] = [];
  /** Indices of controls that were trained for the winner alone. */
  readonly extra: number[] = [];
  /** Precision of the original on the validation share. */
  before = 0;
  readonly #context: PartContext;
  readonly #parts: ReadonlyMap<string, string[]>;
  readonly #grid: GridPoint[];
  #open: { part: string; training: PartTraining } | null = null;
  #known = false;

  constructor(context: PartContext, parts: ReadonlyMap<string, string[]>, grid: readonly GridPoint[]) {
    this.#context = context;
    this.#parts = parts;
    this.#grid = [...grid];
  }

  /** Indices of the points that have been trained, controls for the winner alone left out. */
  tried(): number[] {
    return [...this.points.keys()].filter((index) => !this.extra.includes(index)).sort((a, b) => a - b);
  }

  /**
   * Trains points up to an epoch, part by part. Where the job is asked to finish, what has not begun is left out. `after` says how
   * many epochs the job has left when so many of the points wait.
   */
  async train(indices: readonly number[], until: number, after: (waiting: number) => number): Promise<void> {
    for (const [place, index] of indices.entries()) {
      if (this.points.size > 0 && this.#context.underWay.job.finishEarly?.() === true) {
        this.#warn(say('askedToFinish'));
        return;
      }
      await this.#trainOne(index, { until, number: place + 1, of: indices.length, epochsAfter: after(indices.length - place - 1), finishEarly: true, last: until >= this.#context.underWay.settings.epochs });
    }
  }

  /** Trains the control of the winner; asked to finish or not, because without it the report would say nothing. */
  async trainControl(point: GridPoint, until: number): Promise<number> {
    const index = this.#grid.push(point) - 1;
    this.extra.push(index);
    await this.#trainOne(index, { until, number: 1, of: 1, epochsAfter: 0, finishEarly: false, last: true });
    return index;
  }

  /** The best of some points; the others have had what they get. */
  best(indices: readonly number[], keep: number): number[] {
    const known = indices.filter((index) => this.points.has(index));
    const marked = markRejected(known.map((index) => this.points.get(index)!.point), this.before, this.#context.underWay.settings.maxPrecisionDrop);
    // In the order of the grid, so that every part is opened once a round.
    return rankPoints(marked).slice(0, keep).map((place) => known[place]!).sort((a, b) => a - b);
  }

  async #trainOne(index: number, at: Parameters<PartTraining['train']>[2]): Promise<void> {
    const training = await this.#openPart(this.#grid[index]!.train);
    const started = performance.now();
    const { point, trained: { stopped, epoch, bestEpoch } } = await training.train(index, this.#grid[index]!, at);
    this.points.set(index, { point, trained: { stopped, epoch, bestEpoch } });
    this.#context.underWay.seconds.training += (performance.now() - started) / 1000;
  }

  async #openPart(part: string): Promise<PartTraining> {
    if (this.#open?.part === part) return this.#open.training;
    await this.release();
    const training = await PartTraining.open(this.#context, this.#parts.get(part)!);
    this.#open = { part, training };
    if (!this.#known) {
      this.#known = true;
      this.before = (await training.score({})).precision;
      this.skipped.push(...training.skipped);
    }
    return training;
  }

  #warn(sentence: string): void {
    if (!this.warnings.includes(sentence)) this.warnings.push(sentence);
  }

  async release(): Promise<void> {
    await this.#open?.training.release();
    this.#open = null;
  }
}
