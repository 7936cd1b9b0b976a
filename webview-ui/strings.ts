/**
 * Every sentence and word that a user reads in the webviews, in the language of VS Code. One table a language, in a file of its
 * own (`strings.en.ts`); TypeScript holds each against the English one.
 */
import type { Preprocessing } from '../src/engine/results.ts';
import { distortionName } from './format.ts';
import { language, type Language } from './language.ts';
import { german } from './strings.de.ts';
import { english } from './strings.en.ts';

export type Strings = typeof english;

/** A table that may lack sentences; a test says which. */
export type PartialStrings = Partially<Strings>;
type Partially<T> = T extends (...parameters: infer P) => infer R ? (...parameters: P) => R extends string ? string : R : T extends readonly unknown[] | string ? T : { [Key in keyof T]?: Partially<T[Key]> };

/** The English table with the sentences of another one where it has them. */
function completed<T extends object>(table: T, other: Partially<T>): T {
  const isGroup = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
  return Object.fromEntries(Object.entries(table).map(([key, value]: [string, unknown]) => {
    const translated = (other as Record<string, unknown>)[key];
    return [key, isGroup(value) && isGroup(translated) ? completed(value, translated) : translated ?? value];
  })) as T;
}

/** A language is added here and in `language.ts`. */
const tables: Record<Language, Strings> = { de: completed<Strings>(english, german), en: english };

export const strings: Strings = tables[language];

/** What a distortion does, in words; empty for one without a description. */
export const distortionMeaning = (spec: { name: string; strength: number }): string => strings.overview.meanings[spec.name]?.(spec.strength) ?? distortionName(spec);

/** Preprocessing in a line: "resize stretch, bilinear, range 0-1, rgb". */
export function preprocessingText(preprocessing: Preprocessing): string {
  const { resize, interpolation, range, channels, mean, std } = preprocessing;
  const words = strings.made.preprocessingWords;
  return [`${words.resize} ${resize}`, interpolation, `${words.range} ${range}`, channels, ...(mean ? [`${words.mean} ${mean.join(', ')}`] : []), ...(std ? [`${words.std} ${std.join(', ')}`] : [])].join(' · ');
}
