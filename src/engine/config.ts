import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { distortions, formatDistortion, parseDistortion } from './distortions/index.ts';
import type { Gates } from './gates.ts';
import { largestSide } from './inputSize.ts';
import { UserError } from './job.ts';
import type { EvaluateOptions, JobOptions, StabilizeOptions } from './options.ts';
import { resizeMode } from './preprocessing.ts';
import type { DistortionSpec } from './results.ts';

/** What the file is called that says how the models of a folder are evaluated and trained. */
export const configName = 'model-stability.json';

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const partShare = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const notNegative = v.pipe(v.number(), v.minValue(0));
const positive = v.pipe(v.number(), v.gtValue(0));
const whole = (least: number) => v.pipe(v.number(), v.integer(), v.minValue(least));
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largestSide));
const text = v.pipe(v.string(), v.minLength(1));
const channelValues = v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(3));
const described = <T extends v.GenericSchema>(schema: T, description: string) => v.optional(v.pipe(schema, v.metadata({ description })));

const names = distortions.map(({ name }) => name).join('|');
/** Every distortion at its default strength, for an editor to offer. */
const offered = distortions.map(({ name, strength }) => formatDistortion({ name, strength: strength.default }));
const distortion = v.pipe(
  v.union([v.picklist(offered), v.pipe(v.string(), v.regex(new RegExp(`^(${names})(:\\d+(\\.\\d+)?)?$`)))]),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseDistortion(dataset.value);
    } catch (error) {
      addIssue({ message: (error as Error).message });
    }
  }),
);
const limit = v.union([share, v.record(v.pipe(v.string(), v.regex(new RegExp(`^(\\*|clean|(${names})(:\\d+(\\.\\d+)?)?)$`))), share)]);

/**
 * What `model-stability.json` may say: the options of the command line in camel case, apart from those that concern a single
 * call, and the models that a workspace's gates are about. Paths are relative to the file.
 */
export const configSchema = v.pipe(v.strictObject({
  $schema: described(text, 'The schema of this file, for an editor.'),
  models: described(v.array(text), 'Model files that the gates are about, shown in the Test Explorer. Absent: every model file below this folder.'),
  images: described(text, 'Folder of pictures: class folders, or any folder of pictures.'),
  labels: described(text, 'CSV file with path,label, for pictures that are not in class folders.'),
  classNames: described(text, 'File with the class names, one a line, in the order of the model\'s answers.'),
  limit: described(whole(1), 'Use so many pictures at most.'),
  seed: described(whole(0), 'Seed of everything random.'),
  resize: described(resizeMode, 'How a picture takes the shape of the model\'s input: stretch, crop, pad, or crop:SHARE as crop:0.875, which keeps that share of the shorter side.'),
  interpolation: described(v.picklist(['bilinear', 'bicubic', 'lanczos', 'nearest']), 'Interpolation of the resize.'),
  range: described(v.picklist(['0-1', '-1-1', '0-255']), 'Range of the pixel values that the model takes.'),
  mean: described(channelValues, 'Mean of each channel, in units of the range, that is subtracted.'),
  std: described(v.pipe(v.array(positive), v.minLength(1), v.maxLength(3)), 'Deviation of each channel, in units of the range, that is divided by.'),
  channels: described(v.picklist(['rgb', 'bgr', 'gray']), 'Order of the channels that the model takes.'),
  inputSize: described(v.strictTuple([side, side]), 'Width and height in pixels of the pictures for a model whose file leaves them open. Absent: 224 and 224, as a guess.'),
  featureLayer: described(text, 'Value or node whose output are the features. Absent: what the last layer reads.'),
  engine: described(v.picklist(['onnxruntime', 'tensorflow']), 'What computes.'),
  device: described(v.picklist(['cpu', 'gpu']), 'Where it computes: a GPU where ONNX Runtime has one to offer.'),
  threads: described(whole(0), 'Threads of the engine; 0: as many as the machine has cores.'),
  distortion: described(v.array(distortion), 'Distortions that models are evaluated under, each as name or name:strength.'),
  pairs: described(v.pipe(v.string(), v.regex(/^(all|worst:[1-9]\d*)$/)), 'Pairs that a run keeps: all, or worst:N.'),
  maxLabelInstability: described(limit, 'Gate: most labels that a distortion may change, from 0 to 1; one number, or one for each distortion (name, name:strength or *).'),
  minPrecision: described(limit, 'Gate: least precision@1, from 0 to 1; one number, or one for each distortion (name, name:strength, clean or *).'),
  train: described(v.pipe(v.string(), v.regex(/^(head|last:[1-9]\d*|batch-norm|all)$/)), 'What is trained: head, last:N, batch-norm or all.'),
  alpha: described(notNegative, 'Weight α of the stability loss. Absent: searched on the validation share.'),
  sigma: described(notNegative, 'Standard deviation σ of the training noise, on pixels from 0 to 1. Absent: searched on the validation share.'),
  divergence: described(v.picklist(['cross-entropy', 'kl', 'js', 'l2']), 'How the answers to the clean and the changed picture are compared in training.'),
  optimizer: described(v.picklist(['adam', 'sgd']), 'Optimiser.'),
  learningRate: described(positive, 'Learning rate.'),
  epochs: described(whole(1), 'Most passes over the training pictures.'),
  batchSize: described(whole(1), 'Pictures a step.'),
  validationShare: described(partShare, 'Share of the pictures for choosing.'),
  testShare: described(partShare, 'Share of the pictures for reporting.'),
  draws: described(whole(1), 'Noise draws of each picture that are cached.'),
  objective: described(v.picklist(['classification', 'embedding', 'triplet']), 'What is trained for: classes, embeddings held to their own, or embeddings by triplets of classes.'),
  margin: described(notNegative, 'Margin of triplets.'),
  noise: described(v.picklist(['gaussian', 'coloured']), 'Noise of the training pictures: independent from pixel to pixel, or smooth.'),
  trainDistortion: described(v.array(distortion), 'Distortions that take the place of the noise in training, each as name or name:strength; reports mark them as trained on.'),
  views: described(v.picklist([2, 3]), 'Versions of a picture that are compared in training; 3 with the divergence js.'),
  alphaWarmup: described(whole(0), 'Epochs over which α rises.'),
  schedule: described(v.picklist(['constant', 'cosine']), 'Course of the learning rate over the epochs.'),
  clipNorm: described(positive, 'Length to which a longer gradient is shortened.'),
  updateStatistics: described(v.boolean(), 'Whether the running statistics of batch normalisation follow the training.'),
  microBatch: described(whole(1), 'Pictures that run at once; a larger batch runs in parts.'),
  sweep: described(v.union([v.boolean(), v.picklist(['grid', 'random'])]), 'Search widely: α, σ, learning rate and trained part, as far as they are not given.'),
  sweepPoints: described(whole(1), 'Points of a random sweep.'),
  maxPrecisionDrop: described(share, 'Most that clean precision may fall for a stabilized model to be accepted.'),
}), v.title('Model Stability'), v.description('How the models of this folder are evaluated, trained and held to their gates.'));

/** The content of a `model-stability.json`. */
export type Config = v.InferOutput<typeof configSchema>;

/** Keys whose values are paths. */
const paths = ['images', 'labels', 'classNames'] as const;

/**
 * Reads a configuration, its paths made absolute.
 *
 * @throws UserError that names the file and the key
 */
export async function readConfig(file: string): Promise<Config> {
  const json = await readConfigJson(file);
  const unknown = Object.keys(json).find((key) => !isConfigKey(key));
  if (unknown !== undefined) throw new UserError(`${file}: unknown option: ${unknown}`);
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new UserError(`${file}: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
  }
  const config = { ...parsed.output };
  const folder = dirname(file);
  for (const key of paths) if (config[key] !== undefined) config[key] = resolve(folder, config[key]);
  if (config.models) config.models = config.models.map((model) => resolve(folder, model));
  return config;
}

/** What stands in a configuration's file, not checked yet. @throws UserError that names the file where it is no JSON object */
export async function readConfigJson(file: string): Promise<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`cannot read the configuration ${file}: ${(error as Error).message}`, { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new UserError(`the configuration ${file} is no JSON object`);
  return json as Record<string, unknown>;
}

/** Whether a key may stand in a configuration. */
export function isConfigKey(key: string): boolean {
  return Object.hasOwn(configSchema.entries, key);
}

/** A configuration in the engine's own options. */
export interface ConfigOptions {
  /** What both kinds of job take. */
  job: Partial<JobOptions>;
  /** What only an evaluation takes, only a stabilization. */
  evaluation: Pick<EvaluateOptions, 'pairs'>;
  training: Partial<StabilizeOptions>;
  gates: Gates;
  /** Model files that the gates are about; null for all below the file's folder. */
  models: string[] | null;
}

/** Keys of the configuration for which the engine has another name. */
const otherNames: Record<string, string> = { labels: 'labelsFile', classNames: 'classNamesFile', distortion: 'distortions' };
const preprocessingKeys = new Set<string>(['resize', 'interpolation', 'range', 'mean', 'std', 'channels']);
const jobKeys = new Set<string>(['images', 'labels', 'classNames', 'limit', 'seed', 'inputSize', 'featureLayer', 'engine', 'threads', 'distortion', 'device', 'objective']);
const notOptions = new Set<string>(['$schema', 'models', 'maxLabelInstability', 'minPrecision', 'pairs']);

/** What a configuration says to the engine. */
export function configOptions(config: Config): ConfigOptions {
  const job: Record<string, unknown> = {};
  const training: Record<string, unknown> = {};
  const preprocessing: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (notOptions.has(key)) continue;
    const read = /[dD]istortion$/.test(key) ? (value as string[]).map(parseDistortion) : value;
    const target = preprocessingKeys.has(key) ? preprocessing : jobKeys.has(key) ? job : training;
    target[otherNames[key] ?? key] = read;
  }
  if (Object.keys(preprocessing).length > 0) job['preprocessing'] = preprocessing;
  const { pairs, maxLabelInstability, minPrecision, models } = config;
  return {
    job, training, models: models ?? null,
    evaluation: pairs === undefined ? {} : { pairs: pairs === 'all' ? 'all' : { worst: Number(pairs.slice('worst:'.length)) } },
    gates: { ...(maxLabelInstability === undefined ? {} : { maxLabelInstability }), ...(minPrecision === undefined ? {} : { minPrecision }) },
  };
}

/** The configuration that repeats a job, its paths relative to `folder`, keys in the schema's order. */
export function configOf(options: Partial<EvaluateOptions & StabilizeOptions>, folder: string): Config {
  const flat: Record<string, unknown> = { ...options, ...options.preprocessing };
  for (const [key, other] of Object.entries(otherNames)) if (flat[other] !== undefined) flat[key] = flat[other];
  const config: Record<string, unknown> = {};
  for (const key of Object.keys(configSchema.entries)) {
    const value = flat[key];
    if (value === undefined) continue;
    if (/[dD]istortion$/.test(key)) config[key] = (value as DistortionSpec[]).map(formatDistortion);
    else if (key === 'pairs') config[key] = typeof value === 'object' ? `worst:${(value as { worst: number }).worst}` : value;
    else config[key] = (paths as readonly string[]).includes(key) ? relative(folder, value as string).replaceAll('\\', '/') || '.' : value;
  }
  return v.parse(configSchema, config);
}
