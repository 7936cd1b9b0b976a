import { argmax } from './labels.ts';

/** Label instability of one pair: the most likely class of the distorted picture is not that of the clean one. */
export function labelChanged(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return argmax(a) !== argmax(b);
}

/**
 * Whether a labelled picture is unstable over its versions: at least one was answered rightly and at least one wrongly (Cidon
 * et al., "Characterizing and Taming Model Instability Across Edge Devices", MLSys 2021). All right or all wrong is stable.
 */
export function isUnstable(answeredRightly: Iterable<boolean>): boolean {
  let right = false;
  let wrong = false;
  for (const each of answeredRightly) {
    right ||= each;
    wrong ||= !each;
  }
  return right && wrong;
}
