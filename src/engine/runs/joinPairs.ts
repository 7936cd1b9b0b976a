import type { OpenedPairs } from './openedPairs.ts';

/** For each line of a run, the line of the same picture under the same distortion in another run; −1 where that has none. */
export function joinPairs(run: OpenedPairs, other: OpenedPairs): Int32Array {
  if (run.joined?.other === other) return run.joined.lines;
  const [mine, theirs] = [run.index, other.index];
  const images = new Map(theirs.images.map((image, at) => [image, at]));
  const imageOf = Int32Array.from(mine.images, (image) => images.get(image) ?? -1);
  const distortionOf = Int32Array.from(mine.distortions, ({ name, strength }) => theirs.distortions.findIndex((spec) => spec.name === name && spec.strength === strength));
  const kinds = theirs.distortions.length;
  const lineOf = new Int32Array(theirs.images.length * kinds).fill(-1);
  for (let line = 0; line < theirs.count; line++) lineOf[theirs.image[line]! * kinds + theirs.distortion[line]!] = line;
  const lines = Int32Array.from(mine.image, (image, line) => {
    const [picture, distortion] = [imageOf[image]!, distortionOf[mine.distortion[line]!]!];
    return picture < 0 || distortion < 0 ? -1 : lineOf[picture * kinds + distortion]!;
  });
  run.joined = { other, lines };
  return lines;
}
