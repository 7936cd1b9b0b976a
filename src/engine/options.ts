import type {
  ChannelOrder, DistortionSpec, Divergence, EngineName, Interpolation, OptimizerName, PixelRange, ResizeMode,
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
  sweep?: boolean;
  maxPrecisionDrop?: number;
  /** Go on from the checkpoint in `run`. */
  resume?: boolean;
}

/** What `findPreprocessing` needs; `limit` is 200 where it is not given, for a bounded time. */
export type FindPreprocessingOptions = Omit<JobOptions, 'run' | 'distortions'>;
