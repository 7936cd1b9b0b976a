import { Option, type Command } from 'commander';
import { parseDistortion } from '../engine/distortions/index.ts';
import type { StabilizeOptions } from '../engine/options.ts';
import { distortionName, notNegative, positive, present, wholeFrom } from './optionValues.ts';

/** What commander collects of the options that say how a model is trained. */
export interface TrainingGiven {
  objective?: NonNullable<StabilizeOptions['objective']>;
  margin?: number;
  noise?: NonNullable<StabilizeOptions['noise']>;
  trainDistortion?: string[];
  views?: '2' | '3';
  alphaWarmup?: number;
  schedule?: NonNullable<StabilizeOptions['schedule']>;
  clipNorm?: number;
  updateStatistics?: boolean;
  microBatch?: number;
  sweep?: boolean | 'grid' | 'random';
  sweepPoints?: number;
}

/** Adds the options of stability training beyond α, σ and the trained part. */
export function addTrainingOptions(command: Command): Command {
  return command
    .addOption(new Option('--objective <name>', 'what is trained for: classes, embeddings held to their own, or embeddings by triplets of classes (default: classification)').choices(['classification', 'embedding', 'triplet']))
    .option('--margin <number>', 'margin g of triplets (default: 0.1)', notNegative)
    .addOption(new Option('--noise <name>', 'noise of the training pictures: independent from pixel to pixel, or smooth (default: gaussian)').choices(['gaussian', 'coloured']))
    .option('--train-distortion <name[:strength]>', 'distortion that takes the place of the noise in training, repeatable; the report marks it as trained on', distortionName)
    .addOption(new Option('--views <n>', 'versions of a picture that are compared; 3 with the divergence js (default: 2)').choices(['2', '3']))
    .option('--alpha-warmup <n>', 'epochs over which alpha rises (default: 0)', wholeFrom(0))
    .addOption(new Option('--schedule <name>', 'course of the learning rate over the epochs (default: constant)').choices(['constant', 'cosine']))
    .option('--clip-norm <number>', 'the gradient is shortened to this length where it is longer (default: not)', positive)
    .option('--update-statistics', 'let the running statistics of batch normalisation follow the training')
    .option('--micro-batch <n>', 'pictures that run at once, a larger batch in parts (default: what fits 4 GiB by a rough count)', wholeFrom(1))
    .addOption(new Option('--sweep [grid|random]', 'search widely: alpha, sigma, learning rate and trained part, as far as they are not given').choices(['grid', 'random']))
    .option('--sweep-points <n>', 'points of a random sweep (default: 24)', wholeFrom(1));
}

/** The same options as the engine takes them. */
export function trainingOptions(given: TrainingGiven): Partial<StabilizeOptions> {
  const { objective, margin, noise, trainDistortion, views, alphaWarmup, schedule, clipNorm, updateStatistics, microBatch, sweep, sweepPoints } = given;
  return present({
    objective, margin, noise, trainDistortions: trainDistortion?.map(parseDistortion), views: views === undefined ? undefined : views === '3' ? 3 as const : 2 as const,
    alphaWarmup, schedule, clipNorm, updateStatistics, microBatch, sweep: sweep === true ? 'grid' as const : sweep, sweepPoints,
  });
}
