/** Which place of an axis of that length stands at an index that may lie outside of it, by the mode of a Pad. */
export const paddedPlace: Record<string, ((index: number, length: number) => number) | undefined> = {
  edge: (index, length) => Math.min(Math.max(index, 0), length - 1),
  reflect: (index, length) => {
    const period = Math.max(2 * (length - 1), 1);
    const within = ((index % period) + period) % period;
    return within < length ? within : period - within;
  },
  wrap: (index, length) => ((index % length) + length) % length,
};
