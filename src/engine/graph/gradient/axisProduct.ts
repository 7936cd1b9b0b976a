import type { NodeGradient } from './nodeGradient.ts';

/**
 * The product of a value with a constant matrix [rows][length] along an axis that has as many places as the matrix has rows: Σ_r
 * m[r][l]·v[…, r, …]. That is how the gradient goes back through anything that is linear along an axis.
 */
export function alongAxis(node: NodeGradient, value: string, axis: number, rank: number, matrix: readonly Float32Array[]): string {
  const [rows, length] = [matrix.length, matrix[0]?.length ?? 0];
  const constant = (transposed: boolean): string => {
    const data = new Float32Array(rows * length);
    matrix.forEach((row, r) => row.forEach((share, l) => (data[transposed ? l * rows + r : r * length + l] = share)));
    return node.builder.float(data, transposed ? [length, rows] : [rows, length]);
  };
  if (axis === rank - 1) return node.op('MatMul', [value, constant(false)]);
  if (axis === rank - 2) return node.op('MatMul', [constant(true), value]);
  const perm = Array.from({ length: rank }, (_, index) => (index === axis ? rank - 1 : index === rank - 1 ? axis : index));
  return node.op('Transpose', [node.op('MatMul', [node.op('Transpose', [value], { perm }), constant(false)])], { perm });
}
