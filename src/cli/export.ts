import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { wholeFrom } from './optionValues.ts';
import type { ExportFormatName, ExportOptions } from '../engine/options.ts';

/** What commander collects for `export`. */
export interface ExportGiven {
  format: ExportFormatName;
  output: string;
  pairs?: number;
  language: string;
  json?: boolean;
}

/** Options of `export`. */
export function addExportOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <name>', 'html: a report in one file; csv: tables of distortions and pairs; json: the run; png: sheets of the worst pairs').choices(['html', 'csv', 'json', 'png']).default('html'))
    .requiredOption('--output <file>', 'where to write; what belongs to it is written beside it')
    .option('--pairs <n>', 'pairs of each distortion that are shown with their pictures (default: 6)', wholeFrom(0))
    .addOption(new Option('--language <name>', 'language of reports and sheets').choices(['de', 'en']).default('en'))
    .option('--json', 'print one JSON object on stdout, nothing else');
}

export function exportOptions(run: string, { format, output, pairs }: ExportGiven): ExportOptions {
  return { run: resolve(run), format, output: resolve(output), ...(pairs === undefined ? {} : { pairs }) };
}
