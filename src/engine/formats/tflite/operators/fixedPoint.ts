/*
 * Arithmetic on numbers of 16 bits with 15 of them after the point, as gemmlowp defines it and TensorFlow Lite's kernels use it
 * (https://github.com/google/gemmlowp/blob/master/fixedpoint/fixedpoint.h).
 */

/** A positive factor as `multiplier` · 2^(`exponent` − 15), the multiplier from 2^14 to 2^15 − 1. */
export function fixedPoint(factor: number): { multiplier: number; exponent: number } {
  if (factor === 0) return { multiplier: 0, exponent: 0 };
  let exponent = Math.floor(Math.log2(factor)) + 1;
  // The logarithm of a number beside a power of two may fall to its other side.
  if (factor / 2 ** exponent >= 1) exponent++;
  if (factor / 2 ** exponent < 0.5) exponent--;
  let wide = Math.round((factor / 2 ** exponent) * 2 ** 31);
  if (wide === 2 ** 31) [wide, exponent] = [2 ** 30, exponent + 1];
  return { multiplier: Math.min(32767, Math.floor((wide + 2 ** 15) / 2 ** 16)), exponent };
}

/** a · b of two such numbers, rounded to the nearest, halves away from zero, except that the negative half goes up. */
export function roundedProduct(a: number, b: number): number {
  const product = a * b;
  return saturated(Math.trunc((product + (product >= 0 ? 2 ** 14 : 1 - 2 ** 14)) / 2 ** 15));
}

/** a · b of two such numbers, cut off towards zero. */
export function truncatedProduct(a: number, b: number): number {
  return saturated(Math.trunc((a * b) / 2 ** 15));
}

/** value / 2^bits, rounded to the nearest, halves away from zero. */
export function roundedShift(value: number, bits: number): number {
  const scaled = Math.abs(value) / 2 ** bits;
  return Math.sign(value) * Math.floor(scaled + 0.5);
}

/** Only −1 · −1 has no room. */
function saturated(value: number): number {
  return Math.min(32767, value);
}
