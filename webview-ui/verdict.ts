/**
 * The verdicts in words, computed from the numbers. A statement about a difference is made only where intervals carry it, and
 * few pictures are named as few.
 */
import type { Comparison, DistortionChange, DistortionResult, DistortionSpec, Evaluation, Share, ShareChange, Stabilization } from '../src/engine/results.ts';
import { distortionName, interval, measure, percent, points, pointsInterval, pValue } from './format.ts';
import { labelInstability } from './measured.ts';
import type { Phrase } from './phrase.ts';
import { said } from './said.ts';
import { strings } from './strings.ts';

const text = strings.verdict;

/** What something comes to: a headline, and at most a few sentences under it. */
export interface Verdict {
  headline: Phrase;
  details: string[];
}

/** Below this number of pictures a comparison says that they are few: at 100, the interval of a share of 10 % is 12 points wide. */
export const FEW_PICTURES = 100;

/** A distortion is called harmless where its interval ends below this share of changed labels. */
export const HARMLESS = 0.02;

type Measured = DistortionResult & { labelInstability: Share };

/** What an evaluation comes to; that its pictures are few is one of the engine's warnings. */
export function evaluationVerdict(evaluation: Evaluation): Verdict {
  const pictures = evaluation.images.evaluated;
  if (pictures === 0 || evaluation.distortions.length === 0) return { headline: [text.nothingEvaluated], details: [] };
  const labelled = evaluation.distortions.filter((result): result is Measured => (labelInstability(result)?.of ?? 0) > 0);
  if (labelled.length === 0) return featureVerdict(evaluation.distortions);
  if (pictures === 1) return onePicture(labelled);

  const ordered = worstOfEach(labelled, (a, b) => b.labelInstability.value - a.labelInstability.value);
  const worst = ordered[0]!;
  if (worst.labelInstability.count === 0) {
    const bound = Math.max(...labelled.map((result) => result.labelInstability.high));
    return { headline: [text.noneChanges(labelled.map(distortionName))], details: [text.couldStillChange(pictures, percent(bound))] };
  }
  const harmless = harmlessNames(labelled);
  return { headline: headline(ordered, harmless), details: [...rivals(ordered), ...(harmless.length > 0 ? [text.harmlessMeans(percent(HARMLESS))] : []), ...precisionSentence(evaluation)] };
}

/** Of each distortion the strength that comes first in the order, in that order. */
function worstOfEach<Result extends DistortionResult>(results: Result[], order: (a: Result, b: Result) => number): Result[] {
  const ordered = [...results].sort(order);
  return ordered.filter((result, index) => ordered.findIndex(({ name }) => name === result.name) === index);
}

/** A model without classes: only its features can move. */
function featureVerdict(distortions: DistortionResult[]): Verdict {
  const ordered = [...distortions].sort((a, b) => b.featureDistance.median - a.featureDistance.median);
  const [most, least] = [ordered[0]!, ordered.at(-1)!];
  const headline = text.featuresMove(distortionName(most), measure(most.featureDistance.median));
  if (least !== most) headline.push(...text.featuresLeast(distortionName(least), measure(least.featureDistance.median)));
  return { headline: [...headline, '.'], details: [text.noClasses] };
}

function onePicture(distortions: Measured[]): Verdict {
  const changed = distortions.filter((result) => result.labelInstability.count > 0);
  return { headline: changed.length === 0 ? [text.oneKept] : text.oneChanged(changed.map(distortionName)), details: [text.oneSaysLittle] };
}

/** Distortions, or single strengths of them, under which hardly any label changes. */
function harmlessNames(distortions: Measured[]): string[] {
  const isHarmless = (result: Measured): boolean => result.labelInstability.high <= HARMLESS;
  return [...new Set(distortions.map(({ name }) => name))].flatMap((name) => {
    const family = distortions.filter((result) => result.name === name);
    return family.every(isHarmless) ? [family.length > 1 ? name : distortionName(family[0]!)] : family.filter(isHarmless).map(distortionName);
  });
}

function headline(ordered: Measured[], harmless: string[]): Phrase {
  const [worst, second] = ordered;
  const phrase = text.changes(percent(worst!.labelInstability.value), distortionName(worst!));
  if (second && second.labelInstability.high > HARMLESS) phrase.push(...text.next(percent(second.labelInstability.value), distortionName(second)));
  const least = ordered.at(-1)!;
  if (harmless.length > 0) phrase.push(...text.harmless(harmless));
  else if (least !== worst && least !== second) phrase.push(...text.least(percent(least.labelInstability.value), distortionName(least)));
  return [...phrase, '.'];
}

function rivals([worst, second]: Measured[]): string[] {
  if (!worst) return [];
  const own = interval(worst.labelInstability);
  if (!second) return [text.worstInterval(distortionName(worst), own)];
  return [worst.labelInstability.low > second.labelInstability.high ? text.worstApart(distortionName(worst), own) : text.worstOpen(distortionName(worst), own, distortionName(second))];
}

function precisionSentence({ clean, distortions }: Evaluation): string[] {
  const measured = distortions.filter((result): result is DistortionResult & { precisionAt1: Share } => result.precisionAt1 !== null);
  if (!clean || measured.length === 0) return [];
  const lost = worstOfEach(measured.filter(({ precisionAt1 }) => precisionAt1.high < clean.precisionAt1.low), (a, b) => a.precisionAt1.value - b.precisionAt1.value);
  const value = percent(clean.precisionAt1.value);
  return [lost.length === 0 ? text.precisionHolds(value) : text.precisionFalls(value, lost.map((one) => text.under(percent(one.precisionAt1.value), distortionName(one))))];
}

/** How a paired change is to be read: an interval that holds 0 is no clear difference. Lower instability is better. */
export function direction(change: Pick<ShareChange, 'low' | 'high'>): 'better' | 'worse' | 'same' {
  if (change.high < 0) return 'better';
  return change.low > 0 ? 'worse' : 'same';
}

interface Change extends DistortionSpec {
  change: ShareChange;
}

/** The changes of label instability; none for a model without classes. */
const changesOf = (distortions: DistortionChange[]): Change[] => distortions.flatMap((one) => {
  const change = labelInstability(one);
  return change ? [{ name: one.name, strength: one.strength, change }] : [];
});

const changeText = ({ change }: Change): string =>
  text.fromTo(percent(change.a.value), percent(change.b.value), points(change.difference), pointsInterval(change.low, change.high), pValue(change.p));

const byGain = (a: Change, b: Change): number => a.change.difference - b.change.difference;

/** What a stabilization gained over its control, what got worse, and what clean precision did. */
export function stabilizationVerdict(result: Stabilization): Verdict {
  const changes = changesOf(result.overControl.distortions);
  const better = changes.filter(({ change }) => direction(change) === 'better').sort(byGain);
  const worse = changes.filter(({ change }) => direction(change) === 'worse').sort(byGain).reverse();
  const [best, worst] = [better[0], worse[0]];
  const headline: Phrase = best ? text.gain(result.accepted, distortionName(best), percent(best.change.a.value), percent(best.change.b.value)) : [text.noGain];
  if (worst) headline.push(...text.gotWorse(distortionName(worst), percent(worst.change.a.value), percent(worst.change.b.value)));

  const details = changes.length === 0 ? [] : [text.overControl(better.length, worse.length, changes.length - better.length - worse.length, changes.length)];
  if (best) details.push(text.largestGain(distortionName(best), changeText(best)));
  const clean = result.comparison.clean?.precisionAt1;
  const control = result.control.clean?.precisionAt1;
  if (clean && control) details.push(text.cleanPrecision(percent(clean.a.value), percent(clean.b.value), points(clean.difference), pointsInterval(clean.low, clean.high), percent(control.value)));
  const tested = result.images.test;
  if (tested < FEW_PICTURES) details.push(text.fewTested(tested));
  return { headline, details };
}

/** What two runs side by side come to; the engine's own verdict leads. */
export function comparisonVerdict(comparison: Comparison): Verdict {
  const changes = changesOf(comparison.distortions).sort(byGain);
  const [best, worst] = [changes[0], changes.at(-1)];
  const details: string[] = [];
  if (best && direction(best.change) === 'better') details.push(text.largestGain(distortionName(best), changeText(best)));
  if (worst && direction(worst.change) === 'worse') details.push(text.largestLoss(distortionName(worst), changeText(worst)));
  const pictures = changes[0]?.change.a.of ?? 0;
  if (pictures > 0 && pictures < FEW_PICTURES) details.push(text.few(pictures));
  return { headline: [said(comparison.verdict)], details };
}
