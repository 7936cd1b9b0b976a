import type { Picture } from '../pictures/picture.ts';
import type { AnswerMeasureName, PairMeasureName, PairMeasureValues } from '../results.ts';
import { jsDivergence, klDivergence } from './divergence.ts';
import { featureDistance } from './featureDistance.ts';
import { pixelDifference } from './pixelDifference.ts';

/** What a model makes of one version of a picture: its features (where the model has any) and its probabilities over the classes. */
export interface Observation {
  features: ArrayLike<number>;
  probabilities: ArrayLike<number>;
}

interface Measure<Of extends 'answers' | 'features' | 'pictures', Version> {
  name: PairMeasureName;
  /** Whether the pictures themselves are compared, at the model's input size, or what the model makes of them: features, and answers over classes. */
  of: Of;
  /** Sentence with the formula. */
  description: string;
  between(a: Version, b: Version): number;
}

/** A number that says how far the distorted version B of a picture is from the clean one A; 0 where they are the same. */
export type PairMeasure = (Measure<'pictures', Picture> | Measure<'features', Observation>) & { name: Exclude<PairMeasureName, AnswerMeasureName> } | Measure<'answers', Observation> & { name: AnswerMeasureName };

/** Every measure of a pair, sorted by name: columns of a run's pairs, summaries and titles follow this list. */
export const pairMeasures: readonly PairMeasure[] = [
  {
    name: 'featureDistance',
    of: 'features',
    description: 'Length of the difference of the features, each scaled to length 1: ‖f(A) − f(B)‖₂.',
    between: (a, b) => featureDistance(a.features, b.features),
  },
  {
    name: 'jsDivergence',
    of: 'answers',
    description: 'Jensen–Shannon divergence of the answers, natural logarithm, at most ln 2.',
    between: (a, b) => jsDivergence(a.probabilities, b.probabilities),
  },
  {
    name: 'klDivergence',
    of: 'answers',
    description: 'KL divergence of the answers, KL(P_A‖P_B), natural logarithm.',
    between: (a, b) => klDivergence(a.probabilities, b.probabilities),
  },
  {
    name: 'pixelDifference',
    of: 'pictures',
    description: 'Mean of |A − B| over the pixels at the model\'s input size, in [0, 1].',
    between: pixelDifference,
  },
];

/** The measures that compare the pictures themselves, by name. */
export type PictureMeasures = Partial<Record<PairMeasureName, number>>;

/** What the measures of the pictures themselves say of a pair; of a picture and itself, 0. */
export function measurePictures(a: Picture, b: Picture): PictureMeasures {
  return Object.fromEntries(pairMeasures.flatMap((measure) => (measure.of === 'pictures' ? [[measure.name, a === b ? 0 : measure.between(a, b)]] : [])));
}

/** All measures of a pair; those of the answers are null where the model has no classes. */
export function measurePair(a: Observation, b: Observation, ofPictures: PictureMeasures): PairMeasureValues<number> {
  return byMeasure<number | null>((name, measure) => {
    if (measure.of === 'pictures') return ofPictures[name]!;
    return measure.of === 'answers' && a.probabilities.length === 0 ? null : measure.between(a, b);
  }) as PairMeasureValues<number>;
}

/** Something for each measure. */
export function byMeasure<Value>(make: (name: PairMeasureName, measure: PairMeasure) => Value): Record<PairMeasureName, Value> {
  return Object.fromEntries(pairMeasures.map((measure) => [measure.name, make(measure.name, measure)])) as Record<PairMeasureName, Value>;
}
