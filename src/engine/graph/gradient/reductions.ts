import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** The axes of a reduction, from its second input; all where there is none. */
function axesOf(node: NodeGradient): number[] {
  const rank = node.shape(node.input(0)).length;
  const axes = node.integers(1) ?? node.numbers('axes') ?? [];
  if (axes.length === 0) return node.number('noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, axis) => axis);
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
}

/** A value in the reduction's output shape with the reduced axes as 1, so that it broadcasts against the input. */
function kept(node: NodeGradient, value: string): string {
  return node.number('keepdims', 1) ? value : node.op('Unsqueeze', [value, node.ints(axesOf(node))]);
}

function spread(node: NodeGradient, value: string): string {
  return node.op('Expand', [kept(node, value), node.shapeOf(node.input(0))]);
}

/** Running sums: each element lies in the sums that follow it, so that its gradient is their running sum from the other end. */
export const cumSum: GradientFunction = (node) => [() =>
  node.op('CumSum', [node.outputGradient, node.input(1)], { exclusive: node.number('exclusive', 0), reverse: 1 - node.number('reverse', 0) })];

/** The greatest or the least along axes: the elements that are equal to it share the gradient. */
export const reduceExtremum: GradientFunction = (node) => [() => {
  const hits = node.op('Cast', [node.op('Equal', [node.input(0), kept(node, node.output)])], { to: 1 });
  const count = node.op('ReduceSum', [hits, node.ints(axesOf(node))], { keepdims: 1, noop_with_empty_axes: 1 });
  return node.op('Mul', [hits, node.op('Div', [kept(node, node.outputGradient), count])]);
}];

export const reduceL1: GradientFunction = (node) => [() => node.op('Mul', [kept(node, node.outputGradient), node.op('Sign', [node.input(0)])])];

/** ‖x‖₂ along axes; the gradient at 0 is 0. */
export const reduceL2: GradientFunction = (node) => [() => {
  const norm = node.where(node.op('Equal', [node.output, node.scalar(0)]), node.scalar(Infinity), node.output);
  return node.op('Mul', [kept(node, node.op('Div', [node.outputGradient, norm])), node.input(0)]);
}];

export const reduceLogSum: GradientFunction = (node) => [() =>
  spread(node, node.op('Div', [node.outputGradient, node.op('Exp', [node.output])]))];

export const reduceLogSumExp: GradientFunction = (node) => [() =>
  node.op('Mul', [kept(node, node.outputGradient), node.op('Exp', [node.op('Sub', [node.input(0), kept(node, node.output)])])])];

export const reduceMean: GradientFunction = (node) => [() => {
  const shape = node.shape(node.input(0));
  const dims = axesOf(node).map((axis) => shape[axis]!);
  const dy = node.outputGradient;
  if (!dims.includes(-1)) return spread(node, node.op('Mul', [dy, node.scalar(1 / dims.reduce((product, dim) => product * dim, 1))]));
  const count = node.op('Div', [node.op('Size', [node.input(0)]), node.op('Size', [node.output])]);
  return spread(node, node.op('Div', [dy, node.op('Cast', [count], { to: 1 })]));
}];

/** The product of all others, also where an element is 0. */
export const reduceProd: GradientFunction = (node) => [() => {
  const x = node.input(0);
  const axes = node.ints(axesOf(node));
  const over = { keepdims: 1, noop_with_empty_axes: 1 };
  const zero = node.op('Equal', [x, node.scalar(0)]);
  const others = node.where(zero, node.scalar(1), x);
  const zeros = node.op('ReduceSum', [node.op('Cast', [zero], { to: 1 }), axes], over);
  const product = node.op('ReduceProd', [others, axes], over);
  // Without a zero every element sees the product of the rest; with one, only the zero does; with more, none.
  const whole = node.op('Cast', [node.op('Equal', [zeros, node.scalar(0)])], { to: 1 });
  const single = node.op('Cast', [node.op('Equal', [zeros, node.scalar(1)])], { to: 1 });
  const seen = node.where(zero, single, node.op('Div', [whole, others]));
  return node.op('Mul', [kept(node, node.outputGradient), node.op('Mul', [product, seen])]);
}];

export const reduceSum: GradientFunction = (node) => [() => spread(node, node.outputGradient)];

export const reduceSumSquare: GradientFunction = (node) => [() =>
  node.op('Mul', [kept(node, node.op('Mul', [node.outputGradient, node.scalar(2)])), node.input(0)])];
