import type { Session } from '../engines/engine.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';
import { concreteInput, type OpenModel } from '../openModel.ts';
import { trainingNoise, type Version } from '../pictures/prepare.ts';
import { toNoisyTensor, toTensor } from '../pictures/tensor.ts';
import { picturesAtOnce, type FeatureSource } from './featureSource.ts';
import type { FeatureStore } from './featureStore.ts';

/** How a source makes its values. */
interface FreshFeaturesParts {
  model: Pick<OpenModel, 'input' | 'preprocessing' | 'inputName'>;
  /** Pictures as bytes, at the size of the model's input: those versions that are not noise, in their order. */
  pictures: FeatureStore;
  versions: readonly Version[];
  /** The fixed part; null where the picture itself lies at the cut, under the name `value`. */
  fixed: Session | null;
  value: string;
  seed: number;
}

/**
 * Values at the cut that are made anew for every batch: noise from its seed, and what lies before the cut. For a cut near the
 * input, where the values of every draw would take many times the room of the pictures.
 */
export class FreshFeatures implements FeatureSource {
  readonly #parts: FreshFeaturesParts;
  readonly #paths: string[];
  /** Version of the stored pictures that a version is made from. */
  readonly #bases: number[];

  constructor(parts: FreshFeaturesParts) {
    this.#parts = parts;
    this.#paths = parts.pictures.paths;
    const stored = storedVersions(parts.versions);
    this.#bases = parts.versions.map((version) => Math.max(0, stored.indexOf(version)));
  }

  get count(): number {
    return this.#parts.pictures.count;
  }

  get paths(): string[] {
    return this.#paths;
  }

  get skipped(): { path: string; reason: string }[] {
    return this.#parts.pictures.skipped;
  }

  get atOnce(): number {
    return picturesAtOnce(sizeOf(concreteInput(this.#parts.model)));
  }

  async batch(indices: ArrayLike<number>, version: (place: number) => number): Promise<Record<string, Tensor>> {
    const { model, pictures, versions, fixed, value, seed } = this.#parts;
    const { layout, width, height } = model.input;
    const [, ...dims] = concreteInput(model);
    const [bytes] = Object.values(pictures.batch(indices, (place) => this.#bases[version(place)]!));
    const data = new Float32Array(indices.length * sizeOf(dims));
    const pictureSize = width * height * 3;
    for (let place = 0; place < indices.length; place++) {
      const picture = { width, height, data: (bytes!.data as Uint8Array).subarray(place * pictureSize, (place + 1) * pictureSize) };
      const wanted = versions[version(place)]!;
      const offset = place * sizeOf(dims);
      if (wanted.kind === 'noisy') toNoisyTensor(picture, wanted.sigma, trainingNoise(seed, this.#paths[indices[place]!]!, wanted, picture), data, offset, layout, model.preprocessing);
      else toTensor(picture, data, offset, layout, model.preprocessing);
    }
    const input: Tensor = { type: 'float32', dims: [indices.length, ...dims], data };
    return fixed === null ? { [value]: input } : fixed.run({ [model.inputName]: input });
  }

  async close(): Promise<void> {
    this.#parts.pictures.close();
    await this.#parts.fixed?.release();
  }
}

/** The versions that have to be kept as pictures: noise is made from the clean one. */
export function storedVersions(versions: readonly Version[]): Version[] {
  return versions.filter((version) => version.kind !== 'noisy');
}
