import type { InputSize } from '../inputSize.ts';
import type { Preprocessing } from '../results.ts';

/** What a file beside a model says of it; absent is what it leaves open. */
export interface Found {
  preprocessing?: Partial<Omit<Preprocessing, 'from' | 'file'>>;
  /** In the order of the model's answers. */
  classNames?: string[];
  /** Size of the pictures, for a model that takes any. */
  size?: InputSize;
}

/** A kind of file that tools put beside the models they export. */
export interface Companion {
  /** Its name in the model's folder. */
  file: string;
  /** What its text says; null where it is none of this kind, which other programs' files of the same name are. */
  read(text: string): Found | null;
}
