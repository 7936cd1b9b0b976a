import assert from 'node:assert/strict';
import type { Evaluation } from '../../src/engine/results.ts';
import { answers } from '../../webview-ui/gallery/answers.ts';
import { bytes, compact, duration, interval, measure, percent, points, pValue, rank } from '../../webview-ui/format.ts';
import { plainText } from '../../webview-ui/phrase.ts';
import { comparisonVerdict, direction, evaluationVerdict, stabilizationVerdict } from '../../webview-ui/verdict.ts';
import { DISTORTIONS, evaluation, GeneratedPairs, share, stabilization } from './runs.ts';

const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

/** An evaluation whose label instabilities are given as counts of changed labels. */
function withChanged(pictures: number, counts: number[]): Evaluation {
  const made = evaluation(pictures);
  return { ...made, distortions: made.distortions.map((result, index) => ({ ...result, labelInstability: share(counts[index]!, pictures) })) };
}

/** One distortion at two strengths and another at one. */
const manyStrengths: Evaluation = { ...evaluation(1000), clean: null, distortions: ([['jpeg', 90, 5], ['jpeg', 10, 200], ['jpeg', 30, 120], ['crop', 10, 50]] as const).map(([name, strength, changed]) => ({ ...evaluation(1000).distortions[0]!, name, strength, labelInstability: share(changed, 1000) })) };

/** An embedding model, which reports no labels. */
const withoutClasses: Evaluation = { ...evaluation(720), clean: null, instability: null, distortions: evaluation(720).distortions.map((result) => ({ ...result, labelInstability: null as never, precisionAt1: null, precisionAt5: null })) };

describe('verdict of an evaluation', () => {
  const cases: [name: string, run: Evaluation, headline: string, detail: RegExp][] = [
    ['names the worst, the next and the least', withChanged(720, [53, 57, 24, 237]), '32.9 % of labels change at gaussian-noise 0.04, 7.9 % at thumbnail 1000. Least at crop 10: 3.3 %.', /above that of every other distortion/],
    ['says when the worst is open', withChanged(720, [53, 57, 24, 58]), '8.1 % of labels change at gaussian-noise 0.04, 7.9 % at thumbnail 1000. Least at crop 10: 3.3 %.', /overlaps with that for thumbnail 1000, so which of them is worse is open/],
    ['says what is harmless', withChanged(720, [53, 2, 0, 3]), '7.4 % of labels change at jpeg 50; thumbnail 1000, crop 10 and gaussian-noise 0.04 are harmless.', /Harmless: the 95 % interval of changed labels ends below 2.0 %/],
    ['names each distortion once, at its worst strength', manyStrengths, '20.0 % of labels change at jpeg 10, 5.0 % at crop 10; jpeg 90 is harmless.', /^The 95 % interval for jpeg 10/],
    ['says what features do where there are no classes', withoutClasses, 'Features move most at gaussian-noise 0.04: 0.409 in the median, least at crop 10: 0.113.', /^This model has no classes/],
    ['leaves it to the warnings that pictures are few', withChanged(20, [2, 1, 0, 8]), '40.0 % of labels change at gaussian-noise 0.04, 10.0 % at jpeg 50. Least at crop 10: 0 %.', /^The 95 % interval for gaussian-noise 0.04/],
    ['bounds what was not seen', withChanged(720, [0, 0, 0, 0]), 'No label changes under jpeg 50, thumbnail 1000, crop 10 and gaussian-noise 0.04.', /^With 720 pictures, up to 0.5 % of labels could still change/],
    ['says little of one picture', withChanged(1, [0, 1, 0, 1]), 'The label of this one picture changes under thumbnail 1000 and gaussian-noise 0.04.', /One picture says nothing about a share/],
    ['says nothing of none', evaluation(0), 'No picture was evaluated, so nothing can be said.', /^$/],
  ];
  for (const [name, run, headline, detail] of cases) {
    it(name, () => {
      const verdict = evaluationVerdict(run);
      assert.equal(plain(plainText(verdict.headline)), headline);
      assert.match(plain(verdict.details.join(' ')), detail.source === '^$' ? /^$/ : new RegExp(detail.source.replace('^', ''), 'u'));
    });
  }

  it('speaks of precision only where the intervals are apart', () => {
    const run = evaluation(720);
    assert.match(plain(evaluationVerdict(run).details.join(' ')), /Precision@1 falls from 85.1 % on the clean pictures to 62.1 % under gaussian-noise 0.04\./);
    const steady = { ...run, distortions: run.distortions.map((result) => ({ ...result, precisionAt1: share(610, 720) })) };
    assert.match(plain(evaluationVerdict(steady).details.join(' ')), /no distortion moves it beyond its interval/);
  });
});

describe('verdict of a comparison', () => {
  it('reads a paired interval', () => {
    assert.deepEqual([[-0.2, -0.1], [-0.1, 0.1], [0.01, 0.2], [0, 0.1]].map(([low, high]) => direction({ low: low!, high: high! })), ['better', 'same', 'worse', 'same']);
  });

  it('reports the gain over the control, not over before', () => {
    const { headline, details } = stabilizationVerdict(stabilization('/run', 720));
    assert.equal(plain(plainText(headline)), 'Stabilizing helps: labels that gaussian-noise 0.04 changes fall from 24.6 % with fine-tuning alone to 9.4 %.');
    assert.match(plain(details.join(' ')), /Clean precision@1 goes from 85.1 % to 95.6 % \(\+10.4 points.*\); the control has 97.1 %/);
  });

  it('does not praise what was rejected', () => {
    assert.equal(plain(plainText(stabilizationVerdict(stabilization('/run', 720, false)).headline)), 'Labels that gaussian-noise 0.04 changes fall from 24.6 % with fine-tuning alone to 9.4 %, yet the result is rejected.');
  });

  it('says plainly what got worse and when nothing was gained', () => {
    const run = stabilization('/run', 720);
    const worse = run.overControl.distortions.slice(0, 1).map((change) => ({ ...change, labelInstability: { ...change.labelInstability!, a: share(99, 720), b: share(157, 720), difference: 0.08, low: 0.05, high: 0.11 } }));
    const { headline } = stabilizationVerdict({ ...run, overControl: { ...run.overControl, distortions: worse } });
    assert.match(plain(plainText(headline)), /^Stabilizing gained nothing clear over fine-tuning alone\. jpeg 50 got worse: 13\.8 % to 21\.8 %\./);
  });

  it('leads with the engine’s own verdict for two runs', () => {
    const { headline, details } = comparisonVerdict(stabilization('/run', 40).comparison);
    assert.match(plainText(headline), /^Fewer labels change at gaussian-noise 0\.04/);
    assert.match(details.join(' '), /Only 40 pictures/);
  });
});

describe('format', () => {
  const cases: [string, string][] = [
    [percent(0.074), '7.4 %'], [percent(0), '0 %'], [percent(1), '100 %'], [percent(0.0002), '<0.1 %'], [percent(0.9998), '>99.9 %'],
    [interval({ low: 0.056, high: 0.095 }), '5.6–9.5 %'], [interval({ low: 0, high: 0.0002 }), '0–0.02 %'], [interval({ low: 0.995, high: 0.99999 }), '99.5–99.99 %'],
    [points(-0.152), '−15.2 points'], [points(0.0001), '0.0 points'], [pValue(0.0004), 'p < 0.001'], [pValue(0.031), 'p = 0.031'], [pValue(0.31), 'p = 0.31'],
    [measure(0.9887), '0.989'], [measure(3.214), '3.21'], [measure(0), '0'], [measure(1.2e-6), '1.2e−6'], [rank(0.9999), '99.9 %'], [rank(0.978), '97 %'], [rank(0), '0 %'],
    [compact(172_345), '172 k'], [compact(3_504_872), '3.5 M'], [compact(873), '873'], [bytes(701_234), '701 kB'], [bytes(14_200_000), '14.2 MB'],
    [duration(5.2), '5 s'], [duration(200), '3 min 20 s'], [duration(3900), '1 h 5 min'],
  ];
  for (const [made, wanted] of cases) it(wanted, () => assert.equal(plain(made), wanted));
});

describe('answers of a pair', () => {
  it('are none for an embedding model, whose labels are empty', () => {
    const { line, rank, ...pair } = new GeneratedPairs(1).row(0);
    assert.deepEqual([line, rank], [0, 0]);
    assert.deepEqual(answers({ ...pair, labelA: '', labelB: '', topA: [], topB: [], truth: null }), []);
  });

  const pair = {
    image: 'x.png', distortion: DISTORTIONS[0]!.name, strength: 50, featureDistance: 1, klDivergence: 1, jsDivergence: 0.5, pixelDifference: 0.1,
    labelA: 'cat', labelB: 'dog', topA: [['cat', 0.9], ['fox', 0.05], ['owl', 0.03], ['hen', 0.01], ['cow', 0.005]], topB: [['dog', 0.8], ['elk', 0.1], ['cat', 0.05], ['owl', 0.03], ['rat', 0.01]], truth: 'rat',
  } satisfies Parameters<typeof answers>[0];

  it('is the union, both labels and the truth first, so that none of them can be missing', () => {
    assert.deepEqual(answers(pair, 4).map(({ label, a, b, role }) => [label, a, b, role]), [['cat', 0.9, 0.05, 'a'], ['dog', null, 0.8, 'b'], ['rat', null, 0.01, 'other'], ['elk', null, 0.1, 'other']]);
    assert.deepEqual(answers(pair).map(({ label }) => label), ['cat', 'dog', 'rat', 'elk', 'fox', 'owl', 'hen', 'cow']);
  });
});
