import type { Flow } from '../layers/flow.ts';
import { shown, type Call } from './call.ts';

/** The shape that arrays are stretched to when they are joined; throws where they do not fit together. */
export function broadcastShape(call: Call, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = dims.find((dim) => dim !== 1) ?? 1;
    if (dims.some((dim) => dim !== 1 && dim !== size)) throw call.error(`its inputs do not fit together: ${shapes.map(shown).join(' and ')}`);
    return size;
  });
}

/** Names of inputs that are to be joined, in one order of axes: channels first where any of them has that already. */
export function aligned(call: Call, indices: readonly number[]): { names: string[]; shape: number[]; channelsFirst: boolean } {
  const fixed = indices.map((index) => call.known(index) === null && call.stored(index));
  const flows = indices.map((index, place) => (fixed[place] ? undefined : call.input(index)));
  const shapes = flows.map((flow, place) => flow?.shape ?? (fixed[place] as { shape: number[] }).shape);
  const shape = broadcastShape(call, shapes);
  const channelsFirst = flows.some((flow) => flow?.channelsFirst);
  const names = flows.map((flow, place) => {
    if (!channelsFirst) return flow?.name ?? call.fixed(indices[place]!);
    const short = shapes[place]!;
    const whole = [...new Array<number>(shape.length - short.length).fill(1), ...short];
    if (!flow) return fixedFirst(call, indices[place]!, short, whole);
    if (short.length === 0) return flow.name;
    if (short.length === shape.length) return call.graph.channelsFirst(flow);
    const name = call.op('Reshape', [call.graph.plain(flow), call.graph.builder.ints(whole)], {}, `${call.name}/stretched`);
    return call.graph.channelsFirst({ name, shape: whole, channelsFirst: false });
  });
  return { names, shape, channelsFirst };
}

/** A fixed array with channels first: only axes longer than one have to change places. */
function fixedFirst(call: Call, index: number, stored: readonly number[], whole: readonly number[]): string {
  if (whole.every((dim) => dim === 1)) return call.fixed(index, { dims: [] });
  const rank = whole.length;
  const dims = [whole[0]!, whole[rank - 1]!, ...whole.slice(1, -1)];
  // Leading ones are not needed, and a bias of [channels, 1, 1] is what layers have.
  while (dims.length > 1 && dims[0] === 1) dims.shift();
  if (whole.slice(1, -1).every((dim) => dim === 1)) return call.fixed(index, { dims });
  const added = rank - stored.length;
  const order = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)].filter((axis) => axis >= added).map((axis) => axis - added);
  return call.fixed(index, { transposition: order, dims });
}

/** An operator of several inputs that are stretched to one shape. */
export function joinedByValue(call: Call, opType: string, name: string, inputs: readonly number[] = [0, 1]): Flow {
  const { names, ...flow } = aligned(call, inputs);
  return { ...flow, name: call.op(opType, names, {}, name) };
}

/** An operator that works on each value alone, whatever the order of the axes. */
export function eachValue(call: Call, add: (value: string) => string): Flow {
  const flow = call.input(0);
  return { ...flow, name: add(flow.name) };
}

/** (a − b)². */
export function squaredDifference(call: Call): Flow {
  const { names, ...flow } = aligned(call, [0, 1]);
  const difference = call.op('Sub', names, {}, `${call.name}/difference`);
  return { ...flow, name: call.op('Mul', [difference, difference], {}, call.name) };
}

/** 1 / √x. */
export function inverseRoot(call: Call): Flow {
  return eachValue(call, (value) => call.op('Reciprocal', [call.op('Sqrt', [value], {}, `${call.name}/root`)], {}, call.name));
}

/** The ONNX number of an element type that a Cast may lead to. */
export const castTypes: Record<string, number | undefined> = { float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float64: 11, uint32: 12 };
