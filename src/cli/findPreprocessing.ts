import { Option, type Command } from 'commander';
import { describePreprocessing } from '../engine/preprocessing/candidates.ts';
import type { PreprocessingSearch } from '../engine/results.ts';
import { addModelOptions, wholeFrom } from './options.ts';
import { percent, table, withInterval } from './tables.ts';

/** Options of `find-preprocessing`: those of the model say what its pictures are prepared with now. */
export function addFindPreprocessingOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--images <dir>', 'class folders, or any folder of pictures')
    .option('--labels <file>', 'CSV with path,label')
    .option('--limit <n>', 'try on so many pictures (default: 200)', wholeFrom(1))
    .option('--seed <n>', 'seed of the sample (default: 0)', wholeFrom(0))
    .addOption(new Option('--engine <name>', 'what computes (default: onnxruntime)').choices(['onnxruntime', 'tensorflow']))
    .option('--threads <n>', 'threads of the engine, 0 for all cores (default: 0)', wholeFrom(0))
    .option('--progress', 'show progress also where stderr is no terminal');
}

/** What was tried, best first, and what to do. */
export function preprocessingSearchText({ trials, verdict, warnings, images }: PreprocessingSearch): string {
  const labelled = trials[0]!.precisionAt1 !== null;
  const rows = trials.map((trial) => [
    describePreprocessing(trial.preprocessing) + (trial.present ? ' (present)' : ''),
    ...(labelled ? [withInterval(trial.precisionAt1)] : []), percent(trial.meanConfidence), trial.information.toFixed(2), `${trial.differentLabels}`,
  ]);
  return [
    ...warnings.map((warning) => `! ${warning}`),
    `tried on ${images.evaluated} pictures${labelled ? '' : ', without labels'}`, '',
    table(['preprocessing', ...(labelled ? ['precision@1 (95 %)'] : []), 'confidence', 'information', 'labels'], rows),
    '', verdict,
  ].join('\n');
}
