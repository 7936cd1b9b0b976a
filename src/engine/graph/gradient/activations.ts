import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** dy·slope. */
function scaled(node: NodeGradient, slope: string): string {
  return node.op('Mul', [node.outputGradient, slope]);
}

function positive(node: NodeGradient): string {
  return node.op('Greater', [node.input(0), node.scalar(0)]);
}

/** max(0, x) + min(0, a·(exp(x/a) − 1)). */
export const celu: GradientFunction = (node) => [() => {
  const slope = node.op('Add', [node.op('Div', [node.output, node.scalar(node.number('alpha', 1))]), node.scalar(1)]);
  return node.where(positive(node), node.outputGradient, scaled(node, slope));
}];

/** The limits have no gradient of their own; on a limit the gradient is 0, as that of Relu is at 0. */
export const clip: GradientFunction = (node) => [() => {
  const limits = [
    ...(node.input(1) ? [node.op('Greater', [node.output, node.input(1)])] : []),
    ...(node.input(2) ? [node.op('Less', [node.output, node.input(2)])] : []),
  ];
  if (limits.length === 0) return node.outputGradient;
  return node.gate(limits.reduce((left, right) => node.op('And', [left, right])), node.outputGradient);
}];

/** x where it is positive, a·(exp x − 1) elsewhere, whose slope is y + a. */
export const elu: GradientFunction = (node) => [() =>
  node.where(positive(node), node.outputGradient, scaled(node, node.op('Add', [node.output, node.scalar(node.number('alpha', 1))])))];

export const erf: GradientFunction = (node) => [() => {
  const bell = node.op('Exp', [node.op('Neg', [node.op('Mul', [node.input(0), node.input(0)])])]);
  return scaled(node, node.op('Mul', [bell, node.scalar(2 / Math.sqrt(Math.PI))]));
}];

/** x·Φ(x) (Hendrycks & Gimpel, 2016), exact or by tanh. */
export const gelu: GradientFunction = (node) => [() => {
  const x = node.input(0);
  const constant = (value: number): string => node.scalar(value);
  const square = node.op('Mul', [x, x]);
  if (node.text('approximate', 'none') === 'none') {
    const half = node.op('Add', [node.op('Mul', [node.op('Erf', [node.op('Mul', [x, constant(Math.SQRT1_2)])]), constant(0.5)]), constant(0.5)]);
    const density = node.op('Mul', [node.op('Exp', [node.op('Mul', [square, constant(-0.5)])]), constant(1 / Math.sqrt(2 * Math.PI))]);
    return scaled(node, node.op('Add', [half, node.op('Mul', [x, density])]));
  }
  // y = ½·x·(1 + tanh u), u = c·(x + 0.044715·x³); dy/dx = ½·(1 + t) + ½·x·(1 − t²)·c·(1 + 3·0.044715·x²).
  const c = Math.sqrt(2 / Math.PI);
  const cubic = node.op('Add', [node.op('Mul', [square, constant(c * 0.044715)]), constant(c)]);
  const t = node.op('Tanh', [node.op('Mul', [x, cubic])]);
  const slope = node.op('Add', [node.op('Mul', [square, constant(3 * c * 0.044715)]), constant(c)]);
  const bend = node.op('Mul', [node.op('Mul', [x, slope]), node.op('Sub', [constant(1), node.op('Mul', [t, t])])]);
  return scaled(node, node.op('Mul', [node.op('Add', [node.op('Add', [t, bend]), constant(1)]), constant(0.5)]));
}];

/** Clip(a·x + b, 0, 1). */
export const hardSigmoid: GradientFunction = (node) => [() => {
  const inside = node.op('And', [node.op('Greater', [node.output, node.scalar(0)]), node.op('Less', [node.output, node.scalar(1)])]);
  return node.gate(inside, node.op('Mul', [node.outputGradient, node.scalar(node.number('alpha', 0.2))]));
}];

/** x·Clip(x/6 + ½, 0, 1). */
export const hardSwish: GradientFunction = (node) => [() => {
  const x = node.input(0);
  const slope = node.op('Add', [node.op('Mul', [x, node.scalar(1 / 3)]), node.scalar(0.5)]);
  const upper = node.where(node.op('Less', [x, node.scalar(3)]), slope, node.scalar(1));
  return scaled(node, node.where(node.op('Greater', [x, node.scalar(-3)]), upper, node.scalar(0)));
}];

export const leakyRelu: GradientFunction = (node) => [() =>
  node.where(positive(node), node.outputGradient, scaled(node, node.scalar(node.number('alpha', 0.01))))];

/** x·tanh(softplus x). */
export const mish: GradientFunction = (node) => [() => {
  const x = node.input(0);
  const t = node.op('Tanh', [node.op('Softplus', [x])]);
  const bend = node.op('Mul', [node.op('Mul', [x, node.op('Sigmoid', [x])]), node.op('Sub', [node.scalar(1), node.op('Mul', [t, t])])]);
  return scaled(node, node.op('Add', [t, bend]));
}];

/** x where it is positive, x·slope elsewhere; the slope is broadcast and trained. */
export const pRelu: GradientFunction = (node) => [
  () => node.where(positive(node), node.outputGradient, scaled(node, node.input(1))),
  () => node.sumTo(node.where(positive(node), node.scalar(0), scaled(node, node.input(0))), node.shape(node.output), node.input(1)),
];

export const relu: GradientFunction = (node) => [() =>
  node.gate(node.op('Greater', [node.output, node.scalar(0)]), node.outputGradient)];

/** γ·Elu(x); below 0 the slope is y + γ·α. */
export const selu: GradientFunction = (node) => [() => {
  const gamma = node.number('gamma', 1.0507009873554805);
  const alpha = node.number('alpha', 1.6732632423543772);
  return scaled(node, node.where(positive(node), node.scalar(gamma), node.op('Add', [node.output, node.scalar(gamma * alpha)])));
}];

/** x moved towards 0 by a bias where it lies further out than λ, 0 elsewhere. */
export const shrink: GradientFunction = (node) => [() =>
  node.gate(node.op('Greater', [node.op('Abs', [node.input(0)]), node.scalar(node.number('lambd', 0.5))]), node.outputGradient)];

export const sigmoid: GradientFunction = (node) => [() =>
  scaled(node, node.op('Mul', [node.output, node.op('Sub', [node.scalar(1), node.output])]))];

export const softplus: GradientFunction = (node) => [() => scaled(node, node.op('Sigmoid', [node.input(0)]))];

export const softsign: GradientFunction = (node) => [() => {
  const divisor = node.op('Add', [node.op('Abs', [node.input(0)]), node.scalar(1)]);
  return node.op('Div', [node.outputGradient, node.op('Mul', [divisor, divisor])]);
}];

/** x·σ(α·x). */
export const swish: GradientFunction = (node) => [() => {
  const scaledInput = node.op('Mul', [node.input(0), node.scalar(node.number('alpha', 1))]);
  const sigma = node.op('Sigmoid', [scaledInput]);
  const bend = node.op('Mul', [node.op('Mul', [scaledInput, sigma]), node.op('Sub', [node.scalar(1), sigma])]);
  return scaled(node, node.op('Add', [sigma, bend]));
}];

export const tanh: GradientFunction = (node) => [() =>
  scaled(node, node.op('Sub', [node.scalar(1), node.op('Mul', [node.output, node.output])]))];

export const thresholdedRelu: GradientFunction = (node) => [() =>
  node.gate(node.op('Greater', [node.input(0), node.scalar(node.number('alpha', 1))]), node.outputGradient)];
