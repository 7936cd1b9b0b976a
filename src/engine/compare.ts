import { isDeepStrictEqual } from 'node:util';
import { percent } from './evaluation.ts';
import { UserError } from './job.ts';
import type { AnswerMeasureName, Comparison, DistortionChange, Evaluation, MeasureChange, Pair, ShareChange, Summary } from './results.ts';
import { readPairs } from './runs/pairsFile.ts';
import { readRun } from './runs/runFolder.ts';
import { say } from './sentences.ts';
import { mcNemar, pairedDifference, type PairedCounts } from './statistics.ts';

/** What of a pair is compared, as bits. */
const bits = { changed: 1, rightAt1: 2, rightAt5: 4, cleanRightAt1: 8, cleanRightAt5: 16 } as const;

/** Compares two finished runs over the same pictures. A stabilization stands for its `after`. Throws where they share no pairs. */
export async function compareRuns(a: string, b: string): Promise<Comparison> {
  const [left, right] = await Promise.all([evaluationAt(a), evaluationAt(b)]);
  return compareEvaluations(left, right);
}

interface RunEvaluation {
  /** Folder that holds `pairs.jsonl`. */
  folder: string;
  evaluation: Evaluation;
}

async function evaluationAt(folder: string): Promise<RunEvaluation> {
  const run = await readRun(folder);
  if (run.kind === 'sequence') throw new UserError(`the run in ${folder} is of video frames: only evaluations and stabilizations are compared`);
  return run.kind === 'evaluation' ? { folder, evaluation: run } : { folder: `${folder}/after`, evaluation: run.after };
}

/** Counts over the pairs that both runs have. */
class PairedCounter {
  readonly counts: PairedCounts = { both: 0, onlyA: 0, onlyB: 0, neither: 0 };

  add(a: boolean, b: boolean): void {
    this.counts[a ? (b ? 'both' : 'onlyA') : b ? 'onlyB' : 'neither']++;
  }
}

type Property = 'changed' | 'rightAt1' | 'rightAt5';

/** Compares two evaluations whose pairs lie in the given folders. */
export async function compareEvaluations(a: RunEvaluation, b: RunEvaluation): Promise<Comparison> {
  const first = new Map<string, number>();
  for await (const { pair } of readPairs(a.folder)) first.set(keyOf(pair), bitsOf(pair));
  const counters = new Map<string, Record<Property, PairedCounter>>();
  const clean = { rightAt1: new PairedCounter(), rightAt5: new PairedCounter() };
  const seen = new Set<string>();
  for await (const { pair } of readPairs(b.folder)) {
    const before = first.get(keyOf(pair));
    if (before === undefined) continue;
    const after = bitsOf(pair);
    const spec = `${pair.distortion}:${pair.strength}`;
    let counter = counters.get(spec);
    if (!counter) counters.set(spec, (counter = { changed: new PairedCounter(), rightAt1: new PairedCounter(), rightAt5: new PairedCounter() }));
    for (const property of ['changed', 'rightAt1', 'rightAt5'] as const) counter[property].add((before & bits[property]) > 0, (after & bits[property]) > 0);
    if (seen.has(pair.image)) continue;
    seen.add(pair.image);
    clean.rightAt1.add((before & bits.cleanRightAt1) > 0, (after & bits.cleanRightAt1) > 0);
    clean.rightAt5.add((before & bits.cleanRightAt5) > 0, (after & bits.cleanRightAt5) > 0);
  }
  if (counters.size === 0) throw new UserError(`the runs ${a.folder} and ${b.folder} have no pairs in common`);
  const distortions = a.evaluation.distortions.flatMap((left): DistortionChange[] => {
    const right = b.evaluation.distortions.find((each) => each.name === left.name && each.strength === left.strength);
    const counter = counters.get(`${left.name}:${left.strength}`);
    if (!right || !counter) return [];
    const measure = (a: Summary, b: Summary): MeasureChange => ({ a: a.median, b: b.median, difference: b.median - a.median });
    const answers = (name: AnswerMeasureName): MeasureChange | null => left[name] && right[name] && measure(left[name], right[name]);
    const { both, onlyA, onlyB, neither } = counter.changed.counts;
    return [{
      name: left.name,
      strength: left.strength,
      labelInstability: left.labelInstability && right.labelInstability && shareChange(left.labelInstability, right.labelInstability, counter.changed),
      featureDistance: measure(left.featureDistance, right.featureDistance),
      klDivergence: answers('klDivergence'),
      jsDivergence: answers('jsDivergence'),
      precisionAt1: left.precisionAt1 && right.precisionAt1 && shareChange(left.precisionAt1, right.precisionAt1, counter.rightAt1),
      precisionAt5: left.precisionAt5 && right.precisionAt5 && shareChange(left.precisionAt5, right.precisionAt5, counter.rightAt5),
      pairs: { newlyStable: onlyA, newlyBroken: onlyB, stableInBoth: neither, unstableInBoth: both },
    }];
  });
  const [left, right] = [a.evaluation, b.evaluation];
  const comparison: Comparison = {
    a: { run: a.folder, model: left.model.path },
    b: { run: b.folder, model: right.model.path },
    differences: differencesOf(left, right),
    clean: left.clean && right.clean && {
      precisionAt1: shareChange(left.clean.precisionAt1, right.clean.precisionAt1, clean.rightAt1),
      precisionAt5: shareChange(left.clean.precisionAt5, right.clean.precisionAt5, clean.rightAt5),
    },
    distortions,
    instability: left.instability && right.instability && { a: left.instability, b: right.instability },
    verdict: '',
  };
  return { ...comparison, verdict: verdictOf(comparison) };
}

function keyOf(pair: Pair): string {
  return `${pair.distortion}:${pair.strength}\n${pair.image}`;
}

function bitsOf(pair: Pair): number {
  const { truth } = pair;
  const among = (top: Pair['topA']): boolean => top.some(([label]) => label === truth);
  return (pair.labelA === pair.labelB ? 0 : bits.changed)
    | (truth !== null && pair.labelB === truth ? bits.rightAt1 : 0) | (truth !== null && among(pair.topB) ? bits.rightAt5 : 0)
    | (truth !== null && pair.labelA === truth ? bits.cleanRightAt1 : 0) | (truth !== null && among(pair.topA) ? bits.cleanRightAt5 : 0);
}

function shareChange(a: ShareChange['a'], b: ShareChange['b'], counter: PairedCounter): ShareChange {
  const { low, high } = pairedDifference(counter.counts);
  return { a, b, difference: b.value - a.value, low, high, p: mcNemar(counter.counts.onlyA, counter.counts.onlyB) };
}

/** Settings that make two runs hard to compare. */
function differencesOf(a: Evaluation, b: Evaluation): string[] {
  const differences: string[] = [];
  const check = (key: 'otherImages' | 'otherCount' | 'otherSeed' | 'otherDistortions' | 'otherLabels', left: unknown, right: unknown): void => {
    if (!isDeepStrictEqual(left, right)) differences.push(say(key, { a: describe(left), b: describe(right) }));
  };
  check('otherImages', a.method.images, b.method.images);
  check('otherCount', a.images.evaluated, b.images.evaluated);
  check('otherSeed', a.method.seed, b.method.seed);
  check('otherDistortions', a.distortions.map((each) => `${each.name}:${each.strength}`), b.distortions.map((each) => `${each.name}:${each.strength}`));
  for (const key of ['resize', 'interpolation', 'range', 'mean', 'std', 'channels'] as const) {
    const [left, right] = [a.method.preprocessing[key], b.method.preprocessing[key]];
    if (!isDeepStrictEqual(left, right)) differences.push(say('otherPreprocessing', { setting: key, a: describe(left), b: describe(right) }));
  }
  check('otherLabels', a.method.labels, b.method.labels);
  if (!isDeepStrictEqual(a.method.classNames, b.method.classNames)) differences.push(say('otherClassNames'));
  if (a.method.pairs !== 'all' || b.method.pairs !== 'all') differences.push(say('worstPairsOnly'));
  return differences;
}

function describe(value: unknown): string {
  if (value === null) return 'none';
  return Array.isArray(value) ? value.join(' ') : typeof value === 'string' ? value : JSON.stringify(value);
}

/** Changes that the interval cannot tell from none are not called changes. */
export function isClear(change: ShareChange): boolean {
  return change.low > 0 || change.high < 0;
}

/** Of models without classes: medians, without a word on chance. */
function distanceVerdict(distortions: readonly DistortionChange[]): string {
  const named = ({ name, strength, featureDistance: { a, b } }: DistortionChange): string => `${name} ${strength} (${a.toFixed(3)} → ${b.toFixed(3)})`;
  const less = distortions.filter(({ featureDistance }) => featureDistance.difference < 0);
  const more = distortions.filter(({ featureDistance }) => featureDistance.difference > 0);
  if (less.length === 0 && more.length === 0) return say('distanceSame');
  return [
    ...(less.length > 0 ? [say('distanceFalls', { names: less.map(named).join(', ') })] : []),
    ...(more.length > 0 ? [say('distanceRises', { names: more.map(named).join(', ') })] : []),
  ].join(' ');
}

function precisionSentence(change: ShareChange): string {
  const key = !isClear(change) ? 'precisionSame' : change.difference < 0 ? 'precisionFalls' : 'precisionRises';
  return say(key, { before: percent(change.a.value), after: percent(change.b.value) });
}

function verdictOf(comparison: Comparison): string {
  const labelled = comparison.distortions.flatMap(({ labelInstability, ...change }) => (labelInstability ? [{ ...change, labelInstability }] : []));
  if (labelled.length === 0) return distanceVerdict(comparison.distortions);
  const named = (change: (typeof labelled)[number]): string => `${change.name} ${change.strength} (${percent(change.labelInstability.a.value)} → ${percent(change.labelInstability.b.value)})`;
  const clear = labelled.filter((each) => isClear(each.labelInstability));
  const better = clear.filter((each) => each.labelInstability.difference < 0);
  const worse = clear.filter((each) => each.labelInstability.difference > 0);
  const { clean } = comparison;
  return [
    ...(better.length > 0 ? [say('fewerLabels', { names: better.map(named).join(', ') })] : []),
    ...(worse.length > 0 ? [say('moreLabels', { names: worse.map(named).join(', ') })] : []),
    ...(clear.length === 0 ? [say('noClearChange')] : []),
    ...(clean ? [precisionSentence(clean.precisionAt1)] : []),
  ].join(' ');
}
