/**
 * Near-duplicates: pairs of pictures whose features are nearer than a threshold T. Positives are a picture and its distorted
 * version, negatives are different pictures (the experiment of Zheng et al., "Improving the Robustness of Deep Neural Networks
 * via Stability Training", CVPR 2016).
 */

/** What a threshold finds: `precision` of what counts as a duplicate, `recall` of the positives. */
export interface AtThreshold {
  threshold: number;
  precision: number;
  recall: number;
}

/**
 * The threshold with the largest recall among those whose precision is at least `precision`; null where none but an empty one
 * reaches it. Both lists are sorted, smallest first. Thresholds are tried right after each positive: between two of them the recall
 * stays and the precision can only fall.
 */
export function recallAtPrecision(positives: Float32Array, negatives: Float32Array, precision: number): AtThreshold | null {
  let wrong = 0;
  let best: AtThreshold | null = null;
  for (let at = 0; at < positives.length; at++) {
    const distance = positives[at]!;
    if (positives[at + 1] === distance) continue;
    while (wrong < negatives.length && negatives[wrong]! <= distance) wrong++;
    const reached = (at + 1) / (at + 1 + wrong);
    if (reached >= precision) best = { threshold: next(distance), precision: reached, recall: (at + 1) / positives.length };
  }
  return best;
}

/** The next larger number of 32 bits, of a number of at least 0. */
function next(value: number): number {
  const float = Float32Array.of(value);
  new Uint32Array(float.buffer)[0]!++;
  return float[0]!;
}
