import { Option, type Command } from 'commander';
import { addModelOptions } from './options.ts';
import { wholeFrom } from './optionValues.ts';

/** Options of commands that run a model on pictures as they are, without distortions. `limit` says what `--limit` does. */
export function addPictureOptions(command: Command, limit: string): Command {
  return addModelOptions(command)
    .option('--images <dir>', 'class folders, or any folder of pictures')
    .option('--labels <file>', 'CSV with path,label')
    .option('--limit <n>', limit, wholeFrom(1))
    .option('--seed <n>', 'seed of everything random (default: 0)', wholeFrom(0))
    .addOption(new Option('--engine <name>', 'what computes (default: onnxruntime)').choices(['onnxruntime', 'tensorflow']))
    .option('--threads <n>', 'threads of the engine, 0 for all cores (default: 0)', wholeFrom(0))
    .option('--progress', 'show progress also where stderr is no terminal');
}
