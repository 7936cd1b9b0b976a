import { parseEinsum, type Contraction } from '../einsum.ts';
import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/** A sum of products over letters: the gradient of an operand is that of the result with the other operands. */
export const einsum: GradientFunction = (node) => {
  const names = node.node.input;
  const { operands, output } = contraction(node);
  return names.map((name, index) => () => {
    const others = names.filter((_, other) => other !== index);
    const letters = [output, ...operands.filter((_, other) => other !== index)];
    const known = new Set(letters.flat());
    // An axis that nothing else has was summed over: each of its places gets the same.
    const kept = operands[index]!.filter((letter) => known.has(letter));
    const gradient = node.op('Einsum', [node.outputGradient, ...others], { equation: `${letters.map((each) => each.join('')).join()}->${kept.join('')}` });
    const lost = operands[index]!.flatMap((letter, axis) => (known.has(letter) ? [] : [axis]));
    return lost.length === 0 ? gradient : node.op('Expand', [node.op('Unsqueeze', [gradient, node.ints(lost)]), node.shapeOf(name)]);
  });
};

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
