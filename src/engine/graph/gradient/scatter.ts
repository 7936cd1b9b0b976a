import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/**
 * Values put into others at given places, or added to what is there. Where they take its place, what was there has no gradient;
 * a place that is given twice has no defined value, and none here.
 */
function scatter(gather: (node: NodeGradient) => string, clear: (node: NodeGradient, zeros: string) => string): GradientFunction {
  return (node) => {
    const reduction = node.text('reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') node.fail(`reduction ${reduction} is not supported in training`);
    return [
      () => (reduction === 'add' ? node.outputGradient : clear(node, node.zerosLike(node.input(2)))),
      undefined,
      () => gather(node),
    ];
  };
}

const axisOf = (node: NodeGradient): { axis: number } => ({ axis: node.number('axis', 0) });

/** Single elements by their places along an axis. */
export const scatterElements: GradientFunction = scatter(
  (node) => node.op('GatherElements', [node.outputGradient, node.input(1)], axisOf(node)),
  (node, zeros) => node.op('ScatterElements', [node.outputGradient, node.input(1), zeros], axisOf(node)),
);

/** Parts by their places along the first axes. */
export const scatterND: GradientFunction = scatter(
  (node) => node.op('GatherND', [node.outputGradient, node.input(1)]),
  (node, zeros) => node.op('ScatterND', [node.outputGradient, node.input(1), zeros]),
);

/** The greatest or the least elements along an axis: each gives its gradient to the place where it was found. */
export const topK: GradientFunction = (node) => [() => {
  const places = node.node.output[1] || node.fail('it does not say where its elements were found');
  return node.op('ScatterElements', [node.zerosLike(node.input(0)), places, node.outputGradient], { axis: node.number('axis', -1) });
}];
