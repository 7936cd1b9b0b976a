import { commonScale, resizeWeights } from '../resizeWeights.ts';
import { alongAxis } from './axisProduct.ts';
import type { GradientFunction, NodeGradient } from './nodeGradient.ts';
import { border, positions, slicePosition, type Window } from './spatial.ts';
import { paddedPlace } from '../paddedPlace.ts';

/** Blocks that overlap, added up to a picture: each place of a block gets the gradient of the place where it was put. */
export const col2Im: GradientFunction = (node) => [() => {
  const [size, block] = [node.integers(1) ?? [], node.integers(2) ?? []];
  const [, columns, places] = node.shape(node.input(0)) as [number, number, number];
  const ones = block.map(() => 1);
  const [strides, dilations, pads] = [node.numbers('strides') ?? ones, node.numbers('dilations') ?? ones, node.numbers('pads') ?? [...ones, ...ones].map(() => 0)];
  const [before, after] = [pads.slice(0, block.length), pads.slice(block.length)];
  const output = block.map((length, axis) => Math.floor((size[axis]! + before[axis]! + after[axis]! - dilations[axis]! * (length - 1) - 1) / strides[axis]!) + 1);
  const padded = border(node, node.outputGradient, before, after);
  const window: Window = { kernel: block, strides, dilations, before, after, input: size, output };
  const parts = positions(block).map((position) => node.op('Unsqueeze', [slicePosition(node, padded, window, position, 2), node.ints([2])]));
  return node.op('Reshape', [node.op('Concat', parts, { axis: 2 }), node.ints([-1, columns, places])]);
}];

/** Blocks of pixels back where they came from: both modes, [batch, channels, height, width]. */
export const depthToSpace: GradientFunction = (node) => [() => {
  const [, channels, height, width] = node.shape(node.input(0)) as [number, number, number, number];
  const block = node.number('blocksize', 1);
  const blocks = node.op('Reshape', [node.outputGradient, node.ints([-1, channels / block ** 2, height, block, width, block])]);
  const perm = node.text('mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
  return node.op('Reshape', [node.op('Transpose', [blocks], { perm }), node.ints([-1, channels, height, width])]);
}];

export const spaceToDepth: GradientFunction = (node) => [() =>
  node.op('DepthToSpace', [node.outputGradient], { blocksize: node.number('blocksize', 1), mode: 'DCR' })];

/** Every copy gives its gradient. */
export const tile: GradientFunction = (node) => {
  const repeats = node.integers(1) ?? [];
  const shape = node.shape(node.input(0));
  return [() => {
    if (repeats.every((count) => count === 1)) return node.outputGradient;
    // [a, b] → [times of a, a, times of b, b]; an axis that is not repeated stays one.
    const dims = shape.flatMap((dim, axis) => (repeats[axis] === 1 ? [dim] : [repeats[axis]!, dim]));
    const axes: number[] = [];
    let at = 0;
    for (const count of repeats) {
      if (count !== 1) axes.push(at);
      at += count === 1 ? 1 : 2;
    }
    return node.op('ReduceSum', [node.op('Reshape', [node.outputGradient, node.ints(dims)]), node.ints(axes)], { keepdims: 0 });
  }];
};

/** A triangle of each matrix; the rest was replaced by zeros. */
export const trilu: GradientFunction = (node) => [() =>
  node.op('Trilu', [node.outputGradient, ...(node.input(1) ? [node.input(1)] : [])], { upper: node.number('upper', 1) })];

/** Pad with a constant: what remains when the padding is taken away. In other modes the padding gives its gradient to its source. */
export const pad: GradientFunction = (node) => {
  const mode = node.text('mode', 'constant');
  const pads = node.integers(1) ?? node.fail('its pads are missing');
  const axes = node.input(3);
  if (mode === 'constant') return [() => node.op('Pad', [node.outputGradient, node.ints(pads.map((size) => -size)), ...(axes ? ['', axes] : [])])];
  const place = paddedPlace[mode] ?? node.fail(`padding of mode ${mode} is not supported in training`);
  const shape = node.shape(node.input(0));
  const padded = node.integers(3)?.map((axis) => (axis + shape.length) % shape.length) ?? shape.map((_, axis) => axis);
  return [() => padded.reduce((gradient, axis, index) => {
    const [before, after, length] = [pads[index]!, pads[index + padded.length]!, shape[axis]!];
    if (before === 0 && after === 0) return gradient;
    if (length < 1) node.fail('it pads the batch');
    const rows = Array.from({ length: before + length + after }, (_, at) => {
      const row = new Float32Array(length);
      row[place(at - before, length)] = 1;
      return row;
    });
    return alongAxis(node, gradient, axis, shape.length, rows);
  }, node.outputGradient)];
};

/** Linear along each axis, whatever the mode: the gradient goes back by the same shares. */
export const resize: GradientFunction = (node) => {
  const [from, to] = [node.shape(node.input(0)), node.shape(node.output)];
  const given = node.numbers('axes')?.map((axis) => (axis + from.length) % from.length) ?? from.map((_, axis) => axis);
  const scales = node.input(2) === '' ? undefined : (node.value(node.input(2)).floats ?? node.fail('its scales depend on the data'));
  const wanted = node.integers(3) ?? [];
  const common = supported(node, () => commonScale(node.text('keep_aspect_ratio_policy', 'stretch'), given.map((axis, index) => ({ length: from[axis]!, size: wanted[index]! }))));
  return [() => given.reduce((gradient, axis, index) => {
    const [length, size] = [from[axis]!, to[axis]!];
    const scale = (scales?.length ? scales[index] : common) ?? size / length;
    if (size === length && scale === 1) return gradient;
    if (length < 1 || size < 1) node.fail('the size of its pictures is not fixed');
    return alongAxis(node, gradient, axis, from.length, supported(node, () => resizeWeights({
      length, size, scale, mode: node.text('mode', 'nearest'), coordinates: node.text('coordinate_transformation_mode', 'half_pixel'),
      nearest: node.text('nearest_mode', 'round_prefer_floor'), cubic: node.number('cubic_coeff_a', -0.75),
      antialias: node.number('antialias', 0) !== 0, excludeOutside: node.number('exclude_outside', 0) !== 0,
    })));
  }, node.outputGradient)];
};

/** What `compute` returns; where it knows a mode not, the node cannot be trained through. */
function supported<T>(node: NodeGradient, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    return node.fail(`${error instanceof Error ? error.message : String(error)} is not supported in training`);
  }
}
