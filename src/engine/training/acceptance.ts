import { isClear } from '../compare.ts';
import { percent } from '../evaluation.ts';
import type { Comparison, DistortionChange, StabilizeOptionsUsed } from '../results.ts';

/**
 * Whether a stabilized model is worth keeping, and why: clean precision (without labels: agreement with the original's clean
 * answers) may not fall by more than allowed, and labels must change clearly less often at one distortion at least.
 */
export function judge(parts: { comparison: Comparison; overControl: Comparison; agreement: number; options: StabilizeOptionsUsed }): { accepted: boolean; reason: string } {
  const { comparison, overControl, agreement, options } = parts;
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
  if (worse.length > 0) sentences.push(`More labels change at ${names(worse)}.`);
  if (better.length > 0) {
    sentences.push(gained.length > 0
      ? `Over the control, fine-tuning without the stability loss, the gain is clear at ${names(gained)}.`
      : 'Fine-tuning without the stability loss does about as well: the gain over the control is not clear at any distortion.');
  }
  return { accepted: !rejected, reason: sentences.join(' ') };
}
