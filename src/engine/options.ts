import type {
  ChannelOrder, Device, DistortionSpec, Divergence, EngineName, Interpolation, NoiseName, Objective, OptimizerName, PixelRange, ResizeMode, Schedule,
} from './results.ts';

/** Preprocessing that the user chose; what is absent comes from the model's metadata or is guessed. */
export interface PreprocessingOptions {
  resize?: ResizeMode;
  interpolation?: Interpolation;
  range?: PixelRange;
  mean?: number[];
  std?: number[];
  channels?: ChannelOrder;
}

/** What every job on a model needs. Paths are absolute. */
export interface InspectOptions {
  model: string;
  preprocessing?: PreprocessingOptions;
  classNamesFile?: string;
  featureLayer?: string;
  /** Width and height in pixels of the pictures for a model whose file leaves them open. */
  inputSize?: [width: number, height: number];
  /** What the model's output is, and what it is trained for; where it is absent, the graph tells. */
  objective?: Objective;
  /** Whether `inspect` lists the layers. */
  layers?: boolean;
}

/** Options shared by `evaluate` and `stabilize`; defaults are those of the command line. */
export interface JobOptions extends InspectOptions {
  images: string;
  labelsFile?: string;
  limit?: number;
  seed?: number;
  /** Run folder to write; must not hold a run already, except to resume. */
  run: string;
  engine?: EngineName;
  threads?: number;
  distortions?: DistortionSpec[];
  device?: Device;
}

export interface EvaluateOptions extends JobOptions {
  /** How many pairs `pairs.jsonl` holds. */
  pairs?: 'all' | { worst: number };
}

export interface StabilizeOptions extends JobOptions {
  /** New model file; default `NAME.stabilized.EXT` beside the model. */
  output?: string;
  train?: string;
  alpha?: number;
  sigma?: number;
  divergence?: Divergence;
  optimizer?: OptimizerName;
  learningRate?: number;
  epochs?: number;
  batchSize?: number;
  validationShare?: number;
  testShare?: number;
  draws?: number;
  /** A wide search over α, σ, the learning rate and the trained part, each as far as it is not given; true is `grid`. */
  sweep?: boolean | 'grid' | 'random';
  /** Points of a random sweep. */
  sweepPoints?: number;
  maxPrecisionDrop?: number;
  /** Margin of triplets. */
  margin?: number;
  noise?: NoiseName;
  /** Distortions that take the place of the noise in training. */
  trainDistortions?: DistortionSpec[];
  views?: 2 | 3;
  /** Epochs over which α rises. */
  alphaWarmup?: number;
  schedule?: Schedule;
  clipNorm?: number;
  /** Lets batch normalisation's running statistics follow the training. */
  updateStatistics?: boolean;
  /** Pictures that run at once; chosen by the network's size where it is absent. */
  microBatch?: number;
  /** Go on from the checkpoint in `run`. */
  resume?: boolean;
}

/** What `findPreprocessing` needs; `limit` is 200 where it is not given, for a bounded time. */
export type FindPreprocessingOptions = Omit<JobOptions, 'run' | 'distortions'>;

/** What `sequence` needs; `limit` keeps the first frames. */
export type SequenceOptions = Omit<JobOptions, 'distortions'>;

export type ExportFormatName = 'csv' | 'html' | 'json' | 'png';

/** What `exportRun` needs. Paths are absolute; an `output` without an ending gets the format's. */
export interface ExportOptions {
  run: string;
  format: ExportFormatName;
  output: string;
  /** Pairs of each distortion that are shown with their pictures; 6. */
  pairs?: number;
  /** Tag of the language of reports and sheets; English where it is absent or not spoken. */
  language?: string;
}
