import { isClear } from '../compare.ts';
import { percent } from '../evaluation.ts';
import type { Comparison, DistortionChange, StabilizeOptionsUsed } from '../results.ts';
import { say } from '../sentences.ts';

/** Median feature distance of different clean pictures, before and after. */
export interface Apart {
  before: number;
  after: number;
}

/** What comes of a stabilization. */
export interface Judgement {
  accepted: boolean;
  /** Why, in sentences. */
  reason: string;
  /** What to do with the model, in one sentence. */
  advice: string;
}

/**
 * Whether a stabilized embedding is worth keeping: versions of a picture must come nearer to each other, in units of the
 * distance of different pictures, because an embedding that is the same for all pictures is stable and good for nothing.
 */
function judgeEmbedding({ distortions }: Comparison, apart: Apart | null): Judgement {
  const unit = apart ?? { before: 1, after: 1 };
  const relative = distortions.map(({ name, strength, featureDistance: { a, b } }) => ({ name: `${name} ${strength}`, a: a / unit.before, b: b / unit.after }));
  const names = (changes: typeof relative): string => changes.map(({ name, a, b }) => `${name} (${a.toFixed(3)} → ${b.toFixed(3)})`).join(', ');
  const nearer = relative.filter(({ a, b }) => b < a);
  const farther = relative.filter(({ a, b }) => b > a);
  const accepted = nearer.length > farther.length;
  return {
    accepted,
    reason: [
      nearer.length === 0 ? say('noneNearer') : say(apart ? 'nearerInUnits' : 'nearer', { names: names(nearer) }),
      ...(farther.length > 0 ? [say('farther', { names: names(farther) })] : []),
    ].join(' '),
    advice: say(accepted ? 'keep' : 'notStabler'),
  };
}

/**
 * Whether a stabilized model is worth keeping, and why: clean precision (without labels: agreement with the original's clean
 * answers) may not fall by more than allowed, and labels must change clearly less often at one distortion at least.
 */
export function judge(parts: { comparison: Comparison; overControl: Comparison; agreement: number; apart?: Apart | null; options: StabilizeOptionsUsed }): Judgement {
  const { comparison, overControl, agreement, apart, options } = parts;
  if (comparison.distortions.every(({ labelInstability }) => labelInstability === null)) return judgeEmbedding(comparison, apart ?? null);
  const names = (changes: readonly DistortionChange[]): string => changes.map((change) => `${change.name} ${change.strength}`).join(', ');
  const clear = (each: Comparison, sign: 1 | -1): DistortionChange[] => each.distortions.filter(({ labelInstability }) => labelInstability !== null && isClear(labelInstability) && Math.sign(labelInstability.difference) === sign);
  const drop = comparison.clean ? -comparison.clean.precisionAt1.difference : 1 - agreement;
  const better = clear(comparison, -1);
  const worse = clear(comparison, 1);
  const gained = clear(overControl, -1);
  const tooMuch = drop > options.maxPrecisionDrop + 1e-9;
  const accepted = !tooMuch && better.length > 0;
  const allowed = percent(options.maxPrecisionDrop);
  const precision = comparison.clean && { before: percent(comparison.clean.precisionAt1.a.value), after: percent(comparison.clean.precisionAt1.b.value) };
  const sentences: string[] = [];
  if (tooMuch) sentences.push(precision ? say('morePrecisionLost', { ...precision, allowed }) : say('moreAnswersMoved', { moved: percent(1 - agreement), allowed }));
  sentences.push(better.length === 0 ? say('noneClearlyFewer') : say('clearlyFewer', { names: names(better) }));
  const seen = better.filter(({ name }) => options.trainDistortions?.some((trained) => trained.name === name));
  if (seen.length > 0) sentences.push(seen.length === better.length ? say('onlyTrainedOn') : say('wasTrainedOn', { names: names(seen) }));
  if (worse.length > 0) sentences.push(say('moreLabels', { names: names(worse) }));
  if (better.length > 0) sentences.push(gained.length > 0 ? say('clearOverControl', { names: names(gained) }) : say('notOverControl'));
  const advice = accepted ? say(gained.length > 0 ? 'keep' : 'keepEither')
    : !tooMuch ? say('notStabler') : precision ? say('precisionFell', precision) : say('answersMoved');
  return { accepted, reason: sentences.join(' '), advice };
}
