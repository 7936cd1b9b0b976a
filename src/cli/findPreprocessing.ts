import type { Command } from 'commander';
import { describePreprocessing } from '../engine/preprocessing/candidates.ts';
import type { PreprocessingSearch } from '../engine/results.ts';
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
    '', verdict,
  ].join('\n');
}
