import type { DatasetItem } from '../dataset.ts';
import { UserError } from '../job.ts';
import { byMeasure, measurePair, pairMeasures, type PictureMeasures } from '../measures/index.ts';
import { isUnstable } from '../measures/instability.ts';
import { argmax, topK } from '../measures/labels.ts';
import { isAmongTop } from '../measures/precision.ts';
import type { DistortionResult, DistortionSpec, Pair, PairMeasureValues, Share, Summary } from '../results.ts';
import { Sample, ShareCounter } from '../statistics.ts';
import type { Answer } from './answers.ts';

/** What is counted for one distortion. */
class DistortionTally {
  readonly changed = new ShareCounter();
  readonly rightAt1 = new ShareCounter();
  readonly rightAt5 = new ShareCounter();
  readonly measures = byMeasure(() => new Sample());
}

/** Collects the measures of one model over all pictures; its memory does not grow with their number. */
export class Tally {
  readonly #specs: readonly DistortionSpec[];
  readonly #classNames: readonly string[] | null;
  readonly #distortions: DistortionTally[];
  readonly #cleanAt1 = new ShareCounter();
  readonly #cleanAt5 = new ShareCounter();
  readonly #unstable = new ShareCounter();
  readonly #cleanLabels = new Set<number>();
  #pictures = 0;

  constructor(specs: readonly DistortionSpec[], classNames: readonly string[] | null) {
    this.#specs = specs;
    this.#classNames = classNames;
    this.#distortions = specs.map(() => new DistortionTally());
  }

  /** Takes the answers to the clean picture and to each distorted version, and gives the picture's pairs. */
  add(item: DatasetItem, clean: Answer, distorted: readonly Answer[], ofPictures: readonly PictureMeasures[]): Pair[] {
    this.#pictures++;
    const labelA = argmax(clean.probabilities);
    if (clean.probabilities.length > 0) this.#cleanLabels.add(labelA);
    const truth = item.label;
    if (truth !== null && clean.probabilities.length > 0 && truth >= clean.probabilities.length) throw new UserError(`${item.path} has the class ${this.#name(truth)}, number ${truth + 1}, but the model answers with ${clean.probabilities.length} classes`);
    const classes = clean.probabilities.length > 0;
    if (truth !== null && classes) {
      this.#cleanAt1.add(isAmongTop(clean.probabilities, truth, 1));
      this.#cleanAt5.add(isAmongTop(clean.probabilities, truth, 5));
      this.#unstable.add(isUnstable([clean, ...distorted].map((answer) => isAmongTop(answer.probabilities, truth, 1))));
    }
    return distorted.map((answer, index) => {
      const tally = this.#distortions[index]!;
      const labelB = argmax(answer.probabilities);
      const pair: Pair = {
        image: item.path,
        distortion: this.#specs[index]!.name,
        strength: this.#specs[index]!.strength,
        ...measurePair(clean, answer, ofPictures[index]!),
        labelA: classes ? this.#name(labelA) : '',
        labelB: classes ? this.#name(labelB) : '',
        topA: this.#top(clean),
        topB: this.#top(answer),
        truth: truth === null ? null : this.#name(truth),
      };
      if (!Number.isFinite(pair.featureDistance)) throw new UserError(`${item.path}: the feature layer holds values that are not numbers`);
      if (classes) tally.changed.add(labelA !== labelB);
      for (const { name } of pairMeasures) if (pair[name] !== null) tally.measures[name].add(pair[name]);
      if (truth !== null && classes) {
        tally.rightAt1.add(isAmongTop(answer.probabilities, truth, 1));
        tally.rightAt5.add(isAmongTop(answer.probabilities, truth, 5));
      }
      return pair;
    });
  }

  get pictures(): number {
    return this.#pictures;
  }

  /** Different labels that clean pictures were given. */
  get cleanLabels(): number {
    return this.#cleanLabels.size;
  }

  get clean(): { precisionAt1: Share; precisionAt5: Share } | null {
    return this.#cleanAt1.of === 0 ? null : { precisionAt1: this.#cleanAt1.share(), precisionAt5: this.#cleanAt5.share() };
  }

  get instability(): Share | null {
    return this.#unstable.of === 0 ? null : this.#unstable.share();
  }

  get distortions(): DistortionResult[] {
    return this.#specs.map(({ name, strength }, index) => {
      const tally = this.#distortions[index]!;
      const labelled = tally.rightAt1.of > 0;
      // Without any picture nothing shows whether there are classes.
      const classes = tally.changed.of > 0 || this.#pictures === 0;
      return {
        name, strength,
        labelInstability: classes ? tally.changed.share() : null,
        ...byMeasure((name, { of }) => (of === 'answers' && !classes ? null : tally.measures[name].summary())) as PairMeasureValues<Summary>,
        precisionAt1: labelled ? tally.rightAt1.share() : null,
        precisionAt5: labelled ? tally.rightAt5.share() : null,
      };
    });
  }

  #name(label: number): string {
    return this.#classNames?.[label] ?? String(label);
  }

  #top(answer: Answer): Pair['topA'] {
    return topK(answer.probabilities, 5).map((label) => [this.#name(label), answer.probabilities[label]!]);
  }
}
