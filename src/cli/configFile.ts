import { access } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, type Command, type Option } from 'commander';
import { configName, isConfigKey, readConfigJson } from '../engine/config.ts';
import { UserError } from '../engine/job.ts';
import type { Given } from './options.ts';

/** Options whose values are paths; in a configuration they are relative to its file. */
const paths = new Set(['images', 'labels', 'classNames', 'run', 'output', 'resume']);

/**
 * Reads the configuration and puts the command line over it. The file is the one that `--config` names, else a
 * `model-stability.json` in the current folder or beside the model. Values are checked as those of the command line are; keys
 * that only concern other commands are left out.
 *
 * @throws UserError that names the file and the key
 */
export async function withConfig(command: Command, given: Given): Promise<Given> {
  if (!command.options.some((option) => option.attributeName() === 'config')) return given;
  const file = given.config ?? await findConfig(command.args[0]);
  if (file === null) return given;
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(await readConfigJson(file))) {
    const option = command.options.find((known) => known.attributeName() === key);
    // A file that nobody named may not say where to write: those options concern a single call.
    const allowed = isConfigKey(key) || (given.config !== undefined && option !== undefined && key !== 'config');
    if (!allowed) throw new UserError(`${file}: unknown option: ${key}`);
    if (!option) continue;
    const read = fromConfig(file, option, value);
    config[key] = paths.has(key) ? resolve(dirname(file), String(read)) : read;
  }
  return { ...config, ...given };
}

/** The configuration that holds where none is named; null where there is none. */
async function findConfig(model: string | undefined): Promise<string | null> {
  const folders = ['.', ...(model === undefined ? [] : [dirname(model)])];
  for (const folder of folders) {
    const file = resolve(join(folder, configName));
    if (await access(file).then(() => true, () => false)) return file;
  }
  return null;
}

function fromConfig(file: string, option: Option, value: unknown): unknown {
  const name = option.attributeName();
  if (option.isBoolean()) {
    if (typeof value !== 'boolean') throw new UserError(`${file}: ${name} is not true or false`);
    return value;
  }
  // An option whose value may be left out, as `--sweep`.
  if (option.optional && typeof value === 'boolean') return value;
  const texts = textsOf(name, value);
  try {
    if (option.argChoices && !option.argChoices.includes(texts[0]!)) throw new InvalidArgumentError(`Expected ${option.argChoices.join(', ')}.`);
    if (!option.parseArg || option.argChoices) return texts[0];
    return texts.reduce<unknown>((before, text) => option.parseArg!(text, before), undefined);
  } catch (error) {
    throw new UserError(`${file}: ${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** A value as it would stand on the command line, once for each time that the option would. */
function textsOf(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return /[dD]istortion$/.test(name) ? value.map(String) : [value.join(',')];
  if (typeof value === 'object' && value !== null) return Object.entries(value).map(([key, item]) => `${key}=${String(item)}`);
  return [String(value)];
}
