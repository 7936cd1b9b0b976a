import { stridedCut } from './operators/shaping.ts';
import type { OperatorCall } from './operators/operator.ts';
import type { Known } from './values.ts';

/** Whole numbers of one operator at most: shapes have a few. */
const most = 1024;

/**
 * What an operator makes of whole numbers that are known without the picture: converters write the shape of a RESHAPE as
 * arithmetic on the shape of its input. Null where it depends on the picture or is no such operator.
 */
export function fold(call: OperatorCall, dependsOnPicture: (input: number) => boolean): Known | null {
  const { name, inputs, outputs } = call.operator;
  if (outputs.length !== 1 || !['int32', 'int64'].includes(call.output().type)) return null;
  if (name === 'SHAPE') {
    const { shape } = call.input(0);
    return { ...vector(shape.map((size, axis) => ({ size, batch: axis === 0 && dependsOnPicture(inputs[0]!) }))) };
  }
  if (name === 'RANK') return { shape: [], values: [call.input(0).shape.length] };
  const make = folds[name];
  if (!make || inputs.length === 0) return null;
  const known = inputs.map((_, index) => (call.has(index) ? call.known(index) : null));
  if (!known.every((value) => value !== null && value.shape.length <= 1 && value.values.length <= most)) return null;
  const result = make(call, (known as Known[]).map(({ shape, values, batch }) => ({ scalar: shape.length === 0, items: values.map((size, place) => ({ size, batch: batch?.has(place) ?? false })) })));
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

type Fold = (call: OperatorCall, inputs: readonly Given[]) => Numbers | null;
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

const reduced = (start: number, compute: (total: number, value: number) => number): Fold => (call, [input]) => {
  if (!input || input.scalar) return null;
  return { scalar: !call.flag(0), items: [{ size: input.items.reduce((total, item) => compute(total, item.size), start), batch: input.items.some((item) => item.batch) }] };
};

const folds: Record<string, Fold | undefined> = {
  ADD: binary((left, right) => left + right),
  CAST: (_, [input]) => input ?? null,
  CONCATENATION: (_, inputs) => (inputs.every(({ scalar }) => !scalar) ? list(inputs.flatMap(({ items }) => items)) : null),
  EXPAND_DIMS: (_, [input]) => (input?.scalar ? list(input.items) : null),
  FLOOR_DIV: binary((left, right) => (right === 0 ? NaN : Math.floor(left / right))),
  GATHER: (_, [input, indices]) => (input && indices ? { scalar: indices.scalar, items: indices.items.map(({ size }) => input.items[size]) } : null),
  MAXIMUM: binary(Math.max),
  MINIMUM: binary(Math.min),
  MUL: binary((left, right) => left * right),
  PACK: (_, inputs) => (inputs.every(({ scalar }) => scalar) ? list(inputs.flatMap(({ items }) => items)) : null),
  REDUCE_MAX: reduced(-Infinity, Math.max),
  REDUCE_PROD: reduced(1, (total, value) => total * value),
  RESHAPE: (call, [input]) => {
    const rank = call.output().shape.length;
    if (!input || rank > 1) return null;
    return rank === 1 ? list(input.items) : alone(input.items[0]);
  },
  SLICE: (_, [input, begin, size]) => {
    const [start, length] = [begin?.items[0]?.size ?? -1, size?.items[0]?.size ?? 0];
    return input && start >= 0 ? list(input.items.slice(start, length === -1 ? undefined : start + length)) : null;
  },
  SQUEEZE: (_, [input]) => (input?.items.length === 1 ? alone(input.items[0]) : null),
  STRIDED_SLICE: (call, [input, ...bounds]) => {
    const single = (call.option(4) & 1) === 1;
    const [begin, end, step] = bounds.map(({ items }) => (items.length === 1 ? items[0]!.size : 0)) as [number, number, number];
    if (!input || bounds.length !== 3 || step === 0 || call.option(2) !== 0 || call.option(3) !== 0) return null;
    const cut = stridedCut(input.items.length, { begin, end, step, openBegin: (call.option(0) & 1) === 1, openEnd: (call.option(1) & 1) === 1, single });
    const items: (Item | undefined)[] = [];
    for (let place = cut.start; cut.step > 0 ? place < cut.end : place > cut.end; place += cut.step) items.push(input.items[place]);
    return single ? alone(items[0]) : list(items);
  },
  SUB: binary((left, right) => left - right),
  SUM: reduced(0, (total, value) => total + value),
};
