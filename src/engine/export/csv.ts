import { extname } from 'node:path';
import { csvFormatRows } from 'd3-dsv';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { breathe, type Job } from '../job.ts';
import { pairMeasures } from '../measures/index.ts';
import type { Evaluation, Pair, Sequence, Share } from '../results.ts';
import { readPairs } from '../runs/pairsFile.ts';
import { FramesReader } from '../sequence/framesFile.ts';
import { evaluationsOf, type ExportedRun } from './exportedRun.ts';

type Cell = string | number | null;

/** Rows of pairs that are joined before they are written. */
const rowsAtOnce = 4096;

/**
 * A row a distortion in `output`, and a row a pair in a second file, `NAME.pairs.csv` (RFC 4180, UTF-8). A stabilization has its
 * three evaluations one after the other, told apart by the column `model`. A sequence is a row a frame.
 */
export async function exportCsv(run: ExportedRun, output: string, job: Job): Promise<string[]> {
  if (run.result.kind === 'sequence') return exportFrames(run.folder, run.result, output);
  const evaluations = evaluationsOf(run);
  const summary = [summaryHeader(), ...evaluations.flatMap(({ title, evaluation }) => summaryRows(title, evaluation))];
  await writeFileAtomic(output, text(summary));
  const pairs = `${output.slice(0, output.length - extname(output).length)}.pairs${extname(output)}`;
  const chunks: Uint8Array[] = [Buffer.from(text([pairHeader]))];
  for (const { title, folder } of evaluations) {
    let rows: Cell[][] = [];
    const flush = (): void => {
      if (rows.length > 0) chunks.push(Buffer.from(text(rows)));
      rows = [];
    };
    for await (const { pair } of readPairs(folder)) {
      rows.push(pairRow(title, pair));
      if (rows.length === rowsAtOnce) {
        flush();
        await breathe(job);
      }
    }
    flush();
  }
  await writeFileAtomic(pairs, chunks);
  return [output, pairs];
}

async function exportFrames(folder: string, { clips }: Sequence, output: string): Promise<string[]> {
  const count = clips.reduce((sum, { frames }) => sum + frames, 0);
  const frames = await (await FramesReader.open(folder, count)).read(0, count);
  const header: Cell[] = ['image', 'clip', 'label', 'probability', 'truth', 'flip', 'featureDistance', 'jsDivergence'];
  const rows = frames.map(({ image, clip, label, top, truth, change }): Cell[] => [
    image, clips[clip]!.name, label, top[0]?.[1] ?? null, truth, change ? Number(change.flip) : null, change?.featureDistance ?? null, change?.jsDivergence ?? null,
  ]);
  await writeFileAtomic(output, text([header, ...rows]));
  return [output];
}

/**
 * A spreadsheet takes a text that begins with one of these for a formula, and file names and class names come from anyone: an
 * apostrophe before it makes it text (OWASP, "CSV Injection"). Numbers are written as numbers.
 */
const formula = /^[=+\-@\t\r]/;

function text(rows: readonly (readonly Cell[])[]): string {
  return `${csvFormatRows(rows.map((row) => row.map((cell) => (typeof cell === 'string' && formula.test(cell) ? `'${cell}` : String(cell ?? '')))))}\n`;
}

const shareColumns = ['labelInstability', 'precisionAt1', 'precisionAt5'] as const;

function summaryHeader(): string[] {
  return [
    'model', 'distortion', 'strength',
    ...shareColumns.flatMap((name) => [name, `${name}Low`, `${name}High`]), 'pairs',
    ...pairMeasures.flatMap(({ name }) => [`${name}Mean`, `${name}Median`, `${name}P95`]),
  ];
}

/** The clean pictures first, then each distortion. */
function summaryRows(title: string, { model, clean, distortions, images }: Evaluation): Cell[][] {
  const name = title === '' ? model.path : title;
  const share = (value: Share | null): Cell[] => (value ? [value.value, value.low, value.high] : [null, null, null]);
  return [
    [name, 'clean', null, ...share(null), ...share(clean?.precisionAt1 ?? null), ...share(clean?.precisionAt5 ?? null), images.evaluated, ...pairMeasures.flatMap(() => [null, null, null])],
    ...distortions.map((result): Cell[] => [
      name, result.name, result.strength, ...shareColumns.flatMap((column) => share(result[column])), images.evaluated,
      ...pairMeasures.flatMap((measure) => {
        const summary = result[measure.name];
        return summary ? [summary.mean, summary.median, summary.p95] : [null, null, null];
      }),
    ]),
  ];
}

const pairHeader = ['model', 'image', 'distortion', 'strength', ...pairMeasures.map(({ name }) => name), 'labelA', 'probabilityA', 'labelB', 'probabilityB', 'changed', 'truth'];

function pairRow(title: string, pair: Pair): Cell[] {
  return [
    title, pair.image, pair.distortion, pair.strength, ...pairMeasures.map(({ name }) => pair[name]),
    pair.labelA, pair.topA[0]?.[1] ?? null, pair.labelB, pair.topB[0]?.[1] ?? null, pair.labelA === pair.labelB ? 0 : 1, pair.truth,
  ];
}
