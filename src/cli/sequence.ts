import type { Command } from 'commander';
import type { Sequence } from '../engine/results.ts';
import { addPictureOptions } from './pictureOptions.ts';
import { table, withInterval } from './tables.ts';

/** Options of `sequence`. */
export function addSequenceOptions(command: Command): Command {
  return addPictureOptions(command, 'use the first n frames')
    .option('--run <dir>', 'folder for the run (default: .model-stability/runs/<time>-<model>)');
}

/** How many clips the table shows: those with most flips. */
const shownClips = 12;

/** Flips of each clip and over all, pm-k, and where the run was written. */
export function sequenceText(run: Sequence, folder: string): string {
  const { clips, images, labelInstability, featureDistance, clean, neighbourPrecision, warnings } = run;
  const worst = clips.toSorted((a, b) => b.flips / b.frames - a.flips / a.frames).slice(0, shownClips);
  return [
    ...warnings.map((warning) => `! ${warning}`),
    `${images.evaluated} frames in ${clips.length} ${clips.length === 1 ? 'clip' : 'clips'}${clean ? `, precision@1 ${withInterval(clean.precisionAt1)}` : ', without labels'}`, '',
    table(['clip', 'frames', 'flips', 'given most'], worst.map((clip) => [clip.name === '' ? '.' : clip.name, `${clip.frames}`, `${clip.flips}`, clip.classes[0]!.name])),
    ...(clips.length > shownClips ? [`and ${clips.length - shownClips} more clips`] : []), '',
    `labels differ in ${withInterval(labelInstability)} of ${labelInstability.of} pairs of neighbouring frames; feature distance ${featureDistance.median.toFixed(3)}, p95 ${featureDistance.p95.toFixed(3)}`,
    ...(neighbourPrecision.length > 0 ? [`right together with all k neighbours on either side: ${neighbourPrecision.filter(({ k }) => [0, 1, 5, 10].includes(k)).map(({ k, precision }) => `k = ${k}: ${withInterval(precision)}`).join(', ')}`] : []),
    '', `run: ${folder}`,
  ].join('\n');
}
