/**
 * Every sentence and word that a user reads in the webviews, in the language of VS Code. One table a language, in a file of its
 * own (`strings.en.ts`); TypeScript holds each against the English one.
 */
import type { Preprocessing } from '../src/engine/results.ts';
import { distortionName } from './format.ts';
import { language } from './language.ts';
import { english } from './strings.en.ts';

export type Strings = typeof english;

/** The tables by the first part of a language's tag: "de" for "de-AT". */
const tables: Partial<Record<string, Strings>> = { en: english };

export const strings: Strings = tables[language.split('-')[0]!.toLowerCase()] ?? english;

/** What a distortion does, in words; empty for one without a description. */
export const distortionMeaning = (spec: { name: string; strength: number }): string => strings.overview.meanings[spec.name]?.(spec.strength) ?? distortionName(spec);

/** Preprocessing in a line: "resize stretch, bilinear, range 0-1, rgb". */
export function preprocessingText(preprocessing: Preprocessing): string {
  const parts = [`resize ${preprocessing.resize}`, preprocessing.interpolation, `range ${preprocessing.range}`, preprocessing.channels];
  if (preprocessing.mean) parts.push(`mean ${preprocessing.mean.join(', ')}`);
  if (preprocessing.std) parts.push(`std ${preprocessing.std.join(', ')}`);
  return parts.join(' · ');
}
