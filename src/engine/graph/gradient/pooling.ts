import type { GradientFunction } from './nodeGradient.ts';
import { spreadWindows, windowOf } from './spatial.ts';

/** Each element gets its share of the means of all windows that it lies in. */
export const averagePool: GradientFunction = (node) => [() => {
  const [x, dy] = [node.input(0), node.outputGradient];
  const kernel = node.numbers('kernel_shape') ?? node.fail('its kernel_shape is missing');
  const window = windowOf(node, kernel);
  const includePads = node.number('count_include_pad', 0) === 1;
  const given = node.numbers('pads') ?? window.before.map(() => 0);
  // How many elements each window averages is fixed: its kernel's positions that lie in the picture or, if wished, in its padding.
  const counts = kernel.map((size, axis) => Array.from({ length: window.output[axis]! }, (_, at) => {
    const start = at * window.strides[axis]! - window.before[axis]!;
    const end = window.input[axis]! + (includePads ? Math.max(0, node.text('auto_pad', 'NOTSET') === 'NOTSET' ? (given[axis + kernel.length] ?? 0) : window.after[axis]!) : 0);
    const places = Array.from({ length: size }, (_, index) => start + index * window.dilations[axis]!);
    return places.filter((place) => (includePads || place >= 0) && place < end).length;
  }));
  const shares = counts.reduce<number[]>((list, axis) => list.flatMap((share) => axis.map((count) => share / count)), [1]);
  const share = new Set(shares).size === 1 ? node.scalar(shares[0]!) : node.builder.float(shares, [1, 1, ...window.output]);
  // Channels are alike, so each is a picture of its own: one kernel of ones serves all of them.
  const planes = node.op('Reshape', [node.op('Mul', [dy, share]), node.ints([-1, 1, ...window.output])]);
  const ones = node.builder.float(new Float32Array(kernel.reduce((total, size) => total * size, 1)).fill(1), [1, 1, ...kernel]);
  return node.reshapeLike(spreadWindows(node, planes, ones, window, 1), x);
}];

export const globalAveragePool: GradientFunction = (node) => [() => {
  const x = node.input(0);
  const spatial = node.shape(x).slice(2);
  if (spatial.includes(-1)) node.fail('the size of its pictures is not fixed');
  const share = node.scalar(1 / spatial.reduce((total, size) => total * size, 1));
  return node.op('Expand', [node.op('Mul', [node.outputGradient, share]), node.shapeOf(x)]);
}];

/** The greatest element of each picture gets the gradient; equal ones share it. */
export const globalMaxPool: GradientFunction = (node) => [() => {
  const axes = node.ints(node.shape(node.input(0)).slice(2).map((_, axis) => axis + 2));
  const hits = node.op('Cast', [node.op('Equal', [node.input(0), node.output])], { to: 1 });
  const count = node.op('ReduceSum', [hits, axes], { keepdims: 1 });
  return node.op('Mul', [hits, node.op('Div', [node.outputGradient, count])]);
}];

/** The first of the greatest elements of each window gets its gradient. */
export const maxPool: GradientFunction = (node) => [() => {
  const x = node.input(0);
  // The same pooling once more, for the places of what it chose, counted through the whole batch.
  const attributes = Object.fromEntries(node.node.attribute.map(({ name }) => [name, node.attributes[name] as number | number[] | string]));
  const places = node.builder.node('MaxPool', [x], { ...attributes, storage_order: 0 }, { outputs: 2 })[1]!;
  const flat = (value: string): string => node.op('Reshape', [value, node.ints([-1])]);
  const zeros = node.op('ConstantOfShape', [node.op('Reshape', [node.op('Size', [x]), node.ints([1])])]);
  const scattered = node.op('ScatterElements', [zeros, flat(places), flat(node.outputGradient)], { axis: 0, reduction: 'add' });
  return node.reshapeLike(scattered, x);
}];
