import type { RandomSource } from '../../../src/engine/random.ts';
import { pick, type Damage } from './mutate.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Values that stand in the place of others. */
const strange: readonly Json[] = [
  null, true, false, 0, 1, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 53, 1e12, '', 'x', '../x', '__proto__', 'toString', [], {}, [[]], [-1, -1], [1e9, 1e9, 1e9], { class_name: 'Model', config: {} },
];

interface Place {
  holder: Json[] | { [key: string]: Json };
  key: string | number;
}

/** Changes one value of a JSON text: another value, one from elsewhere in the text, none, or twice. Null where it is no JSON. */
export function mutateJson(bytes: Uint8Array, random: RandomSource): Damage | null {
  let root: Json;
  try {
    root = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const places = placesIn(root, '');
  if (places.length === 0) return null;
  const { place, path } = pick(random, places);
  const value = valueAt(place);
  const what = ((): string => {
    switch (random.integer(5)) {
      case 0:
        return set(place, pick(random, strange));
      case 1:
        return set(place, structuredClone(valueAt(pick(random, places).place)));
      case 2:
        if (Array.isArray(place.holder)) place.holder.splice(place.key as number, 1);
        // A key of a parsed JSON text, not of a type.
        else Reflect.deleteProperty(place.holder, place.key);
        return 'removed';
      case 3:
        if (!Array.isArray(place.holder)) return set(place, [value]);
        place.holder.splice(place.key as number, 0, structuredClone(value));
        return 'doubled';
      default:
        // Another value of the same type: names that lead elsewhere, cycles, sizes that do not fit.
        return set(place, structuredClone(valueAt(pick(random, places.filter((other) => typeof valueAt(other.place) === typeof value)).place)));
    }
  })();
  return { bytes: new TextEncoder().encode(JSON.stringify(root)), what: `${path} ${what}` };
}

function valueAt({ holder, key }: Place): Json {
  return (holder as { [key: string]: Json })[key]!;
}

function set({ holder, key }: Place, value: Json): string {
  (holder as { [key: string]: Json })[key] = value;
  return `= ${(JSON.stringify(value) as string | undefined ?? 'undefined').slice(0, 80)}`;
}

function placesIn(value: Json, path: string): { place: Place; path: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  return keys.flatMap((key) => {
    const place = { holder: value, key };
    return [{ place, path: `${path}/${key}` }, ...placesIn(valueAt(place), `${path}/${key}`)];
  });
}
