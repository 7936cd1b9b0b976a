import { filterPairs } from './filterPairs.ts';
import { joinPairs } from './joinPairs.ts';
import { openPairs, type OpenedPairs } from './openedPairs.ts';
import { readLines } from './pairsFile.ts';
import type { PairsViewPage, PairsViewQuery, PairsViewRow } from './queries.ts';

/** One page of pairs. Throws a `UserError` that names the run where it has none. */
export async function pairsPage(query: PairsViewQuery): Promise<PairsViewPage> {
  const run = await openPairs(query.run);
  const other = query.against ? await openPairs(query.against.run) : null;
  const { start, end, ...chosen } = query;
  const key = JSON.stringify(chosen);
  if (run.last.key !== key || (other && run.joined?.other !== other)) run.last = { key, lines: filterPairs(run, run.order(query.sort, query.ascending ?? false), query, other) };
  const { index } = run;
  const lines = Array.from(run.last.lines.subarray(Math.max(0, start), Math.max(0, end)));
  const [pairs, before] = await Promise.all([readLines(query.run, index, lines), readBefore(run, other, lines)]);
  return {
    total: run.last.lines.length,
    all: index.count,
    rows: pairs.map((pair, at): PairsViewRow => {
      const earlier = before?.[at];
      return { ...pair, line: lines[at]!, rank: run.smaller[lines[at]!]! / Math.max(1, index.count), ...(earlier ? { before: earlier } : {}) };
    }),
    maxFeatureDistance: run.maxFeatureDistance,
  };
}

/** The same pairs in the other run; every line that passed the filter has one. */
async function readBefore(run: OpenedPairs, other: OpenedPairs | null, lines: readonly number[]): Promise<PairsViewRow['before'][] | null> {
  if (!other) return null;
  const joined = joinPairs(run, other);
  const pairs = await readLines(other.folder, other.index, lines.map((line) => joined[line]!));
  return pairs.map(({ labelA, labelB, featureDistance }) => ({ labelA, labelB, featureDistance }));
}
