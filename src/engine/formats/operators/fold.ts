import type { Known } from './call.ts';
import { stridedCut, type StridedMasks } from './shaping.ts';

/** Whole numbers of one operator at most: shapes have a few. */
const most = 1024;

/** What computes whole numbers, however a format calls it. */
export type Arithmetic = keyof typeof folds | 'shape' | 'rank';

/** An operator of whole numbers, and its settings where it has them. */
export interface Folding {
  kind: Arithmetic;
  /** Shape of the first input. */
  inputShape(): readonly number[];
  /** Whether the first input depends on the picture. */
  depends(): boolean;
  /** What is known of each input, those left out that only set something. */
  inputs(): (Known | null)[];
  /** Rank of the output, for a change of shape. */
  rank(): number;
  /** Whether a reduction keeps its axes. */
  keep(): boolean;
  masks(): StridedMasks;
}

/**
 * What an operator makes of whole numbers that are known without the picture: converters write the shape of a reshaping as
 * arithmetic on the shape of its input. Null where it depends on the picture.
 */
export function fold(folding: Folding): Known | null {
  const { kind } = folding;
  if (kind === 'shape') return vector(folding.inputShape().map((size, axis) => ({ size, batch: axis === 0 && folding.depends() })));
  if (kind === 'rank') return { shape: [], values: [folding.inputShape().length] };
  const known = folding.inputs();
  if (known.length === 0 || !known.every((value) => value !== null && value.shape.length <= 1 && value.values.length <= most)) return null;
  const result = folds[kind](folding, (known as Known[]).map(({ shape, values, batch }) => ({ scalar: shape.length === 0, items: values.map((size, place) => ({ size, batch: batch?.has(place) ?? false })) })));
  if (!result || result.items.length > most || !result.items.every((item) => item !== undefined && Number.isSafeInteger(item.size))) return null;
  const folded = vector(result.items as Item[]);
  return result.scalar ? { ...folded, shape: [] } : folded;
}

/** A number, and whether it grows with the number of pictures. */
interface Item {
  size: number;
  batch: boolean;
}

/** A number alone or a list of them. */
interface Numbers {
  scalar: boolean;
  items: (Item | undefined)[];
}

type Fold = (folding: Folding, inputs: readonly Given[]) => Numbers | null;
interface Given {
  scalar: boolean;
  items: Item[];
}

function vector(items: readonly Item[]): Known {
  const batch = items.flatMap((item, place) => (item.batch ? [place] : []));
  return { shape: [items.length], values: items.map((item) => item.size), ...(batch.length > 0 && { batch: new Set(batch) }) };
}

const list = (items: readonly (Item | undefined)[]): Numbers => ({ scalar: false, items: [...items] });
const alone = (item: Item | undefined): Numbers => ({ scalar: true, items: [item] });

const binary = (compute: (left: number, right: number) => number): Fold => (_, [left, right]) => {
  if (!left || !right) return null;
  const length = Math.max(left.items.length, right.items.length);
  if (![left, right].every(({ items }) => items.length === 1 || items.length === length)) return null;
  const at = ({ items }: Given, index: number): Item => items[items.length === 1 ? 0 : index]!;
  const items = Array.from({ length }, (__, index) => ({ size: compute(at(left, index).size, at(right, index).size), batch: at(left, index).batch || at(right, index).batch }));
  return { scalar: left.scalar && right.scalar, items };
};

const reduced = (start: number, compute: (total: number, value: number) => number): Fold => (folding, [input]) => {
  if (!input || input.scalar) return null;
  return { scalar: !folding.keep(), items: [{ size: input.items.reduce((total, item) => compute(total, item.size), start), batch: input.items.some((item) => item.batch) }] };
};

const folds = {
  add: binary((left, right) => left + right),
  cast: (_, [input]) => input ?? null,
  concat: (_, inputs) => (inputs.every(({ scalar }) => !scalar) ? list(inputs.flatMap(({ items }) => items)) : null),
  expandDims: (_, [input]) => (input?.scalar ? list(input.items) : null),
  floorDivide: binary((left, right) => (right === 0 ? NaN : Math.floor(left / right))),
  gather: (_, [input, indices]) => (input && indices ? { scalar: indices.scalar, items: indices.items.map(({ size }) => input.items[size]) } : null),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  multiply: binary((left, right) => left * right),
  stack: (_, inputs) => (inputs.every(({ scalar }) => scalar) ? list(inputs.flatMap(({ items }) => items)) : null),
  reduceMax: reduced(-Infinity, Math.max),
  reduceProduct: reduced(1, (total, value) => total * value),
  reshape: (folding: Folding, [input]: readonly Given[]) => {
    const rank = folding.rank();
    if (!input || rank > 1) return null;
    return rank === 1 ? list(input.items) : alone(input.items[0]);
  },
  slice: (_, [input, begin, size]) => {
    const [start, length] = [begin?.items[0]?.size ?? -1, size?.items[0]?.size ?? 0];
    return input && start >= 0 ? list(input.items.slice(start, length === -1 ? undefined : start + length)) : null;
  },
  squeeze: (_, [input]) => (input?.items.length === 1 ? alone(input.items[0]) : null),
  stridedSlice: (folding: Folding, [input, ...bounds]: readonly Given[]) => {
    const masks = folding.masks();
    const single = (masks.shrink & 1) === 1;
    const [begin, end, step] = bounds.map(({ items }) => (items.length === 1 ? items[0]!.size : 0)) as [number, number, number];
    if (!input || bounds.length !== 3 || step === 0 || masks.ellipsis !== 0 || masks.newAxis !== 0) return null;
    const cut = stridedCut(input.items.length, { begin, end, step, openBegin: (masks.begin & 1) === 1, openEnd: (masks.end & 1) === 1, single });
    const items: (Item | undefined)[] = [];
    for (let place = cut.start; cut.step > 0 ? place < cut.end : place > cut.end; place += cut.step) items.push(input.items[place]);
    return single ? alone(items[0]) : list(items);
  },
  subtract: binary((left, right) => left - right),
  reduceSum: reduced(0, (total, value) => total + value),
} satisfies Record<string, Fold>;
