/** A picture of a data set. */
export interface DatasetItem {
  /** Relative to the data set's folder, with forward slashes: the picture's name everywhere. */
  path: string;
  absolute: string;
  /** Index of its class; null where it is not known. */
  label: number | null;
}
