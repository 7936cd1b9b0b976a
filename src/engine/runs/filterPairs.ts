import { joinPairs } from './joinPairs.ts';
import type { OpenedPairs } from './openedPairs.ts';
import type { PairsIndex } from './pairsIndex.ts';
import type { PairsFilter } from './queries.ts';

/** Whether a line passes. */
type Test = (line: number) => boolean;

/** The lines, in the order given, that pass a filter; `other` is the run of `against`, where there is one. */
export function filterPairs(run: OpenedPairs, order: Uint32Array, filter: PairsFilter, other: OpenedPairs | null): Uint32Array {
  return testsOf(run, filter, other).reduce(passing, order);
}

function passing(lines: Uint32Array, test: Test): Uint32Array {
  const passed = new Uint32Array(lines.length);
  let count = 0;
  for (let place = 0; place < lines.length; place++) if (test(lines[place]!)) passed[count++] = lines[place]!;
  return passed.subarray(0, count);
}

function testsOf(run: OpenedPairs, { distortion, changed, distance, label, search, against }: PairsFilter, other: OpenedPairs | null): Test[] {
  const { index } = run;
  const tests: Test[] = [];
  if (distortion) {
    const wanted = marks(index.distortions, ({ name, strength }) => name === distortion.name && (distortion.strength === undefined || strength === distortion.strength));
    tests.push((line) => wanted[index.distortion[line]!] === 1);
  }
  if (changed !== undefined) tests.push((line) => (index.changed[line] === 1) === changed);
  if (distance) {
    const distances = index.columns.featureDistance;
    tests.push((line) => distances[line]! >= distance.from && distances[line]! < distance.to);
  }
  if (label) tests.push(labelTest(index, label));
  if (search) {
    const part = search.toLowerCase();
    const wanted = marks(run.lowerCaseImages, (image) => image.includes(part));
    tests.push((line) => wanted[index.image[line]!] === 1);
  }
  if (against && other) {
    const lines = joinPairs(run, other);
    const [here, there] = against.newly === 'stable' ? [0, 1] : [1, 0];
    tests.push((line) => index.changed[line] === here && lines[line]! >= 0 && other.index.changed[lines[line]!] === there);
  }
  return tests;
}

function labelTest(index: PairsIndex, { name, as }: NonNullable<PairsFilter['label']>): Test {
  const part = name.toLowerCase();
  const isWhole = index.labels.some((label) => label.toLowerCase() === part);
  const wanted = marks(index.labels, (label) => label !== '' && (isWhole ? label.toLowerCase() === part : label.toLowerCase().includes(part)));
  const columns = as === 'any' ? [index.truth, index.labelA, index.labelB] : [{ truth: index.truth, a: index.labelA, b: index.labelB }[as]];
  return (line) => columns.some((column) => wanted[column[line]!] === 1);
}

/** 1 for each that is wanted, so that a line costs a look and no comparison of text. */
function marks<Value>(values: readonly Value[], isWanted: (value: Value) => boolean): Uint8Array {
  return Uint8Array.from(values, (value) => (isWanted(value) ? 1 : 0));
}
