import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { breathe, type Job } from '../job.ts';
import type { Evaluation } from '../results.ts';
import { evaluationsOf, type ExportedRun } from './exportedRun.ts';
import { evaluationSection, methodSection, warningsSection } from './html/evaluation.ts';
import { page, type Html } from './html/page.ts';
import { pairsSection } from './html/pairs.ts';
import { sequenceSections } from './html/sequence.ts';
import { stabilizationSections } from './html/stabilization.ts';
import { worstPairs } from './worstPairs.ts';

/** Longest side of the report's pictures, in pixels. */
const pictureSize = 112;

/**
 * One HTML file with everything in it: it opens without a network, needs no script, follows the reader's light or dark theme and
 * prints in black on white.
 */
export async function exportHtml(run: ExportedRun, output: string, job: Job): Promise<string[]> {
  const { result, words } = run;
  const shown = result.kind === 'stabilization' ? result.before : result;
  const title = words.titles[result.kind](shown.model.path.replace(/^.*[\\/]/, ''));
  await writeFileAtomic(output, page(title, shown, words, await sections(run, job)));
  return [output];
}

async function sections(run: ExportedRun, job: Job): Promise<Html[]> {
  const { result, words } = run;
  if (result.kind === 'sequence') return [warningsSection(result.warnings, words), ...sequenceSections(result, words), methodSection(result, words)];
  const { evaluation, folder } = evaluationsOf(run).at(-1)!;
  const warnings = result.kind === 'stabilization' ? [...new Set([...result.warnings, ...result.after.warnings])] : result.warnings;
  return [
    warningsSection(warnings, words),
    ...(result.kind === 'stabilization' ? stabilizationSections(result, words) : [evaluationSection(evaluation, words)]),
    methodSection(result.kind === 'stabilization' ? result.before : evaluation, words),
    ...(await pairs(evaluation, folder, run, job)),
  ];
}

async function pairs(evaluation: Evaluation, folder: string, { pairs: count, words }: ExportedRun, job: Job): Promise<Html[]> {
  const made: Html[] = [];
  for (const distortion of count > 0 ? evaluation.distortions : []) {
    const worst = await worstPairs(folder, distortion, count, pictureSize);
    if (worst.length > 0) made.push(pairsSection(distortion, worst, words));
    await breathe(job);
  }
  return made;
}
