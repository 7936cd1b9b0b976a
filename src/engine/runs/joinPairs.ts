import type { OpenedPairs } from './openedPairs.ts';

/** For each line of a run, the line of the same picture under the same distortion in another run; −1 where that has none. */
export function joinPairs(run: OpenedPairs, other: OpenedPairs): Int32Array {
  if (run.joined?.other === other) return run.joined.lines;
  const [mine, theirs] = [run.index, other.index];
  const imageOf = placesOf(mine.images, theirs.images);
  const distortionOf = Int32Array.from(mine.distortions, ({ name, strength }) => theirs.distortions.findIndex((spec) => spec.name === name && spec.strength === strength));
  const kinds = theirs.distortions.length;
  const lineOf = new Int32Array(theirs.images.length * kinds).fill(-1);
  for (let line = 0; line < theirs.count; line++) lineOf[theirs.image[line]! * kinds + theirs.distortion[line]!] = line;
  const lines = new Int32Array(mine.count);
  for (let line = 0; line < lines.length; line++) {
    const picture = imageOf[mine.image[line]!]!;
    const distortion = distortionOf[mine.distortion[line]!]!;
    lines[line] = picture < 0 || distortion < 0 ? -1 : lineOf[picture * kinds + distortion]!;
  }
  run.joined = { other, lines };
  return lines;
}

/** Where each of some names stands in a list; −1 where it does not. Runs of the same pictures mostly have them in the same order. */
function placesOf(names: readonly string[], list: readonly string[]): Int32Array {
  const places = new Int32Array(names.length);
  let known: Map<string, number> | undefined;
  for (let at = 0; at < places.length; at++) {
    if (names[at] === list[at]) places[at] = at;
    else places[at] = (known ??= new Map(list.map((name, place) => [name, place]))).get(names[at]!) ?? -1;
  }
  return places;
}
