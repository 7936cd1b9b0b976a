import { UserError } from '../job.ts';

type Values = ArrayLike<number>;

/**
 * The distribution over classes that a model's output stands for: softmax of logits, or probabilities as they are, so that
 * softmax is applied once and never twice.
 *
 * @throws UserError where the output holds something that is not a number
 */
export function probabilities(output: Values, kind: 'logits' | 'probabilities'): Float64Array {
  for (let i = 0; i < output.length; i++) {
    if (!Number.isFinite(output[i])) throw new UserError(`the model's answer for class ${i} is ${output[i]}`);
  }
  return kind === 'logits' ? softmax(output) : Float64Array.from(output);
}

/** exp(xᵢ) / Σ exp(x), with the largest value taken off first so that nothing overflows. */
export function softmax(logits: Values): Float64Array {
  const out = Float64Array.from(logits);
  let largest = -Infinity;
  for (const value of out) largest = Math.max(largest, value);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i]! - largest);
  for (let i = 0; i < out.length; i++) out[i]! /= sum;
  return out;
}

/** The class with the largest value; the first of equal ones. */
export function argmax(values: Values): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** The `k` classes with the largest values (all, where there are fewer), largest first, the first of equal ones first. */
export function topK(values: Values, k: number): number[] {
  const top: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (top.length === k && values[i]! <= values[top[k - 1]!]!) continue;
    let at = top.length;
    while (at > 0 && values[i]! > values[top[at - 1]!]!) at--;
    top.splice(at, 0, i);
    if (top.length > k) top.pop();
  }
  return top;
}

/** How many classes come before `label` in the order of `topK`: 0 for the first. */
export function rank(values: Values, label: number): number {
  const value = values[label]!;
  let before = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > value || (values[i] === value && i < label)) before++;
  return before;
}
