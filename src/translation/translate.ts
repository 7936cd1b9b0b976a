/**
 * Sentences of the engine in the user's language. The engine writes English, and a run holds what it wrote; a sentence is known
 * again by the table that it was made from, and said with the same values. What is in no table stays as it is. A language is
 * added by a table and a line here.
 */
import { englishSentences, filled, type SentenceKey } from '../engine/sentences.ts';
import { germanSentences } from './sentences.de.ts';

const tables: Readonly<Record<string, Record<SentenceKey, string>>> = { de: germanSentences };
/** How the languages write 7.2 %. */
const decimalSigns: Readonly<Record<string, string>> = { de: ',' };

interface Pattern {
  key: SentenceKey;
  expression: RegExp;
}

/** Values that may be long: lists, of which no sentence has more than two. */
const lists = new Set(['names', 'a', 'b']);

/** Values that are sentences themselves. */
const nested = new Set(['summary']);

/** The other values have at most so many characters: a run may come from anyone, and a text made for it would take a pattern with several values of any length for ever. */
const longestValue = 400;

/** What ends with a full stop may be followed by a sentence, which begins with a capital or a number; the rest stands alone. Values are as short as they can be. */
const patterns: readonly Pattern[] = Object.entries(englishSentences)
  .map(([key, text]): Pattern => {
    const source = text.split(/(\{\w+\})/).map((part) => (/^\{\w+\}$/.test(part) ? `(?<${part.slice(1, -1)}>.${lists.has(part.slice(1, -1)) ? '+' : `{1,${longestValue}}`}?)` : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
    return { key: key as SentenceKey, expression: new RegExp(`${source}${text.endsWith('.') ? '(?=$| (?=[A-Z0-9]))' : '$'}`, 'y') };
  })
  // Of two that begin alike the one with more fixed words is meant.
  .toSorted((a, b) => b.expression.source.length - a.expression.source.length);

/** One or several sentences of the engine in a language, by the first part of its tag; as they are where the language or a sentence is not known. */
export function translated(text: string, language: string): string {
  const tag = language.split('-')[0]!.toLowerCase();
  const table = tables[tag];
  if (!table) return text;
  const sentences: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const found = patterns.flatMap(({ key, expression }) => {
      expression.lastIndex = at;
      const match = expression.exec(text);
      return match ? [{ key, match }] : [];
    })[0];
    if (!found) return text;
    const values = Object.fromEntries(Object.entries(found.match.groups ?? {}).map(([name, value]) => [name, nested.has(name) ? translated(value, language) : value.replace(/(\d)\.(\d+ %)/g, `$1${decimalSigns[tag] ?? '.'}$2`)]));
    sentences.push(filled(table[found.key], values));
    at += found.match[0].length;
  }
  return sentences.join(' ');
}
