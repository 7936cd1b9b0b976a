/**
 * Errors of the engine in the user's language. The engine throws English; its texts are known again by tables of them, whose
 * places (`{0}`) hold what the user named, or another text of the tables: a reason, a part of the model, a whole error of a step
 * within. What is in no table stays as it is. A language is added by tables and a line here.
 */
import { filled } from '../engine/sentences.ts';
import { keras } from './errors/keras.de.ts';
import { layers } from './errors/layers.de.ts';
import { libraries } from './errors/libraries.de.ts';
import { models } from './errors/models.de.ts';
import { pictures } from './errors/pictures.de.ts';
import { runs } from './errors/runs.de.ts';
import { tensorFlow } from './errors/tensorFlow.de.ts';
import { tflite } from './errors/tflite.de.ts';

/** Texts of one kind of error by the engine's English. */
type Table = Readonly<Record<string, string>>;

/** The tables of each language; no text stands in two of them. */
export const errorTables: Readonly<Record<string, readonly Table[]>> = { de: [keras, layers, models, pictures, runs, tensorFlow, tflite] };

/** What libraries say inside of them. */
const libraryTables: Readonly<Record<string, Table>> = { de: libraries };

/** A text of a table, taken apart: between each two literals stand one or several places, which only their values tell apart. */
interface Template {
  literals: string[];
  places: string[][];
  translation: string;
  /** Letters of its literals: the more, the surer it is that it is meant. */
  weight: number;
}

/** A text in the other language, and how many of its letters were known. */
interface Known {
  text: string;
  weight: number;
}

/** Longer messages, and those that can be read in more ways, stay as they are: a text of a model's file must not take for ever. */
const longest = 4000;
const mostReadings = 4000;
/** Places of a separator that are tried for one text. */
const mostSplits = 8;

const prepared = new Map<string, Template[]>();

/** An error's message in a language, by the first part of its tag; as it is where the language or the message is not known. */
export function translatedError(message: string, language: string): string {
  const tag = language.split('-')[0]!.toLowerCase();
  const tables = errorTables[tag];
  if (!tables || message.length > longest) return message;
  let templates = prepared.get(tag);
  if (!templates) prepared.set(tag, templates = [...tables, libraryTables[tag] ?? {}].flatMap((table) => Object.entries(table)).map(([text, translation]) => templateOf(text, translation)).toSorted((a, b) => b.weight - a.weight));
  return new Reader(templates).read(message).text;
}

function templateOf(text: string, translation: string): Template {
  const parts = text.split(/((?:\{\d+\})+)/);
  const literals = parts.filter((_, index) => index % 2 === 0);
  return { literals, places: parts.filter((_, index) => index % 2 === 1).map((group) => [...group.matchAll(/\d+/g)].map(([place]) => place)), translation, weight: lettersOf(literals.join('')) };
}

function lettersOf(text: string): number {
  return text.replace(/\P{L}/gu, '').length;
}

/** Finds the reading of a message in which most of its letters are known; of several, that with the longest text of the tables. */
class Reader {
  readonly #whole: Template[];
  /** Texts that begin with a space are added to what stands before them. */
  readonly #added: Template[];
  readonly #known = new Map<string, Known>();
  readonly #knownAdded = new Map<string, Known>();
  #readings = 0;

  constructor(templates: readonly Template[]) {
    this.#whole = templates.filter(({ literals }) => !literals[0]!.startsWith(' '));
    this.#added = templates.filter(({ literals }) => literals[0]!.startsWith(' '));
  }

  read(text: string): Known {
    const known = this.#known.get(text);
    if (known) return known;
    let best: Known = { text, weight: 0 };
    this.#known.set(text, best);
    if (!/\p{L}{2}/u.test(text) || ++this.#readings > mostReadings) return best;
    for (const template of this.#whole) {
      for (const values of matches(template, text)) best = better(best, this.#fill(template, values));
    }
    // What stands before a colon says where it is, and is known or a name.
    for (const at of placesOf(': ', text, 0, text.length)) best = better(best, this.#join(text.slice(0, at), ': ', text.slice(at + 2), ''));
    // What stands in brackets behind an error advises what to do.
    if (text.endsWith(')')) for (const at of placesOf(' (', text, 1, text.length)) best = better(best, this.#join(text.slice(0, at), ' (', text.slice(at + 2, -1), ')'));
    this.#known.set(text, best);
    return best;
  }

  #join(left: string, between: string, right: string, end: string): Known {
    const [a, b] = [this.read(left), this.read(right)];
    return { text: `${a.text}${between}${b.text}${end}`, weight: a.weight + b.weight };
  }

  #fill({ places, translation, weight }: Template, values: readonly string[]): Known {
    const said: Record<string, string> = {};
    let sum = weight;
    for (const [index, group] of places.entries()) {
      const value = group.length > 1 ? this.#readAdded(values[index]!) : this.read(values[index]!);
      sum += value.weight;
      for (const place of group) said[place] = place === group[0] ? value.text : '';
    }
    return { text: filled(translation, said), weight: sum };
  }

  /** A value of several places that touch: one text, or one with others added. */
  #readAdded(text: string): Known {
    const known = this.#knownAdded.get(text);
    if (known) return known;
    let best = this.read(text);
    this.#knownAdded.set(text, best);
    if (++this.#readings > mostReadings) return best;
    for (const template of this.#added) {
      for (const at of placesOf(template.literals[0]!, text, 1, text.length)) {
        for (const values of matches(template, text.slice(at))) {
          const [before, rest] = [this.#readAdded(text.slice(0, at)), this.#fill(template, values)];
          best = better(best, { text: before.text + rest.text, weight: before.weight + rest.weight });
        }
      }
    }
    this.#knownAdded.set(text, best);
    return best;
  }
}

/** The reading of which more is known; of two that know as much, the first. */
function better(first: Known, second: Known): Known {
  return second.weight > first.weight ? second : first;
}

/** The values of a template's places for each way in which a text can be made from it. */
function matches({ literals }: Template, text: string): string[][] {
  const [first, last] = [literals[0]!, literals.at(-1)!];
  if (literals.length === 1) return text === first ? [[]] : [];
  const end = text.length - last.length;
  if (!text.startsWith(first) || !text.endsWith(last) || end <= first.length) return [];
  let open: { values: string[]; from: number }[] = [{ values: [], from: first.length }];
  for (const literal of literals.slice(1, -1)) {
    open = open.flatMap(({ values, from }) => placesOf(literal, text, from + 1, end).map((at) => ({ values: [...values, text.slice(from, at)], from: at + literal.length }))).slice(0, mostSplits);
  }
  return open.filter(({ from }) => from < end).map(({ values, from }) => [...values, text.slice(from, end)]);
}

/** Where a literal stands in a text, from one place to before another; the first few. */
function placesOf(literal: string, text: string, from: number, end: number): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(literal, from); at >= 0 && at + literal.length <= end && found.length < mostSplits; at = text.indexOf(literal, at + 1)) found.push(at);
  return found;
}
