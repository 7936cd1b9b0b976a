import type { OptimizerName } from '../../results.ts';
import { optimizerConstants } from '../../training/trainingStep.ts';
import type { GraphBuilder } from '../graphBuilder.ts';
import { elementTypeCode } from '../tensor.ts';

/** Values of a graph that one weight's update reads. */
export interface UpdateInputs {
  weight: string;
  gradient: string;
  /** The optimiser's arrays for this weight, in the order of `optimizerState`. */
  state: readonly string[];
  learningRate: string;
  /** Number of this update, from 1, a float scalar. */
  step: string;
}

/** Names of the new values. */
export interface Update {
  weight: string;
  state: string[];
}

/** What an optimiser keeps for each weight, each an array of the weight's shape that starts with zeros. */
export const optimizerState: Readonly<Record<OptimizerName, readonly string[]>> = {
  adam: ['mean', 'variance'],
  sgd: ['velocity'],
};

/** Name of an array of the optimiser's state, the same in every engine, so that one can go on where another stopped. */
export function stateName(weight: string, part: string): string {
  return `${weight}/${part}`;
}

/** Adds the update of one weight. */
export function addUpdate(builder: GraphBuilder, optimizer: OptimizerName, inputs: UpdateInputs): Update {
  return updates[optimizer](builder, inputs);
}

const updates: Record<OptimizerName, (builder: GraphBuilder, inputs: UpdateInputs) => Update> = {
  /** Adam with bias correction (Kingma & Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1). */
  adam: (builder, { weight, gradient, state: [mean, variance], learningRate, step }) => {
    const { beta1, beta2, epsilon } = optimizerConstants;
    const float = (value: number): string => builder.float(value);
    const newMean = builder.op('Add', [builder.op('Mul', [mean!, float(beta1)]), builder.op('Mul', [gradient, float(1 - beta1)])]);
    const square = builder.op('Mul', [builder.op('Mul', [gradient, float(1 - beta2)]), gradient]);
    const newVariance = builder.op('Add', [builder.op('Mul', [variance!, float(beta2)]), square]);
    // The corrections are scalars, so they are drawn together, lr·m̂/(√v̂ + ε) = (lr·√c₂/c₁)·m/(√v + ε·√c₂), and computed in
    // 64 bits: 1 − β₂ᵗ of the first steps would lose half of its digits in 32.
    const double = (value: number): string => builder.constant({ type: 'float64', dims: [], data: Float64Array.of(value) });
    const single = (value: string): string => builder.op('Cast', [value], { to: elementTypeCode.float32 });
    const wide = (value: string): string => builder.op('Cast', [value], { to: elementTypeCode.float64 });
    const correction = (beta: number): string => builder.op('Sub', [double(1), builder.op('Pow', [double(beta), wide(step)])]);
    const root = builder.op('Sqrt', [correction(beta2)]);
    const rate = single(builder.op('Div', [builder.op('Mul', [wide(learningRate), root]), correction(beta1)]));
    const divisor = builder.op('Add', [builder.op('Sqrt', [newVariance]), single(builder.op('Mul', [root, double(epsilon)]))]);
    const change = builder.op('Mul', [rate, builder.op('Div', [newMean, divisor])]);
    return { weight: builder.op('Sub', [weight, change]), state: [newMean, newVariance] };
  },

  /** Gradient descent with momentum: v ← μ·v + g, w ← w − lr·v. */
  sgd: (builder, { weight, gradient, state: [velocity], learningRate }) => {
    const newVelocity = builder.op('Add', [builder.op('Mul', [velocity!, builder.float(optimizerConstants.momentum)]), gradient]);
    return { weight: builder.op('Sub', [weight, builder.op('Mul', [newVelocity, learningRate])]), state: [newVelocity] };
  },
};
