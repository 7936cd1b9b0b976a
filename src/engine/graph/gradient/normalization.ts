import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** A vector over the channels as [1, channels, 1, …], so that it broadcasts against the input. */
function perChannel(node: NodeGradient, value: string): string {
  return node.op('Reshape', [value, node.ints(node.shape(node.input(0)).map((_, axis) => (axis === 1 ? -1 : 1)))]);
}

function sumToChannels(node: NodeGradient, value: string): string {
  const axes = node.shape(node.input(0)).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return node.op('ReduceSum', [value, node.ints(axes)], { keepdims: 0 });
}

/** y = scale·(x − mean)/√(var + ε) + bias with the statistics of the file, which stay as they are: they have no gradient. */
export const batchNormalization: GradientFunction = (node) => {
  if (node.number('training_mode', 0) === 1) node.fail('it is in training mode');
  const [x, scale, mean, variance] = [node.input(0), node.input(1), node.input(3), node.input(4)];
  const inverse = (): string => node.op('Reciprocal', [node.op('Sqrt', [node.op('Add', [variance, node.scalar(node.number('epsilon', 1e-5))])])]);
  return [
    () => node.op('Mul', [node.outputGradient, perChannel(node, node.op('Mul', [scale, inverse()]))]),
    () => node.op('Mul', [sumToChannels(node, node.op('Mul', [node.outputGradient, node.op('Sub', [x, perChannel(node, mean)])])), inverse()]),
    () => sumToChannels(node, node.outputGradient),
  ];
};

/** The normalised values (x − mean)/√(var + ε) over some axes, and 1/√(var + ε). */
function normalize(node: NodeGradient, axes: readonly number[]): { normal: string; inverse: string } {
  const x = node.input(0);
  const over = node.ints([...axes]);
  const centred = node.op('Sub', [x, node.op('ReduceMean', [x, over], { keepdims: 1 })]);
  const variance = node.op('ReduceMean', [node.op('Mul', [centred, centred]), over], { keepdims: 1 });
  const inverse = node.op('Reciprocal', [node.op('Sqrt', [node.op('Add', [variance, node.scalar(node.number('epsilon', 1e-5))])])]);
  return { normal: node.op('Mul', [centred, inverse]), inverse };
}

/** dx of a normalisation over some axes, g being the gradient of the normalised values: (g − mean g − n·mean(g·n))/√(var + ε). */
function throughNormalization(node: NodeGradient, g: string, normal: string, inverse: string, axes: readonly number[]): string {
  const over = node.ints([...axes]);
  const along = node.op('Mul', [normal, node.op('ReduceMean', [node.op('Mul', [g, normal]), over], { keepdims: 1 })]);
  const centred = node.op('Sub', [g, node.op('ReduceMean', [g, over], { keepdims: 1 })]);
  return node.op('Mul', [node.op('Sub', [centred, along]), inverse]);
}

/** Each channel of each picture by its own statistics (Ulyanov et al., 2016). */
export const instanceNormalization: GradientFunction = (node) => {
  const axes = node.shape(node.input(0)).slice(2).map((_, axis) => axis + 2);
  const parts = normalize(node, axes);
  return [
    () => throughNormalization(node, node.op('Mul', [node.outputGradient, perChannel(node, node.input(1))]), parts.normal, parts.inverse, axes),
    () => sumToChannels(node, node.op('Mul', [node.outputGradient, parts.normal])),
    () => sumToChannels(node, node.outputGradient),
  ];
};

/** The last axes by their own statistics (Ba, Kiros & Hinton, 2016); scale and bias are broadcast against them. */
export const layerNormalization: GradientFunction = (node) => {
  const shape = node.shape(node.input(0));
  const first = (node.number('axis', -1) + shape.length) % shape.length;
  const axes = shape.flatMap((_, axis) => (axis < first ? [] : [axis]));
  const parts = normalize(node, axes);
  return [
    () => throughNormalization(node, node.op('Mul', [node.outputGradient, node.input(1)]), parts.normal, parts.inverse, axes),
    () => node.sumTo(node.op('Mul', [node.outputGradient, parts.normal]), shape, node.input(1)),
    () => node.sumTo(node.outputGradient, shape, node.input(2)),
  ];
};
