/**
 * The verdicts in words, computed from the numbers. A statement about a difference is made only where intervals carry it, and
 * few pictures are named as few.
 */
import type { Comparison, DistortionChange, DistortionResult, Evaluation, ShareChange, Stabilization } from '../src/engine/results.ts';
import { count, distortionName, interval, percent, points, pointsInterval, pValue } from './format.ts';

/** A sentence whose weighty parts stand out. */
export type Phrase = (string | { strong: string })[];

/** Below this number of pictures the screen says that they are few: at 100, the interval of a share of 10 % is 12 points wide. */
export const FEW_PICTURES = 100;

const strong = (text: string): { strong: string } => ({ strong: text });
const list = (parts: string[]): string => parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;

/** A phrase as plain text, for screen readers and tests. */
export const plainText = (phrase: Phrase): string => phrase.map((part) => typeof part === 'string' ? part : part.strong).join('');

/** What an evaluation comes to: a headline and at most a few sentences under it. */
export function evaluationVerdict(evaluation: Evaluation): { headline: Phrase; details: string[] } {
  const pictures = evaluation.images.evaluated;
  const distortions = evaluation.distortions.filter(({ labelInstability }) => labelInstability.of > 0);
  if (pictures === 0 || distortions.length === 0) return { headline: ['No picture was evaluated, so nothing can be said.'], details: [] };
  if (pictures === 1) return onePicture(distortions);

  const ordered = [...distortions].sort((a, b) => b.labelInstability.value - a.labelInstability.value);
  const worst = ordered[0]!;
  const details: string[] = [];
  if (pictures < FEW_PICTURES) details.push(`Only ${count(pictures)} pictures: the intervals are wide, take this as a first impression.`);
  if (worst.labelInstability.count === 0) {
    const bound = Math.max(...distortions.map(({ labelInstability }) => labelInstability.high));
    return { headline: ['No label changes under ', list(distortions.map(distortionName)), '.'], details: [`With ${count(pictures)} pictures, up to ${percent(bound)} of labels could still change.`, ...details] };
  }
  details.push(...rivals(ordered), ...precisionSentence(evaluation, distortions));
  return { headline: headline(ordered), details };
}

function onePicture(distortions: DistortionResult[]): { headline: Phrase; details: string[] } {
  const changed = distortions.filter(({ labelInstability }) => labelInstability.count > 0);
  const headline: Phrase = changed.length === 0
    ? ['The label of this one picture stays the same under every distortion.']
    : ['The label of this one picture ', strong('changes'), ` under ${list(changed.map(distortionName))}.`];
  return { headline, details: ['One picture says nothing about a share: choose more pictures to learn how often labels change.'] };
}

function headline(ordered: DistortionResult[]): Phrase {
  const worst = ordered[0]!;
  const phrase: Phrase = [`Under ${distortionName(worst)}, `, strong(percent(worst.labelInstability.value)), ' of labels change'];
  const others = ordered.slice(1);
  const second = others[0];
  if (second) phrase.push(`; under ${distortionName(second)}, `, strong(percent(second.labelInstability.value)));
  const least = others.at(-1);
  if (least && least !== second) phrase.push(`. Least under ${distortionName(least)}: `, strong(percent(least.labelInstability.value)));
  return [...phrase, '.'];
}

function rivals(ordered: DistortionResult[]): string[] {
  const [worst, second] = ordered;
  if (!worst) return [];
  const own = `The 95 % interval for ${distortionName(worst)} is ${interval(worst.labelInstability)}`;
  if (!second) return [`${own}.`];
  return worst.labelInstability.low > second.labelInstability.high
    ? [`${own}, above that of every other distortion.`]
    : [`${own}; it overlaps with that for ${distortionName(second)}, so which of them is worse is open.`];
}

function precisionSentence(evaluation: Evaluation, distortions: DistortionResult[]): string[] {
  const clean = evaluation.clean?.precisionAt1;
  const measured = distortions.filter(({ precisionAt1 }) => precisionAt1 !== null);
  if (!clean || measured.length === 0) return [];
  const lost = measured.filter(({ precisionAt1 }) => precisionAt1!.high < clean.low).sort((a, b) => a.precisionAt1!.value - b.precisionAt1!.value);
  if (lost.length === 0) return [`Precision@1 is ${percent(clean.value)} on the clean pictures; no distortion moves it beyond its interval.`];
  return [`Precision@1 falls from ${percent(clean.value)} on the clean pictures to ${list(lost.map((one) => `${percent(one.precisionAt1!.value)} under ${distortionName(one)}`))}.`];
}

/** How a paired change is to be read: an interval that holds 0 is no clear difference. Lower instability is better. */
export function direction(change: Pick<ShareChange, 'low' | 'high'>): 'better' | 'worse' | 'same' {
  if (change.high < 0) return 'better';
  return change.low > 0 ? 'worse' : 'same';
}

const changeText = ({ labelInstability: change }: DistortionChange): string =>
  `from ${percent(change.a.value)} to ${percent(change.b.value)} (${points(change.difference)}, 95 % ${pointsInterval(change.low, change.high)}, ${pValue(change.p)})`;

const byGain = (a: DistortionChange, b: DistortionChange): number => a.labelInstability.difference - b.labelInstability.difference;

/** What a stabilization gained over its control, what got worse, and what clean precision did. */
export function stabilizationVerdict(result: Stabilization): { headline: Phrase; details: string[] } {
  const distortions = result.overControl.distortions;
  const better = distortions.filter((one) => direction(one.labelInstability) === 'better').sort(byGain);
  const worse = distortions.filter((one) => direction(one.labelInstability) === 'worse').sort(byGain).reverse();
  const best = better[0];
  const headline: Phrase = best
    ? [`${result.accepted ? 'Stabilizing helps: labels' : 'Labels'} that ${distortionName(best)} changes fall from `, strong(percent(best.labelInstability.a.value)), ' with fine-tuning alone to ', strong(percent(best.labelInstability.b.value)), result.accepted ? '.' : ', yet the result is rejected.']
    : ['Stabilizing gained nothing clear over fine-tuning alone.'];
  const worst = worse[0];
  if (worst) headline.push(' ', strong(`${distortionName(worst)} got worse`), `: ${percent(worst.labelInstability.a.value)} to ${percent(worst.labelInstability.b.value)}.`);

  const details = [`Over the control: more stable under ${better.length} of ${distortions.length} distortions, less stable under ${worse.length}, no clear difference under ${distortions.length - better.length - worse.length}.`];
  if (best) details.push(`Largest gain, ${distortionName(best)}: ${changeText(best)}.`);
  const clean = result.comparison.clean?.precisionAt1;
  const control = result.control.clean?.precisionAt1;
  if (clean && control) details.push(`Clean precision@1 goes from ${percent(clean.a.value)} to ${percent(clean.b.value)} (${points(clean.difference)}, 95 % ${pointsInterval(clean.low, clean.high)}); the control has ${percent(control.value)}.`);
  const tested = result.images.test;
  if (tested < FEW_PICTURES) details.push(`Only ${count(tested)} test pictures: the intervals are wide, take this as a first impression.`);
  return { headline, details };
}

/** What two runs side by side come to; the engine's own verdict leads. */
export function comparisonVerdict(comparison: Comparison): { headline: Phrase; details: string[] } {
  const best = [...comparison.distortions].sort(byGain)[0];
  const worst = [...comparison.distortions].sort(byGain).at(-1);
  const details: string[] = [];
  if (best && direction(best.labelInstability) === 'better') details.push(`Largest gain, ${distortionName(best)}: ${changeText(best)}.`);
  if (worst && direction(worst.labelInstability) === 'worse') details.push(`Largest loss, ${distortionName(worst)}: ${changeText(worst)}.`);
  const pictures = comparison.distortions[0]?.labelInstability.a.of ?? 0;
  if (pictures > 0 && pictures < FEW_PICTURES) details.push(`Only ${count(pictures)} pictures: the intervals are wide, take this as a first impression.`);
  return { headline: [comparison.verdict], details };
}
