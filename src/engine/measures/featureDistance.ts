type Vector = ArrayLike<number>;

/**
 * ‖f(A) − f(B)‖₂ of two feature vectors of equal length; with `normalise`, of the vectors scaled to length 1, so that it lies
 * in [0, 2] whatever the model. A vector of zeros has no direction and stays as it is.
 */
export function featureDistance(a: Vector, b: Vector, normalise = true): number {
  if (a.length !== b.length) throw new RangeError(`features differ in length: ${a.length} and ${b.length}`);
  const scaleA = normalise ? inverseLength(a) : 1;
  const scaleB = normalise ? inverseLength(b) : 1;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! * scaleA - b[i]! * scaleB;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

function inverseLength(vector: Vector): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return sum === 0 ? 1 : 1 / Math.sqrt(sum);
}
