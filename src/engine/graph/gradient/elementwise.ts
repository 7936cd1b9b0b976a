import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** The sum of a gradient in the output's shape down to an input that was broadcast. */
function to(node: NodeGradient, index: number, gradient: string): string {
  return node.sumTo(gradient, node.shape(node.output), node.input(index));
}

export const abs: GradientFunction = (node) => [() => node.op('Mul', [node.outputGradient, node.op('Sign', [node.input(0)])])];

/** dy / √(±1·x² ± 1) and the like: dy times a slope that is made of x². */
function bySquare(node: NodeGradient, slope: (square: string) => string): string {
  return node.op('Mul', [node.outputGradient, slope(node.op('Mul', [node.input(0), node.input(0)]))]);
}

const plus = (node: NodeGradient, value: string, summand: number): string => node.op('Add', [value, node.scalar(summand)]);
const rest = (node: NodeGradient, square: string): string => node.op('Sub', [node.scalar(1), square]);
const overRoot = (node: NodeGradient, value: string): string => node.op('Reciprocal', [node.op('Sqrt', [value])]);

export const acos: GradientFunction = (node) => [() => node.op('Neg', [bySquare(node, (square) => overRoot(node, rest(node, square)))])];

export const acosh: GradientFunction = (node) => [() => bySquare(node, (square) => overRoot(node, plus(node, square, -1)))];

export const add: GradientFunction = (node) => node.node.input.map((_, index) => () => to(node, index, node.outputGradient));

export const asin: GradientFunction = (node) => [() => bySquare(node, (square) => overRoot(node, rest(node, square)))];

export const asinh: GradientFunction = (node) => [() => bySquare(node, (square) => overRoot(node, plus(node, square, 1)))];

export const atan: GradientFunction = (node) => [() => bySquare(node, (square) => node.op('Reciprocal', [plus(node, square, 1)]))];

export const atanh: GradientFunction = (node) => [() => bySquare(node, (square) => node.op('Reciprocal', [rest(node, square)]))];

export const cos: GradientFunction = (node) => [() => node.op('Neg', [node.op('Mul', [node.outputGradient, node.op('Sin', [node.input(0)])])])];

export const cosh: GradientFunction = (node) => [() => node.op('Mul', [node.outputGradient, node.op('Sinh', [node.input(0)])])];

export const div: GradientFunction = (node) => [
  () => to(node, 0, node.op('Div', [node.outputGradient, node.input(1)])),
  () => to(node, 1, node.op('Neg', [node.op('Mul', [node.outputGradient, node.op('Div', [node.output, node.input(1)])])])),
];

export const exp: GradientFunction = (node) => [() => node.op('Mul', [node.outputGradient, node.output])];

export const log: GradientFunction = (node) => [() => node.op('Div', [node.outputGradient, node.input(0)])];

/** The mean of several values. */
export const mean: GradientFunction = (node) => node.node.input.map((_, index) => () =>
  to(node, index, node.op('Mul', [node.outputGradient, node.scalar(1 / node.node.input.length)])));

/** The least or the greatest of several values: those that are equal to it share the gradient. */
export const extremum: GradientFunction = (node) => {
  const hits = node.node.input.map((input) => node.op('Cast', [node.op('Equal', [input, node.output])], { to: 1 }));
  const share = node.op('Div', [node.outputGradient, hits.length === 1 ? hits[0]! : node.op('Sum', hits)]);
  return hits.map((hit, index) => () => to(node, index, node.op('Mul', [share, hit])));
};

export const mul: GradientFunction = (node) => [
  () => to(node, 0, node.op('Mul', [node.outputGradient, node.input(1)])),
  () => to(node, 1, node.op('Mul', [node.outputGradient, node.input(0)])),
];

export const neg: GradientFunction = (node) => [() => node.op('Neg', [node.outputGradient])];

/** x^p. The exponent's gradient, x^p·log x, counts as 0 where x is not positive. */
export const pow: GradientFunction = (node) => {
  const [x, given] = [node.input(0), node.input(1)];
  const exponent = (): string => (node.value(given).type === 'float32' ? given : node.op('Cast', [given], { to: 1 }));
  return [
    () => {
      const power = exponent();
      const slope = node.op('Mul', [power, node.op('Pow', [x, node.op('Sub', [power, node.scalar(1)])])]);
      return to(node, 0, node.op('Mul', [node.outputGradient, slope]));
    },
    () => {
      const positive = node.op('Greater', [x, node.scalar(0)]);
      const logarithm = node.op('Log', [node.where(positive, x, node.scalar(1))]);
      return to(node, 1, node.op('Mul', [node.outputGradient, node.op('Mul', [node.output, logarithm])]));
    },
  ];
};

export const reciprocal: GradientFunction = (node) => [() =>
  node.op('Neg', [node.op('Mul', [node.outputGradient, node.op('Mul', [node.output, node.output])])])];

export const sin: GradientFunction = (node) => [() => node.op('Mul', [node.outputGradient, node.op('Cos', [node.input(0)])])];

export const sinh: GradientFunction = (node) => [() => node.op('Mul', [node.outputGradient, node.op('Cosh', [node.input(0)])])];

/** √x. At 0, where the slope is infinite, the gradient is 0: a sub-gradient of the distances that are made with it. */
export const sqrt: GradientFunction = (node) => [() => {
  const divisor = node.where(node.op('Equal', [node.output, node.scalar(0)]), node.scalar(Infinity), node.output);
  return node.op('Div', [node.op('Mul', [node.outputGradient, node.scalar(0.5)]), divisor]);
}];

export const sub: GradientFunction = (node) => [
  () => to(node, 0, node.outputGradient),
  () => node.op('Neg', [to(node, 1, node.outputGradient)]),
];

/** tan x, whose slope is y² + 1. */
export const tan: GradientFunction = (node) => [() =>
  node.op('Mul', [node.outputGradient, plus(node, node.op('Mul', [node.output, node.output]), 1)])];

/** A choice by a condition; the condition has no gradient. */
export const where: GradientFunction = (node) => [
  undefined,
  () => to(node, 1, node.where(node.input(0), node.outputGradient, node.scalar(0))),
  () => to(node, 2, node.where(node.input(0), node.scalar(0), node.outputGradient)),
];
