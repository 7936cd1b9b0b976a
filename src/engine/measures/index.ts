import type { Picture } from '../pictures/picture.ts';
import type { Pair } from '../results.ts';
import { jsDivergence, klDivergence } from './divergence.ts';
import { featureDistance } from './featureDistance.ts';
import { pixelDifference } from './pixelDifference.ts';

/** What is known of one version of a picture: at the model's input size, its features (where the model has any) and answer. */
export interface Observation {
  picture: Picture;
  features: ArrayLike<number>;
  /** Probabilities over the classes. */
  answer: ArrayLike<number>;
}

/** A number that says how far the distorted version B of a picture is from the clean one A. */
export interface PairMeasure {
  name: keyof Pair & ('featureDistance' | 'jsDivergence' | 'klDivergence' | 'pixelDifference');
  title: string;
  /** Sentence with the formula. */
  description: string;
  of(a: Observation, b: Observation, options: { normaliseFeatures: boolean }): number;
}

/** Every measure of a pair, sorted by name. */
export const pairMeasures: readonly PairMeasure[] = [
  {
    name: 'featureDistance',
    title: 'Feature distance',
    description: 'Length of the difference of the features, ‖f(A) − f(B)‖₂.',
    of: (a, b, { normaliseFeatures }) => featureDistance(a.features, b.features, normaliseFeatures),
  },
  {
    name: 'jsDivergence',
    title: 'JS divergence',
    description: 'Jensen–Shannon divergence of the answers, natural logarithm, at most ln 2.',
    of: (a, b) => jsDivergence(a.answer, b.answer),
  },
  {
    name: 'klDivergence',
    title: 'KL divergence',
    description: 'KL divergence of the answers, KL(P_A‖P_B), natural logarithm.',
    of: (a, b) => klDivergence(a.answer, b.answer),
  },
  {
    name: 'pixelDifference',
    title: 'Pixel difference',
    description: 'Mean of |A − B| over the pixels at the model\'s input size, in [0, 1].',
    of: (a, b) => pixelDifference(a.picture, b.picture),
  },
];
