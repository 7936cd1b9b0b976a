import type { Command } from 'commander';
import { describePreprocessing } from '../engine/preprocessing/candidates.ts';
import type { Preprocessing, PreprocessingSearch } from '../engine/results.ts';
import { addPictureOptions } from './pictureOptions.ts';
import { percent, table, withInterval } from './tables.ts';

/** Options of `find-preprocessing`: those of the model say what its pictures are prepared with now. */
export function addFindPreprocessingOptions(command: Command): Command {
  return addPictureOptions(command, 'try on so many pictures (default: 200)');
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
    '', verdict, ...(trials[0]!.present ? [] : [`use it with: ${optionsOf(trials[0]!.preprocessing)}`]),
  ].join('\n');
}

/** The options of the command line that ask for a preprocessing; a mean of 0 and a deviation of 1 keep those of the model's metadata out. */
function optionsOf({ resize, interpolation, range, mean, std, channels }: Preprocessing): string {
  const size = channels === 'gray' ? 1 : 3;
  const values = { resize, interpolation, range, mean: (mean ?? Array<number>(size).fill(0)).join(','), std: (std ?? Array<number>(size).fill(1)).join(','), channels };
  return Object.entries(values).map(([name, value]) => `--${name} ${value}`).join(' ');
}
