import assert from 'node:assert/strict';
import { checkGates, type Gates } from '../../src/engine/gates.ts';
import type { DistortionResult, Evaluation, Share } from '../../src/engine/results.ts';

const share = (count: number, of = 100): Share => ({ value: count / of, low: 0, high: 1, count, of });
const distortion = (name: string, strength: number, changed: number, right: number | null): DistortionResult =>
  ({ name, strength, labelInstability: share(changed), precisionAt1: right === null ? null : share(right) }) as DistortionResult;
const evaluation = (labelled: boolean): Pick<Evaluation, 'clean' | 'distortions'> => ({
  clean: labelled ? { precisionAt1: share(90), precisionAt5: share(99) } : null,
  distortions: [distortion('jpeg', 50, 7, labelled ? 85 : null), distortion('jpeg', 10, 30, labelled ? 60 : null), distortion('crop', 10, 2, labelled ? 89 : null)],
});

describe('gates', () => {
  /** What is not met, worked out by hand from the counts above. */
  const cases: [name: string, gates: Gates, unmet: string[]][] = [
    ['none', {}, []],
    ['one limit for all', { maxLabelInstability: 0.05 }, ['label instability at jpeg:50 is 0.0700, more than 0.05', 'label instability at jpeg:10 is 0.3000, more than 0.05']],
    ['a limit that is just reached is kept', { maxLabelInstability: 0.3, minPrecision: 0.6 }, []],
    ['a limit for one strength', { maxLabelInstability: { 'jpeg:10': 0.2 } }, ['label instability at jpeg:10 is 0.3000, more than 0.2']],
    ['a limit for a distortion, another for one strength of it', { maxLabelInstability: { jpeg: 0.01, 'jpeg:10': 0.5 } }, ['label instability at jpeg:50 is 0.0700, more than 0.01']],
    ['a limit for the rest', { maxLabelInstability: { jpeg: 1, '*': 0.01 } }, ['label instability at crop:10 is 0.0200, more than 0.01']],
    ['precision of every distortion and of the clean pictures', { minPrecision: 0.95 }, [
      'precision@1 at jpeg:50 is 0.8500, less than 0.95', 'precision@1 at jpeg:10 is 0.6000, less than 0.95', 'precision@1 at crop:10 is 0.8900, less than 0.95', 'clean precision@1 is 0.9000, less than 0.95',
    ]],
    ['clean precision alone', { minPrecision: { clean: 0.91 } }, ['clean precision@1 is 0.9000, less than 0.91']],
    ['a distortion that was not evaluated', { maxLabelInstability: { 'thumbnail:1000': 0.5 } }, ['label instability at thumbnail:1000 is not known, because it was not evaluated']],
    ['a strength that was not evaluated', { minPrecision: { 'crop:20': 0.5 } }, ['precision@1 at crop:20 is not known, because it was not evaluated']],
  ];
  for (const [name, gates, unmet] of cases) {
    it(name, () => assert.deepEqual(checkGates(evaluation(true), gates).filter(({ met }) => !met).map(({ sentence }) => sentence), unmet));
  }

  it('on precision are not met where the pictures have no labels', () => {
    const [first] = checkGates(evaluation(false), { minPrecision: { clean: 0.1 } });
    assert.deepEqual([first?.met, first?.value, first?.sentence], [false, null, 'precision@1 is not known, because the pictures have no labels']);
  });

  it('say what was measured where they are kept', () => {
    const [first] = checkGates(evaluation(true), { maxLabelInstability: { 'crop:10': 0.02 } });
    assert.deepEqual(first, { gate: 'maxLabelInstability', on: 'crop:10', limit: 0.02, value: 0.02, met: true, sentence: 'label instability at crop:10 is 0.0200, not more than 0.02' });
  });
});
