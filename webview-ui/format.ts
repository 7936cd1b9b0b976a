/** Numbers as the screens write them: one decimal for shares, tabular widths, true minus signs, spaces that do not break. */
import type { DistortionSpec, Share } from '../src/engine/results.ts';
import { language } from './language.ts';

const space = '\u00a0';
const minus = '\u2212';
const pointsWord = { de: 'Punkte', en: 'points' }[language];
const grouped = new Intl.NumberFormat(language);
/** Formats with 0, 1, 2 and 3 digits behind the decimal sign of the language. */
const fixed = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }));
const decimals = (value: number, digits: 0 | 1 | 2 | 3): string => fixed[digits]!.format(value);
const decimalSign = decimals(0.5, 1).slice(1, 2);
const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });

/** 12345 → "12,345". */
export const count = (value: number): string => grouped.format(value);

function bareShare(value: number): string {
  if (value === 0 || value === 1) return String(value * 100);
  if (value < 0.0005) return `<${decimals(0.1, 1)}`;
  if (value > 0.9995) return `>${decimals(99.9, 1)}`;
  return decimals(value * 100, 1);
}

/** A share in [0, 1] → "7.4 %". */
export const percent = (value: number): string => `${bareShare(value)}${space}%`;

/** A bound of an interval: near 0 and 1 with a digit more, so that a bound does not look like certainty. */
function end(value: number): string {
  if (value === 0 || value === 1) return String(value * 100);
  return value < 0.0005 || value > 0.9995 ? decimals(Math.max(0.01, Math.min(99.99, value * 100)), 2) : decimals(value * 100, 1);
}

/** The interval of a share → "5.6–9.5 %". */
export const interval = (share: Pick<Share, 'low' | 'high'>): string => `${end(share.low)}–${end(share.high)}${space}%`;

const signed = (value: number): string => {
  const text = decimals(Math.abs(value), 1);
  if (Math.abs(value) < 0.05) return text;
  return value < 0 ? `${minus}${text}` : `+${text}`;
};

/** A difference of shares → "−15.2 points". */
export const points = (difference: number): string => `${signed(difference * 100)}${space}${pointsWord}`;

/** The interval of a difference of shares → "−18.4 to −12.1". */
export const pointsInterval = (low: number, high: number): string => `${signed(low * 100)} … ${signed(high * 100)}`;

const wholeOrOne = (value: number): string => decimals(value, Number.isInteger(value) ? 0 : 1);

/** Pictures or epochs a second → "8.3", "152". */
export const rate = (perSecond: number): string => perSecond < 9.95 ? decimals(perSecond, 1) : count(Math.round(perSecond));

/** A rank in [0, 1] → "97 %", never rounded up: at most 99.9 %, because no pair is larger than all of them. */
export const rank = (value: number): string => `${value < 0.99 ? Math.floor(value * 100) : wholeOrOne(Math.min(99.9, Math.floor(value * 1000) / 10))}${space}%`;

/** A probability of a test → "p = 0.03", "p < 0.001". */
export const pValue = (p: number): string => p < 0.001 ? `p${space}<${space}${decimals(0.001, 3)}` : `p${space}=${space}${decimals(p, p < 0.1 ? 3 : 2)}`;

/** A distance or divergence, three digits that count: 0.989, 3.21, 12.3, 1.2e-6; a dash where there is none. */
export function measure(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.0005) return value.toExponential(1).replace('-', minus).replace('.', decimalSign);
  if (size < 0.9995) return decimals(value, 3);
  return size < 999.5 ? decimals(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0) : count(Math.round(value));
}

/** A probability → "0.99". */
export const probability = (value: number): string => decimals(value, 2);

/** 172345 → "172 k", 3504872 → "3.5 M". */
export function compact(value: number): string {
  if (value < 1000) return String(value);
  const [scaled, unit] = value < 999_500 ? [value / 1e3, 'k'] : value < 999.5e6 ? [value / 1e6, 'M'] : [value / 1e9, 'G'];
  return `${decimals(scaled, scaled < 10 ? 1 : 0)}${space}${unit}`;
}

/** Bytes of a file → "688 kB", "14.2 MB". */
export function bytes(value: number): string {
  if (value < 1000) return `${value}${space}B`;
  const [scaled, unit] = value < 1e6 ? [value / 1e3, 'kB'] : value < 1e9 ? [value / 1e6, 'MB'] : [value / 1e9, 'GB'];
  return `${decimals(scaled, scaled < 100 ? 1 : 0)}${space}${unit}`;
}

/** Seconds → "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${space}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${space}min${whole % 60 ? ` ${whole % 60}${space}s` : ''}`;
  return `${Math.floor(whole / 3600)}${space}h ${Math.floor(whole % 3600 / 60)}${space}min`;
}

/** An ISO time → "Nov 22, 2026, 10:52"; what is no time stays as it is. */
export function time(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : dateAndTime.format(date).replace(/\u202f/g, space);
}

/** The shape of a tensor → "3×96×96"; open dimensions are "?", the batch is left out. */
export const shape = (dimensions: number[]): string => dimensions.slice(1).map((size) => size < 0 ? '?' : String(size)).join('×') || { de: 'Skalar', en: 'scalar' }[language];

/** A distortion with its strength, as everywhere: "jpeg 50". */
export const distortionName = ({ name, strength }: DistortionSpec): string => `${name}${space}${strength}`;

/** A key that tells distortions apart: "jpeg:50", the command line's own form. */
export const distortionKey = ({ name, strength }: DistortionSpec): string => `${name}:${strength}`;

/** The last part of a path. */
export const baseName = (path: string): string => path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
