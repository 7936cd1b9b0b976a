import type { GradientFunction, NodeGradient } from './nodeGradient.ts';

/**
 * softmax(scale·Q·Kᵀ + mask)·V (Vaswani et al., "Attention Is All You Need", 2017) of operator set 23, as PyTorch exports
 * `scaled_dot_product_attention`: all of [batch, heads, places, size], as many heads of K and V as of Q, no cache.
 */
export const attention: GradientFunction = (node) => {
  const [q, k, v, mask] = [node.input(0), node.input(1), node.input(2), node.input(3)];
  const shapes = [q, k, v].map((name) => node.shape(name));
  const refuse = (what: string): never => node.fail(`${what} is not supported in training`);
  if (shapes.some(({ length }) => length !== 4) || shapes.some(([, heads]) => heads !== shapes[0]![1])) refuse('an order of heads other than [batch, heads, places, size]');
  for (const name of ['is_causal', 'softcap', 'qk_matmul_output_mode']) if (node.number(name, 0) !== 0) refuse(name);
  if (node.node.input.slice(4).some((input) => input !== '') || node.node.output.slice(1).some((output) => output !== '')) refuse('a cache of keys and values');
  const scale = node.scalar(node.number('scale', 1 / Math.sqrt(shapes[0]![3]!)));
  const turned = (value: string): string => node.op('Transpose', [value], { perm: [0, 1, 3, 2] });
  const weights = once(() => {
    const scores = node.op('Mul', [node.op('MatMul', [q, turned(k)]), scale]);
    return node.op('Softmax', [mask === '' ? scores : masked(node, scores, mask)], { axis: -1 });
  });
  // The gradient of the scores before the scale: that of a softmax.
  const scored = once(() => {
    const moved = node.op('MatMul', [node.outputGradient, turned(v)]);
    const mean = node.op('ReduceSum', [node.op('Mul', [moved, weights()]), node.ints([-1])], { keepdims: 1 });
    return node.op('Mul', [weights(), node.op('Sub', [moved, mean])]);
  });
  const scaled = once(() => node.op('Mul', [scored(), scale]));
  return [
    () => node.op('MatMul', [scaled(), k]),
    () => node.op('MatMul', [turned(scaled()), q]),
    () => node.op('MatMul', [turned(weights()), node.outputGradient]),
    mask !== '' && node.value(mask).type === 'float32' ? () => node.sumTo(scored(), [shapes[0]![0]!, shapes[0]![1]!, shapes[0]![2]!, shapes[1]![2]!], mask) : undefined,
  ];
};

/** Scores with a mask added, or, where it holds truth values, switched off where it is false. */
function masked(node: NodeGradient, scores: string, mask: string): string {
  return node.value(mask).type === 'bool' ? node.where(mask, scores, node.scalar(-Infinity)) : node.op('Add', [scores, mask]);
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
