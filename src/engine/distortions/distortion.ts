import type { Picture } from '../pictures/picture.ts';
import type { RandomSource } from '../random.ts';

/**
 * A change of a picture that people hardly see. It works on a picture of any size from 1×1, before the model's resize, and
 * never changes its input; it takes what is random from the source it is given. Adding one means adding a file and a line
 * in `index.ts`.
 */
export interface Distortion {
  /** Name on the command line and in files: lower case, words joined by hyphens. */
  name: string;
  /** Name on screens. */
  title: string;
  /** One sentence for people who choose. */
  description: string;
  strength: {
    default: number;
    minimum: number;
    maximum: number;
    /** Whether only whole numbers have a meaning. */
    whole: boolean;
    unit: string;
    /** Strengths of a sweep, from weak to strong. */
    sweep: number[];
  };
  apply(picture: Picture, strength: number, random: RandomSource): Picture | Promise<Picture>;
}
