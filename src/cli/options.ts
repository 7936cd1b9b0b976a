import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDistortion } from '../engine/distortions/index.ts';
import type { GateLimit } from '../engine/gates.ts';
import { largestSide } from '../engine/inputSize.ts';
import type { EvaluateOptions, InspectOptions, JobOptions, PreprocessingOptions, StabilizeOptions } from '../engine/options.ts';
import { isResizeMode } from '../engine/pictures/resize.ts';
import type { ResizeMode } from '../engine/results.ts';
import { runFolderName } from '../runFolderName.ts';
import { distortionName, notNegative, number, partShare, positive, present, share, wholeFrom } from './optionValues.ts';
import { addTrainingOptions, trainingOptions, type TrainingGiven } from './trainingOptions.ts';

/** What commander collects; names are those of the command line in camel case. */
export interface Given extends TrainingGiven {
  images?: string;
  labels?: string;
  classNames?: string;
  limit?: number;
  seed?: number;
  run?: string;
  config?: string;
  resize?: NonNullable<PreprocessingOptions['resize']>;
  interpolation?: NonNullable<PreprocessingOptions['interpolation']>;
  range?: NonNullable<PreprocessingOptions['range']>;
  mean?: number[];
  std?: number[];
  channels?: NonNullable<PreprocessingOptions['channels']>;
  inputSize?: [number, number];
  featureLayer?: string;
  engine?: NonNullable<JobOptions['engine']>;
  device?: NonNullable<JobOptions['device']>;
  threads?: number;
  distortion?: string[];
  pairs?: NonNullable<EvaluateOptions['pairs']>;
  maxLabelInstability?: GateLimit;
  minPrecision?: GateLimit;
  output?: string;
  train?: string;
  alpha?: number;
  sigma?: number;
  divergence?: NonNullable<StabilizeOptions['divergence']>;
  optimizer?: NonNullable<StabilizeOptions['optimizer']>;
  learningRate?: number;
  epochs?: number;
  batchSize?: number;
  validationShare?: number;
  testShare?: number;
  draws?: number;
  maxPrecisionDrop?: number;
  resume?: string;
  json?: boolean;
  progress?: boolean;
}

function numbers(text: string): number[] {
  return text.split(',').map(number(() => true, 'numbers with commas between them'));
}

function resizeMode(text: string): ResizeMode {
  if (!isResizeMode(text)) throw new InvalidArgumentError('Expected stretch, crop, pad, or crop:SHARE with a share above 0 and at most 1.');
  return text;
}

function inputSize(text: string): [number, number] {
  const [width, height, ...others] = text.split(',').map(number((value) => Number.isInteger(value) && value >= 1 && value <= largestSide, `width and height as whole numbers from 1 to ${largestSide}, 224,224`));
  if (width === undefined || height === undefined || others.length > 0) throw new InvalidArgumentError('Expected width and height, 224,224.');
  return [width, height];
}

function pairs(text: string): NonNullable<EvaluateOptions['pairs']> {
  if (text === 'all') return 'all';
  const worst = /^worst:([1-9]\d*)$/.exec(text)?.[1];
  if (worst === undefined) throw new InvalidArgumentError('Expected all or worst:N.');
  return { worst: Number(worst) };
}

/** `0.05` for every distortion, `jpeg:50=0.05` for one, both for that one and the rest. */
function gateLimit(text: string, before?: GateLimit): GateLimit {
  const [, on, value] = /^(?:([^=]*)=)?(.*)$/.exec(text) as unknown as [string, string | undefined, string];
  const limit = share(value);
  if (on === undefined) return before === undefined || typeof before === 'number' ? limit : { ...before, '*': limit };
  if (on !== '*' && on !== 'clean') distortionName(on);
  return { ...(typeof before === 'number' ? { '*': before } : before), [on]: limit };
}

/** Options that say how pictures and model go together. */
export function addModelOptions(command: Command): Command {
  return command
    .option('--class-names <file>', 'class names, one a line, in the order of the answers')
    .option('--resize <mode>', 'how a picture is brought to the model\'s input size: stretch, crop, pad, or crop:SHARE as crop:0.875, which keeps that share of the shorter side', resizeMode)
    .addOption(new Option('--interpolation <kernel>', 'resampling').choices(['bilinear', 'bicubic', 'lanczos', 'nearest']))
    .addOption(new Option('--range <range>', 'range of the pixel values that the model sees').choices(['0-1', '-1-1', '0-255']))
    .option('--mean <r,g,b>', 'subtracted from the pixels, in the range\'s unit', numbers)
    .option('--std <r,g,b>', 'the pixels are divided by it', numbers)
    .addOption(new Option('--channels <order>', 'order of the channels').choices(['rgb', 'bgr', 'gray']))
    .option('--input-size <w,h>', 'width and height of the pictures, for a model whose file leaves them open (default: 224,224, as a guess)', inputSize)
    .option('--feature-layer <name>', 'value or node whose output are the features')
    .option('--config <file>', 'JSON file with any of these options, in camel case; the command line wins (default: model-stability.json in the current folder or beside the model)')
    .option('--json', 'print one JSON object on stdout, nothing else');
}

/** Options of jobs over a folder of pictures. */
export function addJobOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--images <dir>', 'class folders, or any folder of pictures')
    .option('--labels <file>', 'CSV with path,label')
    .option('--limit <n>', 'use so many pictures', wholeFrom(1))
    .option('--seed <n>', 'seed of everything random (default: 0)', wholeFrom(0))
    .option('--run <dir>', 'folder for the run (default: .model-stability/runs/<time>-<model>)')
    .addOption(new Option('--engine <name>', 'what computes (default: onnxruntime)').choices(['onnxruntime', 'tensorflow']))
    .addOption(new Option('--device <name>', 'where it computes: a GPU where ONNX Runtime has one to offer (default: cpu)').choices(['cpu', 'gpu']))
    .option('--threads <n>', 'threads of the engine, 0 for all cores (default: 0)', wholeFrom(0))
    .option('--distortion <name[:strength]>', 'distortion, repeatable (default: jpeg:50 thumbnail:1000 crop:10 gaussian-noise:0.04)', distortionName)
    .option('--progress', 'show progress also where stderr is no terminal');
}

export function addEvaluateOptions(command: Command): Command {
  return addJobOptions(command)
    .addOption(new Option('--objective <name>', 'what the output is: answers over classes, or an embedding, which is evaluated by feature distance alone (default: embedding where the model scales its output to length 1)').choices(['classification', 'embedding']))
    .option('--pairs <all|worst:n>', 'pairs to keep in pairs.jsonl (default: all)', pairs)
    .option('--max-label-instability <share>', 'gate: exit with 3 where a distortion changes more labels; NAME[:STRENGTH]=SHARE for one of them, repeatable', gateLimit)
    .option('--min-precision <share>', 'gate: exit with 3 where precision@1 is lower; NAME[:STRENGTH]=SHARE or clean=SHARE for one, repeatable', gateLimit);
}

export function addStabilizeOptions(command: Command): Command {
  return addTrainingOptions(addJobOptions(command)
    .option('--output <file>', 'new model file (default: NAME.stabilized.EXT beside the model)')
    .option('--train <part>', 'what is trained: head, last:N, batch-norm, all (default: head)', trainedPart)
    .option('--alpha <number>', 'weight of the stability loss (default: searched)', notNegative)
    .option('--sigma <number>', 'noise of the training pictures, in pixels from 0 to 1 (default: searched)', notNegative)
    .addOption(new Option('--divergence <name>', 'stability loss (default: cross-entropy)').choices(['cross-entropy', 'kl', 'js', 'l2']))
    .addOption(new Option('--optimizer <name>', 'optimiser (default: adam)').choices(['adam', 'sgd']))
    .option('--learning-rate <number>', 'learning rate (default: 0.001 for adam, 0.01 for sgd; a tenth of it for batch-norm and all)', positive)
    .option('--epochs <n>', 'most passes over the training pictures (default: 50)', wholeFrom(1))
    .option('--batch-size <n>', 'pictures a step (default: 32)', wholeFrom(1))
    .option('--validation-share <share>', 'pictures for choosing (default: 0.2)', partShare)
    .option('--test-share <share>', 'pictures for reporting (default: 0.2)', partShare)
    .option('--draws <k>', 'noise draws a picture that are cached (default: 4)', wholeFrom(1))
    .option('--max-precision-drop <share>', 'most that clean precision may fall (default: 0.005)', share)
    .option('--resume <run>', 'go on with a run that was cut short'));
}

export function addDistortOptions(command: Command): Command {
  return command
    .requiredOption('--images <dir>', 'folder of pictures')
    .requiredOption('--distortion <name[:strength]>', 'distortion', distortionName)
    .requiredOption('--output <dir>', 'folder for the distorted pictures')
    .option('--limit <n>', 'use so many pictures', wholeFrom(1))
    .option('--seed <n>', 'seed of everything random (default: 0)', wholeFrom(0))
    .option('--json', 'print one JSON object on stdout, nothing else')
    .option('--progress', 'show progress also where stderr is no terminal');
}

function trainedPart(text: string): string {
  if (!/^(head|last:[1-9]\d*|batch-norm|all)$/.test(text)) throw new InvalidArgumentError('Expected head, last:N, batch-norm or all.');
  return text;
}

export function inspectOptions(model: string, given: Given): InspectOptions {
  const { resize, interpolation, range, mean, std, channels } = given;
  return present({
    model: resolve(model),
    preprocessing: present({ resize, interpolation, range, mean, std, channels }),
    classNamesFile: given.classNames === undefined ? undefined : resolve(given.classNames),
    inputSize: given.inputSize,
    featureLayer: given.featureLayer,
    objective: given.objective,
  });
}

export function jobOptions(model: string, given: Given & { images: string }): JobOptions {
  return {
    ...inspectOptions(model, given),
    images: resolve(given.images),
    run: resolve(given.run ?? join('.model-stability', 'runs', runFolderName(resolve(model)))),
    ...present({
      labelsFile: given.labels === undefined ? undefined : resolve(given.labels),
      limit: given.limit, seed: given.seed, engine: given.engine, device: given.device, threads: given.threads,
      distortions: given.distortion?.map(parseDistortion),
    }),
  };
}

export function stabilizeOptions(model: string, given: Given & { images: string }): StabilizeOptions {
  const job = jobOptions(model, given);
  const { train, alpha, sigma, divergence, optimizer, learningRate, epochs, batchSize, validationShare, testShare, draws, maxPrecisionDrop } = given;
  return {
    ...job,
    ...(given.resume === undefined ? {} : { run: resolve(given.resume), resume: true }),
    ...present({
      output: given.output === undefined ? undefined : resolve(given.output),
      train, alpha, sigma, divergence, optimizer, learningRate, epochs, batchSize, validationShare, testShare, draws, maxPrecisionDrop, ...trainingOptions(given),
    }),
  };
}
