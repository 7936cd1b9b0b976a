import type { ModelProto } from '../graph/onnx_pb.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { Device, Divergence, Objective, OptimizerName } from '../results.ts';

/** What one step of stability training does; every engine makes the same step of it. */
export interface TrainingDefinition {
  /**
   * The trained part of the network alone, in operator set 18 or later: its inputs are the cached values at the cut (first dimension
   * is the batch, open), its output `logits` has shape [batch, classes]. It holds its weights as initializers with the starting values.
   */
  forward: ModelProto;
  /** Name of the value that is fed to a softmax; with the objectives `embedding` and `triplet` the embedding [batch, length]. */
  logits: string;
  /** Initializers of `forward` that are trained; all others stay as they are, but see `updateStatistics`. */
  weights: readonly string[];
  /**
   * What L0 and D are made of; `classification` where it is absent. The other two work on f = embeddings of length 1, with
   * D = ‖f(x) − f(x')‖₂, and do not read `divergence`:
   * `embedding`: L0 = ½‖f(x) − t‖², the targets t being the original model's own embeddings of the clean pictures.
   * `triplet`: L0 = max(0, g + ‖q − p‖₂ − ‖q − n‖₂). A batch holds query, positive and negative of the first triplet, then those
   * of the second, and so on, and no targets.
   */
  objective?: Objective;
  /** g of the objective `triplet`; 0.1 where it is absent. */
  margin?: number;
  /** D in L = L0 + α · D(f(x), f(x')), f being the probabilities (Zheng et al. 2016). */
  divergence: Divergence;
  /**
   * How many versions of a picture are compared; 2 where it is absent: the clean and a noisy one. 3 goes with the objective
   * `classification` and the divergence `js` alone, which then is that of three distributions (Hendrycks et al., AugMix, 2020);
   * batches have `secondNoisy`.
   */
  views?: 2 | 3;
  optimizer: OptimizerName;
  /** The gradient of all weights together is shortened to this length where it is longer; not where it is absent. */
  clipNorm?: number;
  /**
   * Pictures that run at once: a larger batch runs in parts whose gradients are added up before one update. The losses are
   * means over the whole batch all the same. A multiple of 3 for the objective `triplet`. All at once where it is absent.
   */
  microBatch?: number;
  /**
   * Batch normalisation normalises by the batch's own mean and variance, each branch by its own, and moves its running
   * statistics towards those of the clean branch. They are part of `TrainingState.weights` then, under the names of their
   * initializers; `evaluate` goes by them. False where it is absent: the statistics stay as they are and normalise.
   */
  updateStatistics?: boolean;
  /** Threads for one operator; 0 means all cores. */
  threads?: number;
  /** Where ONNX Runtime computes; `cpu` where it is absent. */
  device?: Device;
}

/** One mini-batch. `clean`, `noisy` and `secondNoisy` hold a tensor [batch, …] for each input of the trained part. */
export interface TrainingBatch {
  clean: Record<string, Tensor>;
  noisy: Record<string, Tensor>;
  /** Another draw of the noise, for three views. */
  secondNoisy?: Record<string, Tensor>;
  /**
   * float32 [batch, classes], each row a distribution: one-hot labels, or the original model's own answers. For the objective
   * `embedding` the original model's embeddings [batch, length]; for `triplet` it is not read.
   */
  targets?: Tensor;
  alpha: number;
  learningRate: number;
}

/** Means over the batch, in nats (for `l2`: in units of probability; for embeddings: in their own units). `loss` is L0 alone. */
export interface Losses {
  loss: number;
  stabilityLoss: number;
}

/** Weights, with running statistics where they are updated, and the optimiser's state after some steps: all that is needed to go on. */
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
