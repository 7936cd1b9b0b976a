/** How values on the command line are read; what is wrong is said in a sentence. */
import { InvalidArgumentError } from 'commander';
import { parseDistortion } from '../engine/distortions/index.ts';

/** A number that passes the check. */
export function number(check: (value: number) => boolean, expected: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isFinite(value) || !check(value)) throw new InvalidArgumentError(`Expected ${expected}.`);
    return value;
  };
}

export const wholeFrom = (least: number): ((text: string) => number) => number((value) => Number.isInteger(value) && value >= least, `a whole number from ${least}`);
export const share = number((value) => value >= 0 && value <= 1, 'a number from 0 to 1');
export const partShare = number((value) => value >= 0 && value < 1, 'a number from 0 to below 1');
export const positive = number((value) => value > 0, 'a number above 0');
export const notNegative = number((value) => value >= 0, 'a number from 0');

/** `jpeg:50`, checked and put behind those before it. */
export function distortionName(text: string, before: string[] = []): string[] {
  try {
    parseDistortion(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return [...before, text];
}

/** Only what was given: an option that is absent stays absent. */
export function present<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
