import { parseEinsum, type Contraction, type Letters } from '../einsum.ts';
import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** A sum of products over letters: the gradient of an operand is that of the result with the other operands. */
export const einsum: GradientFunction = (node) => {
  const names = node.node.input;
  const { operands, output } = contraction(node);
  return names.map((name, index) => () => {
    const others = names.filter((_, other) => other !== index);
    const letters = [output, ...operands.filter((_, other) => other !== index)];
    const known = new Set(letters.flat());
    const own = [...new Set(operands[index])];
    // An axis that nothing else has was summed over: each of its places gets the same.
    const kept = own.filter((letter) => known.has(letter));
    const gradient = node.op('Einsum', [node.outputGradient, ...others], { equation: equation(letters, kept) });
    const lost = own.flatMap((letter, axis) => (known.has(letter) ? [] : [axis]));
    const shape = node.shape(name);
    const sizes = own.map((letter) => shape[operands[index]!.indexOf(letter)]!);
    if (own.length === shape.length) return lost.length === 0 ? gradient : node.op('Expand', [node.op('Unsqueeze', [gradient, node.ints(lost)]), node.shapeOf(name)]);
    if (lost.some((axis) => sizes[axis] === -1)) node.fail('it takes a diagonal and sums over the batch');
    const spread = lost.length === 0 ? gradient : node.op('Mul', [node.op('Unsqueeze', [gradient, node.ints(lost)]), ones(node, sizes.map((size, axis) => (lost.includes(axis) ? size : 1)))]);
    return alongDiagonals(node, spread, own, operands[index]!, shape);
  });
};

const equation = (operands: readonly Letters[], output: Letters): string => `${operands.map((each) => each.join('')).join()}->${output.join('')}`;

function ones(node: NodeGradient, dims: number[]): string {
  return node.builder.float(new Float32Array(dims.reduce((size, dim) => size * dim, 1)).fill(1), dims);
}

/** A value with one axis for each letter as one with `operand`'s axes: zeros beside the diagonals of the letters that stand there twice. */
function alongDiagonals(node: NodeGradient, value: string, own: Letters, operand: Letters, shape: readonly number[]): string {
  const free = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz').filter((letter) => !operand.includes(letter));
  const pairs: Letters[] = [];
  const identities: string[] = [];
  const target = operand.map((letter, axis) => {
    if (operand.indexOf(letter) === axis) return letter;
    const size = shape[axis]!;
    if (size === -1) node.fail('it takes a diagonal of the batch');
    const other = free.pop()!;
    pairs.push([letter, other]);
    identities.push(node.builder.float(Float32Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : 0)), [size, size]));
    return other;
  });
  return node.op('Einsum', [value, ...identities], { equation: equation([own, ...pairs], target) });
}

function contraction(node: NodeGradient): Contraction {
  const shapes = node.node.input.map((name) => node.shape(name));
  let parsed: Contraction;
  try {
    parsed = parseEinsum(node.text('equation', ''), shapes.map(({ length }) => length));
  } catch (error) {
    return node.fail(`${error instanceof Error ? error.message : String(error)} is not supported in training`);
  }
  const sizes = new Map<string, number>();
  parsed.operands.forEach((letters, index) => letters.forEach((letter, axis) => {
    const size = shapes[index]![axis]!;
    if ((sizes.get(letter) ?? size) !== size) node.fail('it repeats an axis of size 1, which is not supported in training');
    sizes.set(letter, size);
  }));
  return parsed;
}
