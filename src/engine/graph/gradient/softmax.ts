import type { GradientFunction } from './nodeGradient.ts';

/** y = exp(x) / Σ exp(x) along an axis: dx = y·(dy − Σ dy·y). */
export const softmax: GradientFunction = (node) => [() => {
  const dy = node.outputGradient;
  const sum = node.op('ReduceSum', [node.op('Mul', [dy, node.output]), node.ints([node.number('axis', -1)])], { keepdims: 1 });
  return node.op('Mul', [node.output, node.op('Sub', [dy, sum])]);
}];

/** y = x − log Σ exp(x) along an axis: dx = dy − exp(y)·Σ dy. */
export const logSoftmax: GradientFunction = (node) => [() => {
  const dy = node.outputGradient;
  const sum = node.op('ReduceSum', [dy, node.ints([node.number('axis', -1)])], { keepdims: 1 });
  return node.op('Sub', [dy, node.op('Mul', [node.op('Exp', [node.output]), sum])]);
}];
