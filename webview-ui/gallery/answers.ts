/** The answers of a pair on one axis: the union of what the model said of A and of B, so that B's new label is never missing. */
import type { Pair } from '../../src/engine/results.ts';

/** One label with its probability in A and in B; null where it is not among that picture's best. */
export interface Answer {
  label: string;
  a: number | null;
  b: number | null;
  role: 'both' | 'a' | 'b' | 'other';
  truth: boolean;
}

/** The union of both lists: A's label, B's label, the truth, then by the larger probability; at most `most` of them. */
export function answers(pair: Pair, most = Infinity): Answer[] {
  const a = new Map(pair.topA);
  const b = new Map(pair.topB);
  const larger = (label: string): number => Math.max(a.get(label) ?? 0, b.get(label) ?? 0);
  const first = [pair.labelA, pair.labelB, ...(pair.truth !== null && (a.has(pair.truth) || b.has(pair.truth)) ? [pair.truth] : [])];
  const rest = [...new Set([...a.keys(), ...b.keys()])].sort((one, other) => larger(other) - larger(one));
  // An embedding model gives no labels: its pairs have empty ones.
  return [...new Set([...first, ...rest])].filter((label) => label !== '').slice(0, most).map((label) => ({
    label,
    a: a.get(label) ?? null,
    b: b.get(label) ?? null,
    role: label === pair.labelA ? (label === pair.labelB ? 'both' : 'a') : label === pair.labelB ? 'b' : 'other',
    truth: label === pair.truth,
  }));
}
