import assert from 'node:assert/strict';
import { jsDivergence, klDivergence } from '../../src/engine/measures/divergence.ts';
import { featureDistance } from '../../src/engine/measures/featureDistance.ts';
import { measurePair, measurePictures, pairMeasures, type Observation } from '../../src/engine/measures/index.ts';
import { isUnstable, labelChanged } from '../../src/engine/measures/instability.ts';
import { argmax, probabilities, rank, softmax, topK } from '../../src/engine/measures/labels.ts';
import { peakSignalToNoise, pixelDifference } from '../../src/engine/measures/pixelDifference.ts';
import { isAmongTop } from '../../src/engine/measures/precision.ts';
import { UserError } from '../../src/engine/job.ts';
import type { Picture } from '../../src/engine/pictures/picture.ts';

function near(actual: number, expected: number, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

const pixels = (...data: number[]): Picture => ({ width: data.length / 3, height: 1, data: Uint8Array.from(data) });

describe('measures', () => {
  const distances: [a: number[], b: number[], plain: number, normalised: number][] = [
    [[3, 4], [3, 4], 0, 0],
    [[3, 4], [6, 8], 5, 0],
    [[1, 0], [0, 2], Math.sqrt(5), Math.SQRT2],
    [[1, 0], [-3, 0], 4, 2],
    // (0.6, 0.8) and (1, 0): √(0.16 + 0.64).
    [[3, 4], [1, 0], Math.sqrt(20), Math.sqrt(0.8)],
    [[0, 0], [0, 5], 5, 1],
  ];
  for (const [a, b, plain, normalised] of distances) {
    it(`the feature distance of [${a.join()}] and [${b.join()}]`, () => {
      near(featureDistance(a, b, false), plain);
      near(featureDistance(Float32Array.from(a), Float32Array.from(b)), normalised, 1e-7);
    });
  }

  const ln = Math.log;
  const divergences: [p: number[], q: number[], kl: number, js: number][] = [
    [[0.3, 0.7], [0.3, 0.7], 0, 0],
    [[0.5, 0.5], [0.25, 0.75], 0.5 * ln(2) + 0.5 * ln(2 / 3), (0.5 * ln(4 / 3) + 0.5 * ln(4 / 5) + 0.25 * ln(2 / 3) + 0.75 * ln(6 / 5)) / 2],
    // Disjoint: KL is ln 10¹² by the clamp, JS its largest value.
    [[1, 0], [0, 1], 12 * ln(10), ln(2)],
    [[0.5, 0.5, 0], [0.5, 0, 0.5], 0.5 * ln(0.5e12), 0.5 * ln(2)],
  ];
  for (const [p, q, kl, js] of divergences) {
    it(`the divergences of [${p.join()}] and [${q.join()}]`, () => {
      near(klDivergence(p, q), kl, 1e-9);
      near(jsDivergence(p, q), js, 1e-9);
      assert.equal(jsDivergence(p, q), jsDivergence(q, p));
      assert.ok(jsDivergence(p, q) <= Math.LN2);
    });
  }

  const softmaxes: [logits: number[], expected: number[]][] = [
    [[0, 0], [0.5, 0.5]],
    [[ln(1), ln(2), ln(5)], [0.125, 0.25, 0.625]],
    [[1000 + ln(3), 1000], [0.75, 0.25]],
    [[-1e4, 0], [0, 1]],
  ];
  for (const [logits, expected] of softmaxes) {
    it(`softmax of [${logits.join()}]`, () => softmax(logits).forEach((value, i) => near(value, expected[i]!)));
  }

  it('softmax is applied to logits and not to probabilities', () => {
    assert.deepEqual([...probabilities([0.25, 0.75], 'probabilities')], [0.25, 0.75]);
    near(probabilities([0, ln(3)], 'logits')[1]!, 0.75);
  });

  it('an answer that is not finite is an error', () => {
    assert.throws(() => probabilities([1, Number.NaN], 'logits'), new UserError("the model's answer for class 1 is NaN"));
    assert.throws(() => probabilities([Infinity, 1], 'probabilities'), UserError);
  });

  const orders: [values: number[], order: number[]][] = [
    [[5], [0]],
    [[1, 3, 2], [1, 2, 0]],
    [[2, 2, 2], [0, 1, 2]],
    [[0, 7, 1, 7, 7, -1, 3], [1, 3, 4, 6, 2, 0, 5]],
  ];
  for (const [values, order] of orders) {
    it(`the order of [${values.join()}]`, () => {
      assert.equal(argmax(values), order[0]);
      for (let k = 1; k <= order.length + 1; k++) assert.deepEqual(topK(values, k), order.slice(0, k));
      assert.deepEqual(order.map((label) => rank(values, label)), [...order.keys()]);
      order.forEach((label, place) => {
        assert.equal(isAmongTop(values, label, place + 1), true);
        assert.equal(isAmongTop(values, label, place), false);
      });
    });
  }

  it('a label changed where the most likely class is another', () => {
    assert.equal(labelChanged([0.6, 0.4], [0.51, 0.49]), false);
    assert.equal(labelChanged([0.6, 0.4], [0.49, 0.51]), true);
  });

  const versions: [answeredRightly: boolean[], unstable: boolean][] = [
    [[], false], [[true], false], [[false], false], [[true, true], false], [[false, false], false], [[true, false], true], [[false, false, true], true],
  ];
  for (const [answers, unstable] of versions) {
    it(`answers [${answers.join()}] are ${unstable ? 'unstable' : 'stable'}`, () => assert.equal(isUnstable(answers), unstable));
  }

  const differences: [a: Picture, b: Picture, mean: number, psnr: number][] = [
    [pixels(1, 2, 3), pixels(1, 2, 3), 0, Infinity],
    [pixels(0, 0, 0), pixels(255, 255, 255), 1, 0],
    // Mean squared error 255² / 3, so 10 log₁₀ 3.
    [pixels(0, 255, 10), pixels(0, 0, 10), 1 / 3, 10 * Math.log10(3)],
    [pixels(10, 20, 30, 40, 50, 60), pixels(11, 19, 31, 39, 51, 59), 1 / 255, 10 * Math.log10(255 * 255)],
  ];
  for (const [a, b, mean, psnr] of differences) {
    it(`the pixel difference of [${a.data.join()}] and [${b.data.join()}]`, () => {
      near(pixelDifference(a, b), mean);
      assert.equal(pixelDifference(a, b), pixelDifference(b, a));
      if (psnr === Infinity) assert.equal(peakSignalToNoise(a, b), Infinity);
      else near(peakSignalToNoise(a, b), psnr, 1e-9);
    });
  }

  it('what differs in size cannot be compared', () => {
    assert.throws(() => pixelDifference(pixels(1, 2, 3), pixels(1, 2, 3, 4, 5, 6)), RangeError);
    assert.throws(() => featureDistance([1], [1, 2]), RangeError);
    assert.throws(() => klDivergence([1], [0.5, 0.5]), RangeError);
    assert.throws(() => jsDivergence([1], [0.5, 0.5]), RangeError);
  });

  const observed: [Observation, Observation] = [{ features: [1, 0], probabilities: [0.5, 0.5] }, { features: [0, 2], probabilities: [0.25, 0.75] }];
  const pictures: [Picture, Picture] = [pixels(0, 100, 200), pixels(51, 100, 200)];
  const expected: Record<string, number> = {
    featureDistance: Math.SQRT2, jsDivergence: divergences[1]![3], klDivergence: divergences[1]![2], pixelDifference: 0.2 / 3,
  };
  for (const { name } of pairMeasures) {
    it(`${name} is 0 for a pair of equals and as calculated for others`, () => {
      near(measurePair(observed[0], observed[0], measurePictures(pictures[0], pictures[0]))[name]!, 0);
      near(measurePair(...observed, measurePictures(...pictures))[name]!, expected[name]!, 1e-9);
    });
  }

  it('the list of measures is sorted and whole', () => {
    assert.deepEqual(pairMeasures.map(({ name }) => name), Object.keys(expected).sort());
  });
});
