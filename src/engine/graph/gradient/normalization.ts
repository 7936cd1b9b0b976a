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
function normalize(node: NodeGradient, axes: readonly number[], x: string = node.input(0)): { normal: string; inverse: string } {
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

/**
 * Groups of channels by their own statistics (Wu & He, 2018). Scale and bias have an entry a channel, or, before operator set 21,
 * a group.
 */
export const groupNormalization: GradientFunction = (node) => {
  const [x, scale] = [node.input(0), node.input(1)];
  const shape = node.shape(x);
  const groups = node.number('num_groups', 1);
  const channels = shape[1]!;
  const [entries] = node.shape(scale) as [number];
  const spatial = shape.slice(2);
  if (spatial.includes(-1)) node.fail('the size of its pictures is not fixed');
  const places = spatial.reduce((product, size) => product * size, 1);
  // [batch, groups, channels of a group, places].
  const grouped = (value: string): string => node.op('Reshape', [value, node.ints([-1, groups, channels / groups, places])]);
  const factor = node.op('Reshape', [scale, node.ints(entries === channels ? [groups, channels / groups, 1] : [groups, 1, 1])]);
  const dy = grouped(node.outputGradient);
  const parts = normalize(node, [2, 3], grouped(x));
  const summed = (value: string): string => {
    const sum = node.op('ReduceSum', [value, node.ints(entries === channels ? [0, 3] : [0, 2, 3])], { keepdims: 0 });
    return node.op('Reshape', [sum, node.ints([entries])]);
  };
  return [
    () => node.reshapeLike(throughNormalization(node, node.op('Mul', [dy, factor]), parts.normal, parts.inverse, [2, 3]), x),
    () => summed(node.op('Mul', [dy, parts.normal])),
    () => summed(dy),
  ];
};

/** x/‖x‖ along an axis; the gradient at 0 is 0. */
export const lpNormalization: GradientFunction = (node) => [() => {
  const [x, dy] = [node.input(0), node.outputGradient];
  const axes = node.ints([node.number('axis', -1)]);
  const euclidean = node.number('p', 2) === 2;
  const length = node.op(euclidean ? 'ReduceL2' : 'ReduceL1', [x, axes], { keepdims: 1 });
  const along = node.op('ReduceSum', [node.op('Mul', [dy, node.output]), axes], { keepdims: 1 });
  const direction = euclidean ? node.output : node.op('Sign', [x]);
  const divisor = node.where(node.op('Equal', [length, node.scalar(0)]), node.scalar(Infinity), length);
  return node.op('Div', [node.op('Sub', [dy, node.op('Mul', [direction, along])]), divisor]);
}];

/** y = x·b^−β, b = k + α/n·Σ x² over n neighbouring channels (Krizhevsky et al., 2012). */
export const lrn: GradientFunction = (node) => [() => {
  const [x, dy] = [node.input(0), node.outputGradient];
  const size = node.number('size', 1);
  const [alpha, beta] = [node.number('alpha', 1e-4), node.number('beta', 0.75)];
  const channels = node.shape(x)[1]!;
  const before = Math.floor((size - 1) / 2);
  /** The sum over channels from `first` before to `last` behind each. */
  const window = (value: string, first: number, last: number): string => {
    const padded = node.op('Pad', [value, node.ints([first, last]), '', node.ints([1])]);
    const parts = Array.from({ length: size }, (_, at) => node.op('Slice', [padded, node.ints([at]), node.ints([at + channels]), node.ints([1])]));
    return parts.length === 1 ? parts[0]! : node.op('Sum', parts);
  };
  const squares = window(node.op('Mul', [x, x]), before, size - 1 - before);
  const base = node.op('Add', [node.op('Mul', [squares, node.scalar(alpha / size)]), node.scalar(node.number('bias', 1))]);
  const direct = node.op('Mul', [dy, node.op('Pow', [base, node.scalar(-beta)])]);
  // A channel lies in the windows of those that have it behind or before them: the window turned round.
  const shared = window(node.op('Mul', [direct, node.op('Div', [x, base])]), size - 1 - before, before);
  return node.op('Sub', [direct, node.op('Mul', [node.op('Mul', [x, shared]), node.scalar((2 * alpha * beta) / size)])]);
}];
