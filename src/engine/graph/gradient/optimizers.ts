import type { OptimizerName } from '../../results.ts';
import { optimizerConstants } from '../../training/trainingStep.ts';
import type { GraphBuilder } from '../graphBuilder.ts';
import { elementTypeCode } from '../tensor.ts';

/** What an optimiser keeps for each weight, each an array of the weight's shape that starts with zeros. */
export const optimizerState: Readonly<Record<OptimizerName, readonly string[]>> = {
  adam: ['mean', 'variance'],
  sgd: ['velocity'],
};

/** Name of an array of the optimiser's state, the same in every engine, so that one can go on where another stopped. */
export function stateName(weight: string, part: string): string {
  return `${weight}/${part}`;
}

/** The new weights and the new state as outputs, and the state's shapes. */
export interface Updated {
  variables: { name: string; shape: number[]; output: string }[];
  state: Record<string, number[]>;
}

/**
 * Adds the update of all weights from their gradients; the state's arrays become inputs. `step` is the number of this update,
 * from 1, a float scalar as the learning rate is.
 */
export function addUpdates(
  builder: GraphBuilder, { optimizer }: { optimizer: OptimizerName }, weights: Readonly<Record<string, number[]>>,
  gradients: ReadonlyMap<string, string>, scalars: { learningRate: string; step: string },
): Updated {
  const updated: Updated = { variables: [], state: {} };
  const states: Updated['variables'] = [];
  for (const [weight, shape] of Object.entries(weights)) {
    const state = optimizerState[optimizer].map((part) => builder.input(stateName(weight, part), 'float32', shape));
    const update = updates[optimizer](builder, { weight, gradient: gradients.get(weight)!, state, ...scalars });
    updated.variables.push({ name: weight, shape, output: update.weight });
    state.forEach((name, index) => {
      updated.state[name] = shape;
      states.push({ name, shape, output: update.state[index]! });
    });
  }
  updated.variables.push(...states);
  return updated;
}

/**
 * Gradients that are together no longer than `norm` (Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural
 * networks", 2013): all are multiplied by norm / max(norm, ‖g‖₂).
 */
export function shortenGradients(builder: GraphBuilder, gradients: ReadonlyMap<string, string>, norm: number): Map<string, string> {
  const squares = [...gradients.values()].map((gradient) => builder.op('ReduceSumSquare', [gradient], { keepdims: 0 }));
  const length = builder.op('Sqrt', [builder.op('Sum', squares)]);
  const factor = builder.op('Div', [builder.float(norm), builder.op('Max', [length, builder.float(norm)])]);
  return new Map([...gradients].map(([weight, gradient]) => [weight, builder.op('Mul', [gradient, factor])]));
}

/** Values of a graph that one weight's update reads. */
interface UpdateInputs {
  weight: string;
  gradient: string;
  /** The optimiser's arrays for this weight, in the order of `optimizerState`. */
  state: readonly string[];
  learningRate: string;
  step: string;
}

/** Names of the new values. */
interface Update {
  weight: string;
  state: string[];
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
