import { openDataset } from './dataset.ts';
import { findEngine } from './engines/index.ts';
import { percent, sizeWarnings } from './evaluation.ts';
import { planAnswers, type Answer, type AnswerPlan } from './inference/answers.ts';
import { runPictures } from './inference/picturePool.ts';
import { breathe, UserError, type Job } from './job.ts';
import { argmax } from './measures/labels.ts';
import { concreteInput, hashModel, openModel, type OpenModel } from './openModel.ts';
import type { FindPreprocessingOptions } from './options.ts';
import type { Version } from './pictures/prepare.ts';
import { describePreprocessing, resizeCandidates, samePreprocessing, scalingCandidates } from './preprocessing/candidates.ts';
import { ProgressMeter } from './progress.ts';
import type { Preprocessing, PreprocessingSearch, PreprocessingTrial, SkippedImage } from './results.ts';
import { say } from './sentences.ts';
import { mcNemar, share } from './statistics.ts';
import { version } from './version.ts';
import type { DatasetItem } from './dataset/item.ts';

/** Pictures that are enough to tell a wrong preprocessing from a right one. */
const usualLimit = 200;

/** Scalings that are also tried with the other ways of resizing: resizing changes less than scaling. */
const resizedScalings = 3;

/** A p below this counts as a difference. */
const significance = 0.05;

/**
 * Tries the usual ways of preparing pictures on a bounded, seeded sample and puts them in order: by clean precision where the
 * pictures have labels, else by what an answer tells of the picture (its mutual information): mean confidence alone would favour a range that
 * is far too wide and drives the network to one label. Each picture is decoded once for
 * all scalings and once more for the other ways of resizing, which only the best scalings are tried with.
 *
 * @throws UserError where the model has no classes, or no picture can be read
 */
export async function findPreprocessing(options: FindPreprocessingOptions, job: Job): Promise<PreprocessingSearch> {
  const startedAt = new Date();
  const { seed = 0, threads = 0, limit = usualLimit } = options;
  const model = await openModel(options);
  if (model.objective === 'embedding') throw new UserError(`the preprocessing of ${options.model} cannot be found: it answers with an embedding, not with classes`);
  if (model.classes === 1) throw new UserError(`the preprocessing of ${options.model} cannot be found: it answers with one number, not with classes`);
  const dataset = await openDataset({ ...options, limit, seed, modelClassNames: model.classNames, classes: model.classes });
  const engine = await findEngine(options.engine ?? 'onnxruntime');
  job.progress({ step: say('loadingModel'), unit: 'pictures', done: 0, total: dataset.items.length });
  const plan = await planAnswers(model, engine, threads);
  const skipped: SkippedImage[] = [];
  let description = engine.description;
  const tryAll = async (candidates: readonly Preprocessing[], items: readonly DatasetItem[], step: string): Promise<Trial[]> => {
    const trials = candidates.map((candidate) => new Trial(candidate));
    const { layout, width, height } = model.input;
    const versions = candidates.map((preprocessing): Version => ({ kind: 'prepared', preprocessing }));
    const meter = new ProgressMeter(job, step, 'pictures', items.length);
    for await (const { source, result } of runPictures(items, { seed, size: { width, height }, layout, preprocessing: model.preprocessing, versions }, plan.network, engine, threads)) {
      if (result.ok) {
        description = result.engine;
        const answers = readAnswers(plan, result.outputs, source.path);
        for (const [index, trial] of trials.entries()) trial.add(source, answers[index]!);
      } else {
        skipped.push({ path: source.path, reason: result.reason });
      }
      meter.advance();
      await breathe(job);
    }
    return trials;
  };
  const scalings = await tryAll(scalingCandidates(model.preprocessing, model.input), dataset.items, say('tryingRanges'));
  if (skipped.length === dataset.items.length) throw new UserError(`none of the ${dataset.items.length} pictures can be read: ${skipped[0]?.path ?? ''}: ${skipped[0]?.reason ?? ''}`);
  const unread = new Set(skipped.map(({ path }) => path));
  const best = ranked(scalings, model.preprocessing).slice(0, resizedScalings);
  const resizes = await tryAll(resizeCandidates(best.map(({ preprocessing }) => preprocessing)), dataset.items.filter(({ path }) => !unread.has(path)), say('tryingResizes'));
  // Where pictures have the input's proportions, all ways of resizing are one.
  const others = resizes.filter((trial) => !best.some((known) => known.answersAs(trial)));
  const trials = ranked([...scalings, ...others], model.preprocessing);
  const { sha256 } = await hashModel(model.graph);
  const reports = trials.map((trial, index) => trial.report(model.preprocessing, index === 0 ? null : trials[0]!));
  return {
    model: { path: model.graph.path, format: model.graph.format, sha256, inputShape: concreteInput(model) },
    method: { engine: description, seed, labels: dataset.labels, images: dataset.root, version, startedAt: startedAt.toISOString() },
    images: { total: dataset.items.length, evaluated: dataset.items.length - skipped.length, skipped },
    trials: reports,
    verdict: verdictOf(reports),
    warnings: [...dataset.warnings, ...sizeWarnings(model), ...warningsOf(reports, model, skipped.length)],
    timing: { wallSeconds: (Date.now() - startedAt.getTime()) / 1000 },
  };
}

function readAnswers(plan: AnswerPlan, outputs: Parameters<AnswerPlan['read']>[0], path: string): Answer[] {
  try {
    return plan.read(outputs)[0]!;
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${path}: ${error.message}`, { cause: error }) : error;
  }
}

/** What one preprocessing gave on the sample, in the order of the pictures. */
class Trial {
  readonly preprocessing: Preprocessing;
  readonly #labels: number[] = [];
  readonly #confidences: number[] = [];
  /** Whether each labelled picture was answered rightly. */
  readonly #right: boolean[] = [];
  #truthProbability = 0;
  #meanAnswer = new Float64Array();
  #entropy = 0;

  constructor(preprocessing: Preprocessing) {
    this.preprocessing = preprocessing;
  }

  add({ path, label }: DatasetItem, { probabilities }: Answer): void {
    const answer = argmax(probabilities);
    this.#labels.push(answer);
    this.#confidences.push(probabilities[answer]!);
    if (this.#meanAnswer.length === 0) this.#meanAnswer = new Float64Array(probabilities.length);
    probabilities.forEach((value, index) => (this.#meanAnswer[index]! += value));
    this.#entropy += entropyOf(probabilities);
    if (label === null) return;
    if (label >= probabilities.length) throw new UserError(`${path} has class number ${label + 1}, but the model answers with ${probabilities.length} classes`);
    this.#right.push(answer === label);
    this.#truthProbability += probabilities[label]!;
  }

  get precision(): number {
    return this.#right.filter(Boolean).length / Math.max(1, this.#right.length);
  }

  /** Breaks ties of precision: how sure the model is of what is right. */
  get truthProbability(): number {
    return this.#truthProbability / Math.max(1, this.#right.length);
  }

  get meanConfidence(): number {
    return this.#confidences.reduce((sum, value) => sum + value, 0) / Math.max(1, this.#confidences.length);
  }

  /**
   * Mutual information of picture and answer in nats, H(mean answer) − mean H(answer): high where the model is sure and its
   * answers differ (Bridle, Heading and MacKay, "Unsupervised Classifiers, Mutual Information and Phantom Targets", NIPS 1991).
   */
  get information(): number {
    const count = Math.max(1, this.#labels.length);
    return Math.max(0, entropyOf(this.#meanAnswer.map((sum) => sum / count)) - this.#entropy / count);
  }

  get differentLabels(): number {
    return new Set(this.#labels).size;
  }

  get isLabelled(): boolean {
    return this.#right.length > 0;
  }

  /** Whether it gave the same answer to every picture. */
  answersAs(other: Trial): boolean {
    return this.#confidences.every((value, index) => value === other.#confidences[index] && this.#labels[index] === other.#labels[index])
      && JSON.stringify({ ...this.preprocessing, resize: null }) === JSON.stringify({ ...other.preprocessing, resize: null });
  }

  report(present: Preprocessing, best: Trial | null): PreprocessingTrial {
    const right = this.#right;
    return {
      preprocessing: this.preprocessing,
      present: samePreprocessing(this.preprocessing, present),
      precisionAt1: this.isLabelled ? share(right.filter(Boolean).length, right.length) : null,
      meanConfidence: this.meanConfidence,
      information: this.information,
      differentLabels: this.differentLabels,
      p: best && this.isLabelled ? mcNemar(right.filter((holds, index) => holds && !best.#right[index]).length, best.#right.filter((holds, index) => holds && !right[index]).length) : null,
    };
  }
}

/** Best first; of equal ones the present one, then the more usual. */
function ranked(trials: readonly Trial[], present: Preprocessing): Trial[] {
  const isPresent = (trial: Trial): number => Number(samePreprocessing(trial.preprocessing, present));
  return trials.toSorted((a, b) => a.isLabelled
    ? b.precision - a.precision || isPresent(b) - isPresent(a) || b.truthProbability - a.truthProbability
    : b.information - a.information || isPresent(b) - isPresent(a));
}

/** Entropy of a distribution in nats. */
function entropyOf(probabilities: Float64Array): number {
  return probabilities.reduce((sum, value) => (value > 0 ? sum - value * Math.log(value) : sum), 0);
}

function verdictOf(trials: readonly PreprocessingTrial[]): string {
  const best = trials[0]!;
  const present = trials.find((trial) => trial.present)!;
  const name = describePreprocessing(best.preprocessing);
  if (!best.precisionAt1) {
    const values = { name, confidence: percent(best.meanConfidence), labels: best.differentLabels };
    return best.present ? say('clearestPresent', values) : say('clearestOther', { ...values, presentConfidence: percent(present.meanConfidence), presentLabels: present.differentLabels });
  }
  const precision = percent(best.precisionAt1.value);
  if (best.present) return say('presentBest', { name, count: trials.length, precision });
  return say(present.p! < significance ? 'otherBetter' : 'otherAhead', { name, precision, present: percent(present.precisionAt1!.value) });
}

function warningsOf(trials: readonly PreprocessingTrial[], model: OpenModel, skipped: number): string[] {
  const { precisionAt1, differentLabels } = trials[0]!;
  const classes = model.classes ?? 0;
  return [
    ...(precisionAt1 && classes > 1 && precisionAt1.low <= 1 / classes ? [say('bestAtChance', { chance: percent(1 / classes) })] : []),
    ...(differentLabels === 1 ? [say('oneLabelHowever')] : []),
    ...(skipped > 0 ? [say('unreadTrials', { count: skipped })] : []),
  ];
}
