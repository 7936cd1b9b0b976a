import type { Divergence } from '../../results.ts';
import type { GraphBuilder } from '../graphBuilder.ts';

/**
 * The losses of stability training (Zheng, Song, Leung, Goodfellow, "Improving the Robustness of Deep Neural Networks via
 * Stability Training", CVPR 2016) as nodes of a graph. All are means over the batch; logarithms are natural, and are taken by
 * LogSoftmax, so that a probability of 0 makes no infinity.
 */

/** L0 = −Σ_j t_j log P(y_j|x): `targets` [batch, classes] are distributions, `logProbabilities` come from the clean pictures. */
export function cleanLoss(builder: GraphBuilder, logProbabilities: string, targets: string): string {
  return builder.op('Neg', [meanOfSums(builder, builder.op('Mul', [targets, logProbabilities]))]);
}

/** log P of logits [batch, classes]. */
export function logProbabilities(builder: GraphBuilder, logits: string): string {
  return builder.op('LogSoftmax', [logits], { axis: -1 });
}

/** D(P, P') of two values of log P [batch, classes]; gradients flow through both. */
export function stabilityLoss(builder: GraphBuilder, divergence: Divergence, logP: string, logQ: string): string {
  return divergences[divergence](builder, logP, logQ);
}

const divergences: Record<Divergence, (builder: GraphBuilder, logP: string, logQ: string) => string> = {
  /** H(P, P') = −Σ P log P' = KL(P‖P') + H(P). */
  'cross-entropy': (builder, logP, logQ) => builder.op('Neg', [meanOfSums(builder, builder.op('Mul', [builder.op('Exp', [logP]), logQ]))]),

  /** JS = ½ KL(P‖M) + ½ KL(P'‖M), M = (P + P') / 2; at most ln 2. */
  js: (builder, logP, logQ) => {
    // log P − log M = ln 2 − log(1 + P'/P) = ln 2 − softplus(log P' − log P): no M that could be 0 is ever made.
    const half = (logA: string, logB: string): string => {
      const ratio = builder.op('Sub', [builder.float(Math.LN2), builder.op('Softplus', [builder.op('Sub', [logB, logA])])]);
      return builder.op('Mul', [builder.op('Exp', [logA]), ratio]);
    };
    return builder.op('Mul', [builder.float(0.5), meanOfSums(builder, builder.op('Add', [half(logP, logQ), half(logQ, logP)]))]);
  },

  /** KL(P‖P') = Σ P (log P − log P'). */
  kl: (builder, logP, logQ) => meanOfSums(builder, builder.op('Mul', [builder.op('Exp', [logP]), builder.op('Sub', [logP, logQ])])),

  /** ‖P − P'‖₂ of each pair. */
  l2: (builder, logP, logQ) => {
    const difference = builder.op('Sub', [builder.op('Exp', [logP]), builder.op('Exp', [logQ])]);
    const squares = builder.op('ReduceSum', [builder.op('Mul', [difference, difference]), builder.ints([-1])], { keepdims: 0 });
    return builder.op('ReduceMean', [builder.op('Sqrt', [squares])], { keepdims: 0 });
  },
};

/**
 * The Jensen–Shannon divergence of three distributions, ⅓ Σ KL(P_i‖M) with M their mean; at most ln 3. The consistency loss of
 * Hendrycks et al., "AugMix", 2020.
 */
export function threeViewLoss(builder: GraphBuilder, logP: string, logQ: string, logR: string): string {
  // log(e^a + e^b) = a + softplus(b − a): the mean's logarithm without leaving the logarithms.
  const join = (logA: string, logB: string): string => builder.op('Add', [logA, builder.op('Softplus', [builder.op('Sub', [logB, logA])])]);
  const logM = builder.op('Sub', [join(join(logP, logQ), logR), builder.float(Math.log(3))]);
  const parts = [logP, logQ, logR].map((logA) => builder.op('Mul', [builder.op('Exp', [logA]), builder.op('Sub', [logA, logM])]));
  return builder.op('Mul', [builder.float(1 / 3), meanOfSums(builder, builder.op('Sum', parts))]);
}

/** Embeddings [batch, length] brought to length 1; one of length 0 stays as it is. */
export function unitLength(builder: GraphBuilder, embeddings: string): string {
  const norms = builder.op('ReduceL2', [embeddings, builder.ints([-1])], { keepdims: 1 });
  return builder.op('Div', [embeddings, builder.op('Max', [norms, builder.float(1e-12)])]);
}

/** L0 = ½‖f(x) − t‖² of embeddings of length 1, which is 1 − cos(f(x), t). */
export function embeddingLoss(builder: GraphBuilder, embeddings: string, targets: string): string {
  const difference = builder.op('Sub', [embeddings, targets]);
  return builder.op('Mul', [builder.float(0.5), meanOfSums(builder, builder.op('Mul', [difference, difference]))]);
}

/** D(f(x), f(x')) = ‖f(x) − f(x')‖₂ of embeddings [batch, length], as Zheng et al. (2016) take it for features. */
export function embeddingDistance(builder: GraphBuilder, embeddings: string, others: string): string {
  return builder.op('ReduceMean', [distances(builder, embeddings, others)], { keepdims: 0 });
}

/**
 * L0 = max(0, g + ‖q − p‖₂ − ‖q − n‖₂) over triplets (query, positive, negative) that stand one after the other in
 * `embeddings` [3·triplets, length].
 */
export function tripletLoss(builder: GraphBuilder, embeddings: string, length: number, margin: number): string {
  const triplets = builder.op('Reshape', [embeddings, builder.ints([-1, 3, length])]);
  const [query, positive, negative] = builder.node('Split', [triplets, builder.ints([1, 1, 1])], { axis: 1 }, { outputs: 3 }) as [string, string, string];
  const excess = builder.op('Sub', [distances(builder, query, positive), distances(builder, query, negative)]);
  return builder.op('ReduceMean', [builder.op('Relu', [builder.op('Add', [excess, builder.float(margin)])])], { keepdims: 0 });
}

/** ‖a − b‖₂ along the last axis. */
function distances(builder: GraphBuilder, a: string, b: string): string {
  return builder.op('ReduceL2', [builder.op('Sub', [a, b]), builder.ints([-1])], { keepdims: 0 });
}

/** The sum over the classes, and of that the mean over the batch: a scalar. */
function meanOfSums(builder: GraphBuilder, value: string): string {
  const sums = builder.op('ReduceSum', [value, builder.ints([-1])], { keepdims: 0 });
  return builder.op('ReduceMean', [sums], { keepdims: 0 });
}
