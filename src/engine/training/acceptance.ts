import { isClear } from '../compare.ts';
import { percent } from '../evaluation.ts';
import type { Comparison, DistortionChange, StabilizeOptionsUsed } from '../results.ts';

/** Median feature distance of different clean pictures, before and after. */
export interface Apart {
  before: number;
  after: number;
}

/**
 * Whether a stabilized embedding is worth keeping: versions of a picture must come nearer to each other, in units of the
 * distance of different pictures, because an embedding that is the same for all pictures is stable and good for nothing.
 */
function judgeEmbedding({ distortions }: Comparison, apart: Apart | null): { accepted: boolean; reason: string } {
  const unit = apart ?? { before: 1, after: 1 };
  const relative = distortions.map(({ name, strength, featureDistance: { a, b } }) => ({ name: `${name} ${strength}`, a: a / unit.before, b: b / unit.after }));
  const say = ({ name, a, b }: (typeof relative)[number]): string => `${name} (${a.toFixed(3)} → ${b.toFixed(3)})`;
  const nearer = relative.filter(({ a, b }) => b < a);
  const farther = relative.filter(({ a, b }) => b > a);
  const measured = apart ? 'in units of the distance of different pictures' : 'as the median feature distance';
  return {
    accepted: nearer.length > farther.length,
    reason: [
      nearer.length > 0 ? `Versions of a picture come nearer, ${measured}, at ${nearer.map(say).join(', ')}.` : 'Versions of a picture come nearer at no distortion.',
      ...(farther.length > 0 ? [`They move apart at ${farther.map(say).join(', ')}.`] : []),
    ].join(' '),
  };
}

/**
 * Whether a stabilized model is worth keeping, and why: clean precision (without labels: agreement with the original's clean
 * answers) may not fall by more than allowed, and labels must change clearly less often at one distortion at least.
 */
export function judge(parts: { comparison: Comparison; overControl: Comparison; agreement: number; apart?: Apart | null; options: StabilizeOptionsUsed }): { accepted: boolean; reason: string } {
  const { comparison, overControl, agreement, apart, options } = parts;
  if (comparison.distortions.every(({ labelInstability }) => labelInstability === null)) return judgeEmbedding(comparison, apart ?? null);
  const names = (changes: readonly DistortionChange[]): string => changes.map((change) => `${change.name} ${change.strength}`).join(', ');
  const clear = (each: Comparison, sign: 1 | -1): DistortionChange[] => each.distortions.filter(({ labelInstability }) => labelInstability !== null && isClear(labelInstability) && Math.sign(labelInstability.difference) === sign);
  const drop = comparison.clean ? -comparison.clean.precisionAt1.difference : 1 - agreement;
  const better = clear(comparison, -1);
  const worse = clear(comparison, 1);
  const gained = clear(overControl, -1);
  const sentences: string[] = [];
  const rejected = drop > options.maxPrecisionDrop + 1e-9 || better.length === 0;
  if (drop > options.maxPrecisionDrop + 1e-9) {
    sentences.push(comparison.clean
      ? `Clean precision falls from ${percent(comparison.clean.precisionAt1.a.value)} to ${percent(comparison.clean.precisionAt1.b.value)}, more than the ${percent(options.maxPrecisionDrop)} allowed.`
      : `${percent(1 - agreement)} of the clean answers are not the original's any more, more than the ${percent(options.maxPrecisionDrop)} allowed.`);
  }
  if (better.length === 0) sentences.push('No distortion changes clearly fewer labels than before.');
  else sentences.push(`Clearly fewer labels change at ${names(better)}.`);
  const seen = better.filter(({ name }) => options.trainDistortions?.some((trained) => trained.name === name));
  if (seen.length > 0) sentences.push(seen.length === better.length ? 'But that is what it was trained on: nothing is shown for changes that it has not seen.' : `It was trained on ${names(seen)}.`);
  if (worse.length > 0) sentences.push(`More labels change at ${names(worse)}.`);
  if (better.length > 0) {
    sentences.push(gained.length > 0
      ? `Over the control, fine-tuning without the stability loss, the gain is clear at ${names(gained)}.`
      : 'Fine-tuning without the stability loss does about as well: the gain over the control is not clear at any distortion.');
  }
  return { accepted: !rejected, reason: sentences.join(' ') };
}
