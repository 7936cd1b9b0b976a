import { UserError } from '../../job.ts';
import { field, isObject, type JsonObject } from './json.ts';

/** Whose layers they are: programs mean different things by a few settings of the same name. */
export type Dialect = 'tensorFlowJs' | 'keras2' | 'keras3';

/** The file that layers were read from. */
export interface Source {
  file: string;
  dialect: Dialect;
}

/**
 * The settings of one layer, read with their types checked. Keys are given as Python writes them (`kernel_size`); a file
 * may also have them as JavaScript does (`kernelSize`). Null counts as absent.
 */
export class LayerConfig {
  /** The layer's class, as `Conv2D`. */
  readonly className: string;
  readonly name: string;
  /** The model's file, as messages name it: its absolute path. */
  readonly file: string;
  readonly dialect: Dialect;
  readonly #fields: JsonObject;

  constructor(className: string, name: string, source: Source, fields: JsonObject) {
    this.className = className;
    this.name = name;
    this.file = source.file;
    this.dialect = source.dialect;
    this.#fields = fields;
  }

  /** The same layer with further settings, as one call of it has them. */
  with(settings: JsonObject): LayerConfig {
    return new LayerConfig(this.className, this.name, this, { ...this.#fields, ...settings });
  }

  /** A setting as it stands; undefined where it is absent. */
  value(key: string): unknown {
    return field(this.#fields, key) ?? field(this.#fields, key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
  }

  /** A finite number. */
  number(key: string, fallback: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(key, 'a number');
    return value;
  }

  /** A whole number of at least `least`. */
  count(key: string, fallback: number, least = 1): number {
    const value = this.number(key, fallback);
    if (!Number.isSafeInteger(value) || value < least) throw this.wrong(key, `a whole number of at least ${least}`);
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback;
    // Python and older exporters also write 0 and 1.
    if (typeof value !== 'boolean' && value !== 0 && value !== 1) throw this.wrong(key, 'true or false');
    return Boolean(value);
  }

  /** A word, in small letters without underscores: both `channelsLast` and `channels_last` are `channelslast`. */
  word(key: string, fallback: string): string {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'string') throw this.wrong(key, 'a word');
    return plainWord(value);
  }

  /** One whole number an axis; a single one counts for all. */
  counts(key: string, length: number, fallback: number, least = 1): number[] {
    const value = this.value(key) ?? fallback;
    const list = Array.isArray(value) ? (value.length === 1 ? new Array<unknown>(length).fill(value[0]) : value) : new Array<unknown>(length).fill(value);
    if (list.length !== length || !list.every((item) => Number.isSafeInteger(item) && (item as number) >= least)) {
      throw this.wrong(key, `${length} whole numbers of at least ${least}`);
    }
    return list as number[];
  }

  /** Whole numbers of any length; a single one is a list of one. Null stands for −1 inside. */
  integers(key: string): number[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const list = (Array.isArray(value) ? value : [value]).map((item: unknown) => item ?? -1);
    if (!list.every((item) => Number.isSafeInteger(item))) throw this.wrong(key, 'whole numbers');
    return list as number[];
  }

  /** The error that this layer cannot be used, and why. */
  error(reason: string): UserError {
    return new UserError(`layer ${this.className} "${this.name}" in ${this.file}: ${reason}`);
  }

  /** The error that a layer is of a kind that this program does not know, or uses a part of it that it does not. */
  unsupported(reason?: string): UserError {
    return new UserError(`unsupported layer: ${this.className} "${this.name}" in ${this.file}${reason === undefined ? '' : `: ${reason}`}`);
  }

  /** Whether an image layer's channels come before its rows. */
  get channelsFirst(): boolean {
    const format = this.word('data_format', 'channels_last');
    if (format !== 'channelslast' && format !== 'channelsfirst') throw this.wrong('data_format', 'channels_last or channels_first');
    return format === 'channelsfirst';
  }

  wrong(key: string, expected: string): UserError {
    return this.error(`${key} is ${JSON.stringify(this.value(key))}, expected ${expected}`);
  }
}

export function plainWord(text: string): string {
  return text.replaceAll('_', '').toLowerCase();
}

/** A class that is written as text or as an object with a `class_name`, as activations are. */
export function classNameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return undefined;
  const name = field(value, 'class_name') ?? field(value, 'className');
  return typeof name === 'string' ? name : undefined;
}
