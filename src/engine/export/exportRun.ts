import { extname } from 'node:path';
import type { Job } from '../job.ts';
import type { ExportFormatName, ExportOptions } from '../options.ts';
import type { Exported } from '../results.ts';
import { readRun } from '../runs/runFolder.ts';
import { exportCsv } from './csv.ts';
import type { ExportedRun } from './exportedRun.ts';
import { exportHtml } from './html.ts';
import { exportJson } from './json.ts';
import { exportSheets } from './sheets.ts';
import { englishReport, type ReportWords } from './words.ts';

/** A way to hand a run on. Writes `output` and, where one file does not hold it, more beside it; gives all of them. */
export interface ExportFormat {
  name: ExportFormatName;
  /** Ending of the file, with its dot. */
  ending: string;
  write: (run: ExportedRun, output: string, job: Job) => Promise<string[]>;
}

/** Every export, sorted by name. */
export const exportFormats: readonly ExportFormat[] = [
  { name: 'csv', ending: '.csv', write: exportCsv },
  { name: 'html', ending: '.html', write: exportHtml },
  { name: 'json', ending: '.json', write: exportJson },
  { name: 'png', ending: '.png', write: exportSheets },
];

/** Writes what a run says to files that can be sent to others: reports and sheets in the given words, tables and JSON in English. Throws a `UserError` that names the run, or the file that cannot be written. */
export async function exportRun({ run, format, output, pairs = 6 }: Omit<ExportOptions, 'language'>, job: Job, words: ReportWords = englishReport): Promise<Exported> {
  const { write, ending } = exportFormats.find(({ name }) => name === format)!;
  const result = await readRun(run);
  const files = await write({ folder: run, result, pairs, words }, extname(output) === '' ? `${output}${ending}` : output, job);
  return { run, format, files };
}
