import assert from 'node:assert/strict';
import { suitableEdge, thresholdHeadline } from '../../webview-ui/distances/duplicateVerdict.ts';
import { bestEdge, edgeOfShare } from '../../webview-ui/distances/threshold.ts';
import { plainText } from '../../webview-ui/phrase.ts';

describe('the threshold of distances', () => {
  /** By hand: shares of the positives below each edge less those of the negatives. */
  const best: [name: string, positives: number[], negatives: number[], edge: number][] = [
    ['stands in the middle of a gap between both', [5, 5, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 9], 4],
    ['stands where both cross', [6, 3, 1, 0], [0, 1, 4, 5], 2],
    ['does not depend on how many negatives there are', [6, 3, 1, 0], [0, 100, 400, 500], 2],
    ['stands behind the last positive where the negatives begin', [2, 2, 0], [0, 0, 7], 2],
    ['stands at the first edge of two that are as good but apart', [4, 0, 4, 0], [0, 4, 0, 4], 1],
    ['stands at none where the negatives are nearer', [0, 0, 5], [5, 0, 0], 0],
    ['stands in the middle of nothing', [0, 0, 0, 0], [0, 0, 0, 0], 2],
  ];
  for (const [name, positives, negatives, edge] of best) it(name, () => assert.equal(bestEdge(positives, negatives), edge));

  it('finds the share that is asked for', () => {
    assert.deepEqual([0.25, 0.26, 0.75, 1].map((share) => edgeOfShare([1, 1, 0, 2, 0], share)), [1, 2, 4, 4]);
  });

  const distortion = (name: string, bins: number[]) => ({ name, strength: 1, pairs: 10, bins, atPrecision98: null, atPrecision995: null });
  const run = (jpeg: number[], crop: number[], negatives: number[] | null) => ({ run: '/runs/a', distortions: [distortion('jpeg', jpeg), distortion('crop', crop)], negatives: negatives && { pairs: 10, sameClass: false, bins: negatives } });
  /** Edge and sentences by hand; both distortions count together. */
  const headlines: [run: ReturnType<typeof run>, edge: number, sentence: RegExp][] = [
    [run([10, 0, 0], [9, 1, 0], [0, 0, 10]), 2, / well\. Below a distance of T lie 100 % of the versions, and 0 % of different pictures too\.$/],
    [run([10, 0, 0], [6, 2, 2], [1, 2, 7]), 1, / in most cases\. Below a distance of T lie 80\.0 % of the versions, and 10\.0 % of different pictures too\.$/],
    [run([4, 4, 2], [2, 4, 4], [2, 4, 4]), 2, / badly\. Below a distance of T lie 70\.0 % of the versions, and 60\.0 % of different pictures too\.$/],
    [run([10, 0, 0], [8, 2, 0], null), 2, /^Below a feature distance of T lie 100 % of the distorted versions of pictures\.$/],
  ];
  for (const [subject, edge, sentence] of headlines) {
    it(`comes to ${sentence.source}`, () => {
      assert.equal(suitableEdge(subject), edge);
      assert.match(plainText(thresholdHeadline(subject, edge, 'T')).replaceAll('\u00a0', ' '), sentence);
    });
  }
});
