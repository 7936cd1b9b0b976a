import type { GradientFunction, NodeGradient } from './nodeGradient.ts';
import { elementTypeCode } from '../tensor.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: the same elements in another shape. */
export const reshape: GradientFunction = (node) => [() => node.reshapeLike(node.outputGradient, node.input(0))];

/** Identity, and Dropout at inference. */
export const identity: GradientFunction = (node) => [() => node.outputGradient];

export const cast: GradientFunction = (node) => [() => node.op('Cast', [node.outputGradient], { to: elementTypeCode[node.value(node.input(0)).type] })];

export const transpose: GradientFunction = (node) => [() => {
  const rank = node.shape(node.input(0)).length;
  const perm = node.numbers('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return node.op('Transpose', [node.outputGradient], { perm: perm.map((_, axis) => perm.indexOf(axis)) });
}];

export const expand: GradientFunction = (node) => [() => node.sumTo(node.outputGradient, node.shape(node.output), node.input(0))];

export const concat: GradientFunction = (node) => {
  const rank = node.shape(node.output).length;
  const axis = (node.number('axis', 0) + rank) % rank;
  const sizes = node.node.input.map((input) => node.shape(input)[axis]!);
  if (sizes.includes(-1)) node.fail('it joins along the batch');
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return () => node.op('Slice', [node.outputGradient, node.ints([from]), node.ints([from + size]), node.ints([axis])]);
  });
};

export const split: GradientFunction = (node) => [() => {
  const parts = node.node.output.map((output, index) => node.gradientOf(index) ?? node.zerosLike(output));
  return node.op('Concat', parts, { axis: node.number('axis', 0) });
}];

export const slice: GradientFunction = (node) => {
  const shape = node.shape(node.input(0));
  const starts = node.integers(1) ?? [];
  const ends = node.integers(2) ?? [];
  const axes = node.integers(3) ?? starts.map((_, index) => index);
  const steps = node.integers(4) ?? starts.map(() => 1);
  return [() => axes.reduce((gradient, given, index) => {
    const axis = given < 0 ? given + shape.length : given;
    const positions = slicePositions(shape[axis]!, starts[index]!, ends[index]!, steps[index]!);
    if (shape[axis] === -1 && !(starts[index] === 0 && ends[index]! >= 2 ** 31 - 1 && steps[index] === 1)) node.fail('it takes a part of the batch');
    return shape[axis] === -1 ? gradient : place(node, gradient, axis, shape, positions);
  }, node.outputGradient)];
};

/** The positions that a slice takes, in its order; `start` and `end` may count from the end or lie outside. */
function slicePositions(size: number, start: number, end: number, step: number): number[] {
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const first = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const last = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  const positions = [];
  for (let at = first; step > 0 ? at < last : at > last; at += step) positions.push(at);
  return positions;
}

/** Zeros of an axis' full size with a gradient's rows at given positions, each at most once. */
function place(node: NodeGradient, gradient: string, axis: number, shape: readonly number[], positions: readonly number[]): string {
  const size = shape[axis]!;
  const consecutive = positions.every((position, index) => position === positions[0]! + index);
  const before = positions[0] ?? 0;
  const padded = (start: number, end: number): string => node.op('Pad', [gradient, node.ints([start, end]), '', node.ints([axis])]);
  if (consecutive) return positions.length === size ? gradient : padded(before, size - before - positions.length);
  // A row of zeros is put behind the gradient, and every position that is not taken reads it.
  const source = Array.from({ length: size }, (_, position) => {
    const index = positions.indexOf(position);
    return index < 0 ? positions.length : index;
  });
  return node.op('Gather', [padded(0, 1), node.ints(source)], { axis });
}

/**
 * Rows of a table by their numbers: the gradients of a row that is taken several times add up. Numbers that depend on the size of
 * the batch may be computed, as they are where an exporter writes a strided view.
 */
export const gather: GradientFunction = (node) => {
  const [table, indices] = [node.input(0), node.input(1)];
  const shape = node.shape(table);
  const axis = (node.number('axis', 0) + shape.length) % shape.length;
  return [() => {
    const known = node.value(indices).integers;
    // The axes of the indices become one, so that the gradient has the table's rank.
    const dims = shape.map((dim, index) => (index === axis ? (known?.length ?? -1) : dim));
    if (dims.filter((dim) => dim < 0).length > 1) node.fail('its indices depend on the data');
    const rows = node.op('Reshape', [node.outputGradient, node.ints(dims)]);
    const positions = shape[axis] === -1 ? undefined : known?.map((index) => (index < 0 ? index + shape[axis]! : index));
    if (positions && new Set(positions).size === positions.length) return place(node, rows, axis, shape, positions);
    const column = node.op('Reshape', [indices, node.ints(shape.map((_, index) => (index === axis ? -1 : 1)))]);
    const zeros = node.zerosLike(table);
    return node.op('ScatterElements', [zeros, node.op('Expand', [column, node.op('Shape', [rows])]), rows], { axis, reduction: 'add' });
  }];
};

/** Single elements by their places along an axis: each gives its gradient to the place it was taken from. */
export const gatherElements: GradientFunction = (node) => [() =>
  node.op('ScatterElements', [node.zerosLike(node.input(0)), node.input(1), node.outputGradient], { axis: node.number('axis', 0), reduction: 'add' })];

/** Parts of a value by their places along its first axes. */
export const gatherND: GradientFunction = (node) => {
  if (node.number('batch_dims', 0) !== 0) node.fail('batch_dims is not supported in training');
  return [() => node.op('ScatterND', [node.zerosLike(node.input(0)), node.input(1), node.outputGradient], { reduction: 'add' })];
};
