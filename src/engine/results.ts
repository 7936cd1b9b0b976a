/**
 * The shapes of everything that the engine reports: `run.json`, lines of `pairs.jsonl` and the JSON of the command line.
 * Types only, so that the webview can import them. Scripts outside this project read these shapes; change them by adding.
 */

/** Version of the run folder's layout; a reader refuses a run with a higher one. */
export type RunVersion = 1;

/** A share of a set with its 95 % Clopper–Pearson interval; `value = count / of`, all three in [0, 1]. */
export interface Share {
  value: number;
  low: number;
  high: number;
  count: number;
  of: number;
}

/** How a measure is distributed over the pairs of one distortion. */
export interface Summary {
  mean: number;
  median: number;
  p95: number;
}

/** `crop:0.875` keeps that share of what `crop` keeps, from its middle: a resize to 256 and a cut to 224, as torchvision does it. */
export type ResizeMode = 'stretch' | 'crop' | `crop:${number}` | 'pad';
export type Interpolation = 'bilinear' | 'bicubic' | 'lanczos' | 'nearest';
export type PixelRange = '0-1' | '-1-1' | '0-255';
export type ChannelOrder = 'rgb' | 'bgr' | 'gray';

/** How a picture becomes the model's input. `mean` and `std` have one entry a channel, in units of `range`. */
export interface Preprocessing {
  resize: ResizeMode;
  interpolation: Interpolation;
  range: PixelRange;
  mean: number[] | null;
  std: number[] | null;
  channels: ChannelOrder;
  /** Where this came from; a guess is shown as one. */
  from: 'metadata' | 'option' | 'guess';
  /** The file beside the model that says so, where it is not the model itself. */
  file?: string;
}

export interface TensorInfo {
  name: string;
  /** −1 where the model leaves a dimension open. */
  shape: number[];
  type: string;
}

/** One node of the network between its input and its answer. */
export interface LayerInfo {
  /** The node's name, or that of its output where it has none. */
  name: string;
  operator: string;
  /** Name of the value that it computes, which can be chosen as the feature layer. */
  output: string;
  /** −1 where a dimension is open; null where it cannot be told without running the network. */
  shape: number[] | null;
  /** Number of trained values that it reads. */
  parameters: number;
  /** Its place among the layers with weights, 1 the last one: `last:N` trains from place N on. Null where it is none of them. */
  fromEnd: number | null;
  /** Whether it lies between the features and the answer. */
  inHead: boolean;
  /** Whether its output are the features. */
  isFeatureLayer: boolean;
}

/** What says how large a model's pictures are: its file's shapes or metadata, an option, or nothing, which makes it a guess. */
export type InputSizeSource = 'file' | 'metadata' | 'option' | 'guess';

/** What `inspect` says of a model file. */
export interface ModelInfo {
  format: string;
  path: string;
  sha256: string;
  /** Bytes of the file and of the weight files that belong to it. */
  bytes: number;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Size in pixels of the pictures that the model is given. */
  inputSize: { width: number; height: number; from: InputSizeSource };
  /** Number of trained values. */
  parameters: number;
  /** Layers with weights. */
  layers: number;
  operators: Record<string, number>;
  /** Name of the value that holds the penultimate features; null where none was found. */
  featureLayer: string | null;
  head: { layers: string[]; parameters: number } | null;
  /** Whether the output is logits or probabilities; null for a model without classes. */
  output: 'logits' | 'probabilities' | null;
  classes: number | null;
  /** True, or the reason why its head cannot be trained. */
  trainable: true | string;
  preprocessing: Preprocessing | null;
  classNames: string[] | null;
  /** The file beside the model that names them; left out where there is none. */
  classNamesFrom?: string;
  /** Its nodes in the order in which they run; left out where nobody asks for them. */
  layerList?: LayerInfo[];
}

/** One way of preparing pictures that was tried. */
export interface PreprocessingTrial {
  preprocessing: Preprocessing;
  /** Whether this is how the model's pictures are prepared now. */
  present: boolean;
  /** Null where the pictures have no labels. */
  precisionAt1: Share | null;
  /** Mean probability of the most likely class, in [0, 1]. */
  meanConfidence: number;
  /** What an answer tells of the picture, in nats: high where the model is sure and its answers differ. Decides without labels. */
  information: number;
  /** How many different labels were given: one alone is no answer. */
  differentLabels: number;
  /** McNemar's exact p against the best; null for the best itself and without labels. */
  p: number | null;
}

/** `find-preprocessing --json`. */
export interface PreprocessingSearch {
  model: { path: string; format: string; sha256: string; inputShape: number[] };
  method: { engine: string; seed: number; labels: 'folders' | 'file' | null; images: string; version: string; startedAt: string };
  images: { total: number; evaluated: number; skipped: SkippedImage[] };
  /** Best first. */
  trials: PreprocessingTrial[];
  /** What it comes to, in words. */
  verdict: string;
  warnings: string[];
  timing: { wallSeconds: number };
}

export interface DistortionSpec {
  name: string;
  strength: number;
}

/** Measures of a pair, numbers of at least 0; `measures/index.ts` says what each of them is. */
export type PairMeasureName = 'featureDistance' | 'jsDivergence' | 'klDivergence' | 'pixelDifference';

/** Those of the answers over classes; null for an embedding model, which has none. */
export type AnswerMeasureName = 'jsDivergence' | 'klDivergence';

/** A value for each measure of a pair. */
export type PairMeasureValues<Value> = Record<Exclude<PairMeasureName, AnswerMeasureName>, Value> & Record<AnswerMeasureName, Value | null>;

export interface DistortionResult extends DistortionSpec, PairMeasureValues<Summary> {
  /** Null for an embedding model. */
  labelInstability: Share | null;
  precisionAt1: Share | null;
  precisionAt5: Share | null;
  /** The network that was measured, or the one beside it in a stabilization, was trained with this distortion at some strength. */
  trainedOn?: true;
}

/** State of the run folder. What was cut short says so. */
export type RunState = 'running' | 'done' | 'cancelled' | 'failed';

export interface SkippedImage {
  path: string;
  reason: string;
}

/** `evaluate --json`, and `run.json` of an evaluation. */
export interface Evaluation {
  runVersion: RunVersion;
  kind: 'evaluation';
  state: RunState;
  model: {
    path: string;
    format: string;
    sha256: string;
    inputShape: number[];
    parameters: number;
    featureLayer: string | null;
  };
  method: {
    preprocessing: Preprocessing;
    engine: string;
    seed: number;
    /** Where the true labels came from; null where there are none. */
    labels: 'folders' | 'file' | null;
    classNames: string[] | null;
    /** Folder of the pictures; paths of pairs are relative to it. */
    images: string;
    pairs: string;
    featureNormalised: boolean;
    version: string;
    startedAt: string;
  };
  images: { total: number; evaluated: number; skipped: SkippedImage[] };
  clean: { precisionAt1: Share; precisionAt5: Share } | null;
  distortions: DistortionResult[];
  /** Cidon et al., MLSys 2021: share of pictures answered rightly in one version and wrongly in another. */
  instability: Share | null;
  /** Things a reader must know before trusting the numbers, in sentences. */
  warnings: string[];
  timing: { wallSeconds: number; imagesPerSecond: number; inferenceSeconds: number; imageSeconds: number };
}

export type LabelledProbability = [label: string, probability: number];

/** One line of `pairs.jsonl`: a clean picture A and its distorted version B. */
export interface Pair extends PairMeasureValues<number> {
  /** Path relative to the picture folder, with forward slashes. */
  image: string;
  distortion: string;
  strength: number;
  /** Empty for an embedding model, as are the tops. */
  labelA: string;
  labelB: string;
  topA: LabelledProbability[];
  topB: LabelledProbability[];
  truth: string | null;
}

/** A measure in two runs over the same pairs. */
export interface MeasureChange {
  a: number;
  b: number;
  /** b − a. */
  difference: number;
}

/** A share in two runs over the same pictures, with a 95 % interval of the paired difference and McNemar's exact p. */
export interface ShareChange {
  a: Share;
  b: Share;
  difference: number;
  low: number;
  high: number;
  p: number;
}

export interface DistortionChange extends DistortionSpec {
  /** Null for embedding models, as are the divergences. */
  labelInstability: ShareChange | null;
  featureDistance: MeasureChange;
  klDivergence: MeasureChange | null;
  jsDivergence: MeasureChange | null;
  precisionAt1: ShareChange | null;
  precisionAt5: ShareChange | null;
  pairs: { newlyStable: number; newlyBroken: number; stableInBoth: number; unstableInBoth: number };
}

/** `compare --json`. */
export interface Comparison {
  a: { run: string; model: string };
  b: { run: string; model: string };
  /** Settings that differ between the runs, each a sentence; empty where the runs are comparable. */
  differences: string[];
  clean: { precisionAt1: ShareChange; precisionAt5: ShareChange } | null;
  distortions: DistortionChange[];
  instability: { a: Share; b: Share } | null;
  /** What it comes to, in words. */
  verdict: string;
}

export type Divergence = 'cross-entropy' | 'kl' | 'js' | 'l2';
/** What a model is trained for; see `TrainingDefinition`. */
export type Objective = 'classification' | 'embedding' | 'triplet';
export type OptimizerName = 'sgd' | 'adam';
export type EngineName = 'onnxruntime' | 'tensorflow';

/** Noise of the training pictures: independent from pixel to pixel, or smooth (see `colouredNoise.ts`). */
export type NoiseName = 'gaussian' | 'coloured';
/** How the learning rate goes over the epochs. */
export type Schedule = 'constant' | 'cosine';
export type Device = 'cpu' | 'gpu';

/** One point of the search, measured on the validation share. `alpha` 0 is the control. */
export interface SearchPoint {
  alpha: number;
  sigma: number;
  learningRate: number;
  precisionAt1: number | null;
  labelInstability: number;
  /** Why this point cannot be chosen; absent where it can. */
  rejected?: string;
  /** What was trained, and for how many epochs: a search gives most of them to the points that do well. Absent in older runs. */
  train?: string;
  epochs?: number;
  bestEpoch?: number;
  /** Mean over the distortions and the pictures; for embeddings alone. */
  featureDistance?: number;
  /** No other point has fewer changed labels without being less precise. */
  pareto?: true;
  /** The run folder holds its weights, so that its model can be written. */
  kept?: true;
}

/** Losses of one epoch; `validation…` on the validation share, null where it is empty. */
export interface EpochLosses {
  epoch: number;
  loss: number;
  stabilityLoss: number;
  validationLoss: number | null;
  validationStabilityLoss: number | null;
}

/** What is known after an epoch. */
export interface EpochResult extends EpochLosses {
  /** Share of clean validation answers that are right (without labels: the original's), and of those that distortions change; a bounded sample. */
  validationPrecision?: number | null;
  validationLabelInstability?: number | null;
}

/** The live curves of a training that is under way. */
export interface TrainingCurves {
  /** What is being trained: a point of the search, the control where `alpha` is 0. */
  point: { train: string; alpha: number; sigma: number; learningRate: number };
  /** Number of this training in its job, from 1, and how many are planned. */
  number: number;
  of: number;
  /** Epoch under way, from 1, how much of it is done in [0, 1], and the most that there will be. */
  epoch: number;
  epochShare: number;
  epochs: number;
  bestEpoch: number;
  /** Finished epochs, oldest first. */
  history: EpochResult[];
  paused: boolean;
}

export interface StabilizeOptionsUsed {
  train: string;
  alpha: number;
  sigma: number;
  divergence: Divergence;
  optimizer: OptimizerName;
  learningRate: number;
  epochs: number;
  batchSize: number;
  draws: number;
  seed: number;
  validationShare: number;
  testShare: number;
  maxPrecisionDrop: number;
  engine: string;
  /** What the clean loss compares with. */
  targets: 'labels' | 'own answers' | 'own embeddings' | 'triplets';
  /** Those below are absent in runs of earlier versions. */
  objective?: Objective;
  /** Of triplets. */
  margin?: number;
  noise?: NoiseName;
  /** Distortions that took the place of the noise: what is measured on them is not held out. */
  trainDistortions?: DistortionSpec[];
  views?: 2 | 3;
  /** Epochs over which α rises. */
  alphaWarmup?: number;
  schedule?: Schedule;
  clipNorm?: number | null;
  updateStatistics?: boolean;
  /** Pictures that run at once, where that is fewer than the batch. */
  microBatch?: number | null;
  sweep?: 'grid' | 'random' | null;
  device?: Device;
}

/** Why a training ended: all epochs, no better for some epochs, a loss that is no number, one label for all, or because it was asked to. */
export type TrainingStop = 'epochs' | 'early' | 'not finite' | 'collapsed' | 'asked';

/** `stabilize --json`, and `run.json` of a stabilization. `before/`, `control/` and `after/` beside it are evaluations. */
export interface Stabilization {
  runVersion: RunVersion;
  kind: 'stabilization';
  state: RunState;
  output: string;
  run: string;
  trained: {
    layers: string[];
    parameters: number;
    epochs: number;
    bestEpoch: number;
    stopped: TrainingStop;
  };
  options: StabilizeOptionsUsed;
  images: { total: number; training: number; validation: number; test: number; skipped: SkippedImage[] };
  search: SearchPoint[];
  history: EpochResult[];
  before: Evaluation;
  control: Evaluation;
  after: Evaluation;
  comparison: Comparison;
  overControl: Comparison;
  accepted: boolean;
  reason: string;
  /** What to do with the new model, in one sentence. Absent in runs of earlier versions. */
  advice?: string;
  warnings: string[];
  timing: { wallSeconds: number; featureSeconds: number; trainingSeconds: number; evaluationSeconds: number };
}

/** A class whose probability over time is kept. */
export interface SequenceClass {
  name: string;
  /** Frames that were given this class. */
  frames: number;
  meanProbability: number;
}

/** Pictures of one folder in the natural order of their names: what was filmed in one go. */
export interface Clip {
  /** Folder, relative to that of the pictures; empty for that folder itself. */
  name: string;
  /** Number of its first frame in the run. */
  start: number;
  frames: number;
  /** Neighbouring frames whose label differs. */
  flips: number;
  /** The classes that most of its frames were given, most first; their probabilities over time are kept. */
  classes: SequenceClass[];
}

/** `sequence --json`, and `run.json` of a sequence of video frames. */
export interface Sequence {
  runVersion: RunVersion;
  kind: 'sequence';
  state: RunState;
  model: Evaluation['model'];
  method: Omit<Evaluation['method'], 'pairs'>;
  images: Evaluation['images'];
  clips: Clip[];
  /** Share of the pairs of neighbouring frames whose label differs. */
  labelInstability: Share;
  /** Between neighbouring frames. */
  featureDistance: Summary;
  jsDivergence: Summary;
  clean: Evaluation['clean'];
  /**
   * pm-k for k from 0 on: share of the frames that are answered rightly together with all frames up to k before and after them
   * (Shankar et al., "Do Image Classifiers Generalize Across Time?", 2019). Empty without labels.
   */
  neighbourPrecision: { k: number; precision: Share }[];
  warnings: string[];
  timing: Evaluation['timing'];
}

/** One line of a sequence's `frames.jsonl`. */
export interface Frame {
  image: string;
  /** Index into `clips`. */
  clip: number;
  label: string;
  top: LabelledProbability[];
  truth: string | null;
  /** Against the frame before it; null for the first of a clip, and where the one before could not be read. */
  change: { flip: boolean; featureDistance: number; jsDivergence: number } | null;
}

export type Run = Evaluation | Stabilization | Sequence;

/** How far a job is. `total` is 0 where it is not known. */
export interface Progress {
  /** What is being done, in the user's words: "reading features", "training α = 1, σ = 0.1". */
  step: string;
  done: number;
  total: number;
  /** What `done` counts: "pictures", "epochs". */
  unit: string;
  /** Units a second, over the last seconds. */
  perSecond?: number;
  /** Seconds left of this step, where that can be told. */
  secondsLeft?: number;
  /** While a network is trained: about how many seconds all trainings of the job have left, by the speed of those done, less where one ends early; reading pictures and measuring the result are not in it. */
  trainingSecondsLeft?: number;
  /** Present while a network is trained. */
  training?: TrainingCurves;
}

/** `export --json`: what was written. */
export interface Exported {
  run: string;
  format: string;
  /** Absolute paths, the one that was asked for first. */
  files: string[];
}
