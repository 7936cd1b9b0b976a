import type { ModelProto } from '../graph/onnx_pb.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Divergence, OptimizerName } from '../results.ts';

/** What one step of stability training does; every engine makes the same step of it. */
export interface TrainingDefinition {
  /**
   * The trained part of the network alone, in operator set 18 or later: its inputs are the cached values at the cut (first dimension
   * is the batch, open), its output `logits` has shape [batch, classes]. It holds its weights as initializers with the starting values.
   */
  forward: ModelProto;
  /** Name of the value that is fed to a softmax. */
  logits: string;
  /** Initializers of `forward` that are trained; all others stay as they are. */
  weights: readonly string[];
  /** D in L = L0 + α · D(f(x), f(x')), f being the probabilities (Zheng et al. 2016). */
  divergence: Divergence;
  optimizer: OptimizerName;
  /** Threads for one operator; 0 means all cores. */
  threads?: number;
}

/** One mini-batch. `clean` and `noisy` hold a tensor [batch, …] for each input of the trained part. */
export interface TrainingBatch {
  clean: Record<string, Tensor>;
  noisy: Record<string, Tensor>;
  /** float32 [batch, classes], each row a distribution: one-hot labels, or the original model's own answers. */
  targets: Tensor;
  alpha: number;
  learningRate: number;
}

/** Means over the batch, in nats (for `l2`: in units of probability). `loss` is L0 alone. */
export interface Losses {
  loss: number;
  stabilityLoss: number;
}

/** Weights and the optimiser's state after some steps: all that is needed to go on. */
export interface TrainingState {
  weights: Record<string, Tensor>;
  optimizer: Record<string, Tensor>;
  steps: number;
}

/** A training that is under way. */
export interface TrainingStep {
  /** Makes one update and gives the losses before it. */
  train(batch: TrainingBatch): Promise<Losses>;
  /** The losses alone; nothing changes. */
  evaluate(batch: Omit<TrainingBatch, 'learningRate' | 'alpha'>): Promise<Losses>;
  /** A copy of the state. */
  state(): Promise<TrainingState>;
  /** Goes on from that state; from the starting weights without one. */
  reset(state?: TrainingState): Promise<void>;
  release(): Promise<void>;
}

/** SGD's momentum, and Adam's decay rates and term for stability (Kingma & Ba, 2015). The same in every engine. */
export const optimizerConstants = { momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
