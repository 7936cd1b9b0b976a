import type { Companion } from './companion.ts';

/** A text file with the class names, one a line, as many tools put it beside a model; some write the number before the name. */
export const labelList = (file: string): Companion => ({
  file,
  read: (text) => {
    const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
    const numbered = lines.map((line) => /^(\d+)(?:\s*[:,]\s*|\s+)(\S.*)$/.exec(line));
    const counted = numbered.every((match, place) => match && Number(match[1]) === place);
    return lines.length === 0 ? null : { classNames: counted ? numbered.map((match) => match![2]!) : lines };
  },
});
