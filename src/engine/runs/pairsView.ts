import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIndex, readLines, type PairsIndex } from './pairsFile.ts';
import type { PairsViewPage, PairsViewQuery } from './queries.ts';

interface Opened {
  modified: number;
  index: PairsIndex;
  /** Place of each pair in the order of feature distance: how many pairs have a smaller one. */
  smaller: Uint32Array;
  /** The order of the last query, with its key: scrolling asks for the same one again and again. */
  order: { key: string; lines: Uint32Array };
}

const opened = new Map<string, Opened>();
/** Runs kept in memory: before, control and after of two stabilizations. */
const keep = 6;

/** One page of pairs. Throws a `UserError` that names the run where it has none. */
export async function pairsPage(query: PairsViewQuery): Promise<PairsViewPage> {
  const run = await openPairs(query.run);
  const key = JSON.stringify([query.distortion?.name, query.distortion?.strength, query.changed, query.sort, query.ascending ?? false]);
  if (run.order.key !== key) run.order = { key, lines: select(run.index, query) };
  const { index, order } = run;
  const lines = Array.from(order.lines.subarray(Math.max(0, query.start), Math.max(0, query.end)));
  const pairs = await readLines(query.run, index, lines);
  return {
    total: order.lines.length,
    all: index.count,
    rows: pairs.map((pair, at) => ({ ...pair, line: lines[at]!, rank: run.smaller[lines[at]!]! / Math.max(1, index.count) })),
    maxFeatureDistance: index.columns.featureDistance.reduce((largest, value) => Math.max(largest, value), 0),
  };
}

async function openPairs(folder: string): Promise<Opened> {
  const modified = (await stat(join(folder, 'pairs.jsonl')).catch(() => null))?.mtimeMs ?? 0;
  const known = opened.get(folder);
  if (known?.modified === modified) return known;
  const index = await readIndex(folder);
  const run: Opened = { modified, index, smaller: ranks(index.columns.featureDistance), order: { key: '', lines: new Uint32Array() } };
  opened.delete(folder);
  opened.set(folder, run);
  const [oldest] = opened.keys();
  if (opened.size > keep && oldest !== undefined) opened.delete(oldest);
  return run;
}

function ranks(values: Float32Array): Uint32Array {
  const sorted = Float32Array.from(values).sort();
  return Uint32Array.from(values, (value) => lowerBound(sorted, value));
}

/** How many values of a sorted array are smaller. */
function lowerBound(sorted: Float32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lines that pass the filter, sorted; equal values stay in the order of the file. */
function select(index: PairsIndex, { distortion, changed, sort, ascending }: PairsViewQuery): Uint32Array {
  const wanted = distortion ? index.distortions.findIndex((spec) => spec.name === distortion.name && spec.strength === distortion.strength) : null;
  const lines = new Uint32Array(index.count);
  let count = 0;
  for (let line = 0; line < index.count; line++) {
    if (wanted !== null && index.distortion[line] !== wanted) continue;
    if (changed !== undefined && (index.changed[line] === 1) !== changed) continue;
    lines[count++] = line;
  }
  const column = index.columns[sort];
  const sign = ascending ? 1 : -1;
  return lines.subarray(0, count).sort((a, b) => sign * (column[a]! - column[b]!) || a - b);
}
