import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** Y = A·B over the last two axes, the others broadcast; a vector counts as a row on the left, a column on the right. */
export const matMul: GradientFunction = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  const [rankA, rankB] = [node.shape(a).length, node.shape(b).length];
  const vectorA = rankA === 1;
  const vectorB = rankB === 1;
  const left = (): string => (vectorA ? node.op('Unsqueeze', [a, node.ints([0])]) : a);
  const right = (): string => (vectorB ? node.op('Unsqueeze', [b, node.ints([1])]) : b);
  const axes = [...(vectorA ? [-2] : []), ...(vectorB ? [-1] : [])];
  const dy = (): string => (axes.length > 0 ? node.op('Unsqueeze', [node.outputGradient, node.ints(axes)]) : node.outputGradient);
  const matrices = rankA === 2 && rankB === 2;
  const batch = broadcastBatch(node.shape(a).slice(0, -2), node.shape(b).slice(0, -2));
  return [
    () => {
      if (matrices) return node.op('Gemm', [node.outputGradient, b], { transB: 1 });
      const product = node.op('MatMul', [dy(), swapLast(node, right(), Math.max(rankB, 2))]);
      return fit(node, product, [...batch, ...(vectorA ? [1] : []), ...node.shape(a).slice(-2)], a, vectorA);
    },
    () => {
      if (matrices) return node.op('Gemm', [a, node.outputGradient], { transA: 1 });
      if (rankB === 2 && rankA > 2) {
        // One weight for a whole stack of rows: the sum over the stack is part of the product.
        const [rows, columns] = node.shape(b);
        return node.op('Gemm', [node.op('Reshape', [a, node.ints([-1, rows!])]), node.op('Reshape', [node.outputGradient, node.ints([-1, columns!])])], { transA: 1 });
      }
      const product = node.op('MatMul', [swapLast(node, left(), Math.max(rankA, 2)), dy()]);
      return fit(node, product, [...batch, ...node.shape(b).slice(-2), ...(vectorB ? [1] : [])], b, vectorB);
    },
  ];
};

/** Y = alpha·A'·B' + beta·C, where A' and B' may be transposed and C is broadcast. */
export const gemm: GradientFunction = (node) => {
  const [a, b, c] = [node.input(0), node.input(1), node.input(2)];
  const transA = node.number('transA', 0);
  const transB = node.number('transB', 0);
  const alpha = { float: node.number('alpha', 1) };
  const beta = node.number('beta', 1);
  const dy = node.outputGradient;
  return [
    () => (transA ? node.op('Gemm', [b, dy], { transA: transB, transB: 1, alpha }) : node.op('Gemm', [dy, b], { transB: transB ? 0 : 1, alpha })),
    () => (transB ? node.op('Gemm', [dy, a], { transA: 1, transB: transA, alpha }) : node.op('Gemm', [a, dy], { transA: transA ? 0 : 1, alpha })),
    () => {
      const sum = node.sumTo(dy, node.shape(node.output), c);
      return beta === 1 ? sum : node.op('Mul', [sum, node.scalar(beta)]);
    },
  ];
};

function swapLast(node: NodeGradient, value: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank - 1], perm[rank - 2]] = [rank - 2, rank - 1];
  return node.op('Transpose', [value], { perm });
}

function broadcastBatch(a: readonly number[], b: readonly number[]): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, index) => {
    const left = a[index - length + a.length] ?? 1;
    return left === 1 ? (b[index - length + b.length] ?? 1) : left;
  });
}

/** Sums a product over the broadcast batch axes; a vector loses the axis that it was given. */
function fit(node: NodeGradient, product: string, shape: readonly number[], value: string, vector: boolean): string {
  if (!vector) return node.sumTo(product, shape, value);
  const batch = Array.from({ length: shape.length - 2 }, (_, axis) => axis);
  const sum = batch.length > 0 ? node.op('ReduceSum', [product, node.ints(batch)], { keepdims: 0 }) : product;
  return node.reshapeLike(sum, value);
}
