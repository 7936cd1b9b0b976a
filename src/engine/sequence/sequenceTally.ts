import type { DatasetItem } from '../dataset/item.ts';
import type { Answer } from '../inference/answers.ts';
import { UserError } from '../job.ts';
import { jsDivergence } from '../measures/divergence.ts';
import { featureDistance } from '../measures/featureDistance.ts';
import { argmax, topK } from '../measures/labels.ts';
import { isAmongTop } from '../measures/precision.ts';
import type { Clip, Frame, Sequence } from '../results.ts';
import { Sample, ShareCounter } from '../statistics.ts';
import { NeighbourPrecision } from './neighbourPrecision.ts';

/** Classes whose probabilities are drawn over time: as many lines as can be told apart without colour. */
const drawnClasses = 6;

/** Counts what neighbouring frames have in common; takes the frames of one clip after the other. */
export class SequenceTally {
  readonly #classNames: readonly string[] | null;
  readonly #clips: Clip[] = [];
  /** Numbers of the classes that are drawn of each clip. */
  readonly #drawn: number[][] = [];
  readonly #changed = new ShareCounter();
  readonly #featureDistance = new Sample();
  readonly #jsDivergence = new Sample();
  readonly #rightAt1 = new ShareCounter();
  readonly #rightAt5 = new ShareCounter();
  readonly #neighbourPrecision = new NeighbourPrecision();
  #before: { label: number; answer: Answer } | null = null;
  #frames = 0;
  #nextClip: string | null = null;
  /** Of the clip under way, per class: frames that were given it, and the sum of its probabilities. */
  #given = new Float64Array();
  #sums = new Float64Array();

  constructor(classNames: readonly string[] | null) {
    this.#classNames = classNames;
  }

  get frames(): number {
    return this.#frames;
  }

  /** What follows belongs to another clip; there is one as soon as one of its frames can be read. */
  beginClip(name: string): void {
    this.gap();
    this.#nextClip = name;
  }

  /** A frame could not be read: those around it are no neighbours. */
  gap(): void {
    this.#before = null;
    this.#neighbourPrecision.cut();
  }

  add({ path, label: truth }: DatasetItem, answer: Answer): Frame {
    const { probabilities, features } = answer;
    if (truth !== null && truth >= probabilities.length) throw new UserError(`${path} has class number ${truth + 1}, but the model answers with ${probabilities.length} classes`);
    const label = argmax(probabilities);
    const clip = this.#clip(probabilities.length);
    const before = this.#before;
    const change = before && {
      flip: before.label !== label,
      featureDistance: featureDistance(before.answer.features, features),
      jsDivergence: jsDivergence(before.answer.probabilities, probabilities),
    };
    if (change) {
      if (!Number.isFinite(change.featureDistance)) throw new UserError(`${path}: the feature layer holds values that are not numbers`);
      this.#changed.add(change.flip);
      this.#featureDistance.add(change.featureDistance);
      this.#jsDivergence.add(change.jsDivergence);
      if (change.flip) clip.flips++;
    }
    if (truth === null) {
      this.#neighbourPrecision.cut();
    } else {
      this.#rightAt1.add(isAmongTop(probabilities, truth, 1));
      this.#rightAt5.add(isAmongTop(probabilities, truth, 5));
      this.#neighbourPrecision.add(isAmongTop(probabilities, truth, 1));
    }
    this.#given[label]!++;
    probabilities.forEach((value, index) => (this.#sums[index]! += value));
    this.#before = { label, answer: { probabilities, features: Float32Array.from(features) } };
    this.#frames++;
    clip.frames++;
    return {
      image: path, clip: this.#clips.length - 1, label: this.#name(label), top: topK(probabilities, 5).map((each) => [this.#name(each), probabilities[each]!]),
      truth: truth === null ? null : this.#name(truth), change,
    };
  }

  /** The clip that the next frame belongs to. */
  #clip(classes: number): Clip {
    if (this.#nextClip !== null) {
      this.#endClip();
      this.#clips.push({ name: this.#nextClip, start: this.#frames, frames: 0, flips: 0, classes: [] });
      this.#nextClip = null;
      [this.#given, this.#sums] = [new Float64Array(classes), new Float64Array(classes)];
    }
    return this.#clips.at(-1)!;
  }

  /** Chooses the classes that are drawn: those that most frames were given, then the most probable. */
  #endClip(): void {
    const clip = this.#clips.at(-1);
    if (!clip || this.#drawn.length === this.#clips.length) return;
    const order = Array.from(this.#sums.keys()).sort((a, b) => this.#given[b]! - this.#given[a]! || this.#sums[b]! - this.#sums[a]!).slice(0, drawnClasses);
    this.#drawn.push(order);
    clip.classes = order.map((label) => ({ name: this.#name(label), frames: this.#given[label]!, meanProbability: this.#sums[label]! / clip.frames }));
  }

  /** Where the frames of each clip begin, and the numbers of the classes that are drawn of it. */
  get drawn(): { start: number; frames: number; classes: number[] }[] {
    this.#endClip();
    return this.#clips.map(({ start, frames }, index) => ({ start, frames, classes: this.#drawn[index]! }));
  }

  report(): Pick<Sequence, 'clips' | 'labelInstability' | 'featureDistance' | 'jsDivergence' | 'clean' | 'neighbourPrecision'> {
    this.#endClip();
    return {
      clips: this.#clips,
      labelInstability: this.#changed.share(),
      featureDistance: this.#featureDistance.summary(),
      jsDivergence: this.#jsDivergence.summary(),
      clean: this.#rightAt1.of === 0 ? null : { precisionAt1: this.#rightAt1.share(), precisionAt5: this.#rightAt5.share() },
      neighbourPrecision: this.#neighbourPrecision.result(),
    };
  }

  #name(label: number): string {
    return this.#classNames?.[label] ?? String(label);
  }
}
