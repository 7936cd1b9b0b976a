/** The command line: the same engine as the extension, for terminals and CI. */
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { addExportOptions, exportOptions, type ExportGiven } from './cli/export.ts';
import { addFindPreprocessingOptions, preprocessingSearchText } from './cli/findPreprocessing.ts';
import { withConfig } from './cli/configFile.ts';
import { addDistortOptions, addEvaluateOptions, addModelOptions, addStabilizeOptions, inspectOptions, jobOptions, stabilizeOptions, type Given } from './cli/options.ts';
import { addSequenceOptions, sequenceText } from './cli/sequence.ts';
import { comparisonText, evaluationText, inspectText, stabilizationText } from './cli/tables.ts';
import { terminalJob } from './cli/terminal.ts';
import { formatDistortion, parseDistortion } from './engine/distortions/index.ts';
import { checkGates, type Gates } from './engine/gates.ts';
import { CancelledError, UserError, type Job } from './engine/job.ts';
import type { Evaluation } from './engine/results.ts';
import { version } from './engine/version.ts';

/** Exit statuses: scripts depend on them. */
const status = { done: 0, failed: 1, usage: 2, gate: 3, cancelled: 130 } as const;

/** What a command found: printed as JSON or as text; `gate` says which gate was not met. */
interface Outcome {
  json: unknown;
  text: string;
  gate?: string | undefined;
}

const program = new Command('model-stability')
  .description('See where an image model\'s answers change when its pictures hardly do, and stabilize the model.')
  .version(version)
  .showHelpAfterError('(--help shows all options)')
  .exitOverride();

addModelOptions(program.command('inspect').description('what a model file is').argument('<model>'))
  .action(action(async (_job, given, model) => {
    const { inspect } = await import('./engine/inspect.ts');
    const json = await inspect(inspectOptions(model!, given));
    return { json, text: inspectText(json) };
  }));

addEvaluateOptions(program.command('evaluate').description('measure how answers change when pictures are distorted').argument('<model>'))
  .action(action(async (job, given, model) => {
    const { evaluate } = await import('./engine/evaluate.ts');
    const options = { ...jobOptions(model!, withImages(given)), ...(given.pairs === undefined ? {} : { pairs: given.pairs }) };
    const json = await evaluate(options, job);
    return { json, text: evaluationText(json, options.run), gate: unmetGates(json, given) };
  }));

addStabilizeOptions(program.command('stabilize').description('retrain a model so that its answers change less').argument('<model>'))
  .action(action(async (job, given, model) => {
    const { stabilize } = await import('./engine/stabilize.ts');
    const json = await stabilize(stabilizeOptions(model!, withImages(given)), job);
    return { json, text: stabilizationText(json), gate: json.accepted ? undefined : json.reason };
  }));

/** All that was not met, in one line; undefined where there is nothing. */
function unmetGates(evaluation: Evaluation, gates: Gates): string | undefined {
  const unmet = checkGates(evaluation, gates).filter(({ met }) => !met);
  return unmet.length === 0 ? undefined : [...new Set(unmet.map(({ sentence }) => sentence))].join('; ');
}

program.command('compare').description('hold two runs against each other').argument('<runA>').argument('<runB>')
  .option('--json', 'print one JSON object on stdout, nothing else')
  .action(action(async (_job, _given, a, b) => {
    const { compareRuns } = await import('./engine/compare.ts');
    const json = await compareRuns(resolve(a!), resolve(b!));
    return { json, text: comparisonText(json) };
  }));

addFindPreprocessingOptions(program.command('find-preprocessing').description('try the usual ways of preparing pictures for a model').argument('<model>'))
  .action(action(async (job, given, model) => {
    const { findPreprocessing } = await import('./engine/findPreprocessing.ts');
    const json = await findPreprocessing(jobOptions(model!, withImages(given)), job);
    return { json, text: preprocessingSearchText(json) };
  }));

addSequenceOptions(program.command('sequence').description('measure how answers change from frame to frame of videos').argument('<model>'))
  .action(action(async (job, given, model) => {
    const { sequence } = await import('./engine/sequence.ts');
    const options = jobOptions(model!, withImages(given));
    const json = await sequence(options, job);
    return { json, text: sequenceText(json, options.run) };
  }));

addExportOptions(program.command('export').description('write a run as a report or as tables').argument('<run>'))
  .action(async (run: string, given: ExportGiven) => {
    const [{ exportRun }, { reportWords }] = await Promise.all([import('./engine/export/exportRun.ts'), import('./translation/report.ts')]);
    const json = await exportRun(exportOptions(run, given), terminalJob(false).job, reportWords(given.language));
    process.stdout.write(given.json === true ? `${JSON.stringify(json)}\n` : `${json.files.join('\n')}\n`);
  });

addDistortOptions(program.command('distort').description('write distorted copies of pictures'))
  .action(action(async (job, given) => {
    const { distortFolder } = await import('./engine/distortFolder.ts');
    const distortion = parseDistortion(given.distortion![0]!);
    const json = await distortFolder({
      images: resolve(given.images!), output: resolve(given.output!), distortion,
      ...(given.seed === undefined ? {} : { seed: given.seed }), ...(given.limit === undefined ? {} : { limit: given.limit }),
    }, job);
    return { json, text: `${json.written} pictures distorted with ${formatDistortion(distortion)} in ${json.output}${json.skipped.length > 0 ? `, ${json.skipped.length} could not be read` : ''}` };
  }));


function withImages(given: Given): Given & { images: string } {
  if (given.images === undefined) throw new CommanderError(status.usage, 'model-stability.images', 'error: --images <dir> is missing');
  return { ...given, images: given.images };
}

/** Wraps a command: reads the configuration, runs it as a job that Ctrl+C cancels, prints what it found. */
function action(run: (job: Job, given: Given, ...names: (string | undefined)[]) => Promise<Outcome>): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const given = await withConfig(command, command.opts<Given>());
    const terminal = terminalJob(given.progress === true || (process.stderr.isTTY && given.json !== true));
    let outcome: Outcome;
    try {
      outcome = await run(terminal.job, given, ...command.args);
    } finally {
      terminal.end();
    }
    process.stdout.write(`${given.json === true ? JSON.stringify(outcome.json) : outcome.text}\n`);
    if (outcome.gate !== undefined) {
      process.stderr.write(`model-stability: ${outcome.gate}\n`);
      process.exitCode = status.gate;
    }
  };
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the output (`| head`) may stop before its end.
  if (error.code !== 'EPIPE') throw error;
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    if (error.code === 'model-stability.images') process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode === 0 ? status.done : status.usage;
  } else if (error instanceof CancelledError) {
    process.stderr.write('model-stability: cancelled\n');
    process.exitCode = status.cancelled;
  } else {
    process.stderr.write(`model-stability: ${error instanceof UserError ? error.message : `a fault of this program: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`}\n`);
    process.exitCode = status.failed;
  }
});
