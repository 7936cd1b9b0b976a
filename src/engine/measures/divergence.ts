type Probabilities = ArrayLike<number>;

/** Probabilities below this count as this, so that a logarithm is finite. */
const least = 1e-12;

/** KL(P‖Q) = Σ P ln(P / Q) of two distributions over the same classes; natural logarithm, 0 for equal ones. */
export function klDivergence(p: Probabilities, q: Probabilities): number {
  requireSameLength(p, q);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const a = Math.max(least, p[i]!);
    sum += a * Math.log(a / Math.max(least, q[i]!));
  }
  // Clamping and rounding can leave a trace below 0.
  return Math.max(0, sum);
}

/** Jensen–Shannon divergence, (KL(P‖M) + KL(Q‖M)) / 2 with M the mean of both; symmetric, from 0 to ln 2. */
export function jsDivergence(p: Probabilities, q: Probabilities): number {
  requireSameLength(p, q);
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const a = Math.max(least, p[i]!);
    const b = Math.max(least, q[i]!);
    const middle = (a + b) / 2;
    sum += a * Math.log(a / middle) + b * Math.log(b / middle);
  }
  return Math.min(Math.LN2, Math.max(0, sum / 2));
}

function requireSameLength(p: Probabilities, q: Probabilities): void {
  if (p.length !== q.length) throw new RangeError(`distributions differ in length: ${p.length} and ${q.length}`);
}
