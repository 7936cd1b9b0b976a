import { range, type Flow } from '../layers/flow.ts';
import { shown, type Call } from './call.ts';

/** A shape whose first dimension follows from the number of elements: it is the batch nearly always. */
export function openFirst(shape: readonly number[]): number[] {
  return shape.length === 0 ? [] : [-1, ...shape.slice(1)];
}

/** The elements in the order of the file's axes, in another shape. */
export function reshaped(call: Call, flow: Flow, shape: number[]): Flow {
  const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
  if (size(flow.shape) !== size(shape)) throw call.error(`its input of ${shown(flow.shape)} does not fit the shape ${shown(shape)}`);
  if (flow.shape.join() === shape.join()) return flow;
  return { name: call.op('Reshape', [call.graph.rowMajor(flow), call.graph.builder.ints(openFirst(shape))], {}, call.name), shape, channelsFirst: false };
}

/** A shape in which −1 stands for what is left of the value's elements. */
export function filledShape(wanted: readonly number[], flow: Flow): number[] {
  const rest = wanted.filter((dim) => dim !== -1).reduce((product, dim) => product * dim, 1);
  const total = flow.shape.reduce((product, dim) => product * dim, 1);
  return wanted.map((dim) => (dim === -1 ? total / rest : dim));
}

/** A value with an axis of length one more, at the place that the second input says. */
export function expandDims(call: Call): Flow {
  const flow = call.input(0);
  const axis = call.axis(call.integer(1), flow.shape.length + 1);
  return reshaped(call, flow, [...flow.shape.slice(0, axis), 1, ...flow.shape.slice(axis)]);
}

/** A value without axes of length one: those that are given, or all. */
export function squeezed(call: Call, given: readonly number[]): Flow {
  const flow = call.input(0);
  const axes = given.map((axis) => call.axis(axis, flow.shape.length));
  return reshaped(call, flow, flow.shape.filter((dim, axis) => (axes.length > 0 ? !axes.includes(axis) : dim !== 1)));
}

/** The axes in another order, which the second input gives. */
export function transpose(call: Call): Flow {
  const flow = call.input(0);
  const order = call.integers(1);
  if ([...order].sort((left, right) => left - right).join() !== range(0, flow.shape.length).join()) throw call.error(`the order ${shown(order)} does not fit its input of ${shown(flow.shape)}`);
  return { name: call.op('Transpose', [call.graph.plain(flow)], { perm: order }, call.name), shape: order.map((axis) => flow.shape[axis]!), channelsFirst: false };
}

/** Numbers that go along the file's axes, in the order of the graph's. */
function inGraphOrder<Item>(call: Call, flow: Flow, items: readonly Item[]): Item[] {
  const result = [...items];
  for (const [axis, item] of items.entries()) result[call.graph.axis(flow, axis)] = item;
  return result;
}

/** A value with places added at its edges; what stands there is zero, or the third input's number where `given`. */
export function padded(call: Call, given: boolean): Flow {
  const flow = call.input(0);
  const pads = paddings(call, flow);
  if (pads.some(([before, after]) => before < 0 || after < 0)) throw call.error('a padding is below zero');
  const shape = flow.shape.map((dim, axis) => dim + pads[axis]![0] + pads[axis]![1]);
  const order = inGraphOrder(call, flow, pads);
  const inputs = [flow.name, call.graph.builder.ints([...order.map(([before]) => before), ...order.map(([, after]) => after)])];
  if (given) inputs.push(call.stored(2) ? call.fixed(2, { dims: [] }) : call.input(2).name);
  return { ...flow, shape, name: call.op('Pad', inputs, { mode: 'constant' }, call.name) };
}

/** Places before and after, for each axis. */
function paddings(call: Call, flow: Flow): [number, number][] {
  const known = call.integers(1);
  if (known.length !== 2 * flow.shape.length) throw call.error(`its paddings do not fit its input of ${shown(flow.shape)}`);
  return flow.shape.map((_, axis) => [known[2 * axis]!, known[2 * axis + 1]!]);
}

/** Mirrored at the edge's middle (reflect) or at the edge itself (symmetric), axis by axis. */
export function mirrored(call: Call, symmetric: boolean): Flow {
  const flow = call.input(0);
  const shape = [...flow.shape];
  let name = flow.name;
  const pads = paddings(call, flow);
  const last = pads.findLastIndex(([before, after]) => before + after > 0);
  for (const [axis, [before, after]] of pads.entries()) {
    if (before + after === 0) continue;
    const size = shape[axis]!;
    if (Math.min(before, after) < 0 || Math.max(before, after) > (symmetric ? size : size - 1)) throw call.error(`a padding of ${before} and ${after} is more than an axis of ${size} can mirror`);
    const places = range(-before, size + after).map((place) => (place < 0 ? -place - (symmetric ? 1 : 0) : place >= size ? 2 * size - place - (symmetric ? 1 : 2) : place));
    name = call.op('Gather', [name, call.graph.builder.ints(places)], { axis: call.graph.axis(flow, axis) }, axis === last ? call.name : `${call.name}/axis_${axis}`);
    shape[axis] = places.length;
  }
  return { ...flow, name, shape };
}

interface Cut {
  start: number;
  end: number;
  step: number;
}

/** A part of a value; axes that stay whole, the batch among them, are not named. */
function sliced(call: Call, flow: Flow, cuts: readonly Cut[], name: string): Flow {
  const shape = cuts.map(({ start, end, step }) => Math.max(0, Math.ceil((end - start) / step)));
  const axes = range(0, cuts.length).filter((axis) => shape[axis] !== flow.shape[axis] || cuts[axis]!.step !== 1);
  if (shape.includes(0)) throw call.error(`it takes nothing from its input of ${shown(flow.shape)}`);
  if (axes.length === 0) return flow;
  const { builder } = call.graph;
  const inputs = [
    flow.name, builder.ints(axes.map((axis) => cuts[axis]!.start)),
    // Going backwards, the place before the first has no number of its own.
    builder.ints(axes.map((axis) => (cuts[axis]!.end < 0 ? -(2 ** 31) : cuts[axis]!.end))),
    builder.ints(axes.map((axis) => call.graph.axis(flow, axis))), builder.ints(axes.map((axis) => cuts[axis]!.step)),
  ];
  return { ...flow, shape, name: call.op('Slice', inputs, {}, name) };
}

/** The part that begins at the second input and has the size of the third. */
export function slice(call: Call): Flow {
  const flow = call.input(0);
  const begin = call.integers(1);
  const size = call.integers(2);
  const cuts = flow.shape.map((dim, axis) => ({ start: begin[axis]!, end: size[axis] === -1 ? dim : begin[axis]! + size[axis]!, step: 1 }));
  if (begin.length !== cuts.length || size.length !== cuts.length || cuts.some(({ start, end }, axis) => start < 0 || end > flow.shape[axis]!)) {
    throw call.error(`the part ${shown(begin)}, ${shown(size)} does not lie in its input of ${shown(flow.shape)}`);
  }
  return sliced(call, flow, cuts, call.name);
}

/** Where a strided slice begins and ends along one axis of so many places, as TensorFlow counts. */
export function stridedCut(size: number, { begin, end, step, openBegin, openEnd, single }: { begin: number; end: number; step: number; openBegin: boolean; openEnd: boolean; single: boolean }): Cut {
  const place = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, step > 0 ? 0 : -1), step > 0 ? size : size - 1);
  if (single) {
    const start = begin < 0 ? begin + size : begin;
    return { start, end: start + 1, step: 1 };
  }
  return { start: openBegin ? (step > 0 ? 0 : size - 1) : place(begin), end: openEnd ? (step > 0 ? size : -1) : place(end), step };
}

/** Bits of a strided slice, one an axis. */
export interface StridedMasks {
  begin: number;
  end: number;
  ellipsis: number;
  newAxis: number;
  shrink: number;
}

const bit = (mask: number, place: number): boolean => ((mask >> place) & 1) === 1;

/** What becomes of an axis in a strided slice: cut, cut to one place and dropped, or an axis that is new. */
type StridedAxis = { cut: Cut; dropped: boolean } | 'new';

/** The axes of a strided slice, with those that an ellipsis or the end of the list leaves whole. */
function stridedAxes(call: Call, shape: readonly number[], masks: StridedMasks): StridedAxis[] {
  const [begin, end, steps] = [call.integers(1), call.integers(2), call.integers(3)];
  const cutting = begin.filter((_, place) => !bit(masks.ellipsis, place) && !bit(masks.newAxis, place)).length;
  if (cutting > shape.length || end.length !== begin.length || steps.length !== begin.length || steps.includes(0)) throw call.error(`its parts do not fit its input of ${shown(shape)}`);
  const axes: StridedAxis[] = [];
  let axis = 0;
  const whole = (count: number): void => {
    for (const size of shape.slice(axis, axis + count)) axes.push({ cut: { start: 0, end: size, step: 1 }, dropped: false });
    axis += count;
  };
  for (const place of begin.keys()) {
    if (bit(masks.ellipsis, place)) whole(shape.length - cutting);
    else if (bit(masks.newAxis, place)) axes.push('new');
    else {
      const size = shape[axis++];
      if (size === undefined) throw call.error(`its parts do not fit its input of ${shown(shape)}`);
      const dropped = bit(masks.shrink, place);
      const cut = stridedCut(size, { begin: begin[place]!, end: end[place]!, step: steps[place]!, openBegin: bit(masks.begin, place), openEnd: bit(masks.end, place), single: dropped });
      if (dropped && (cut.start < 0 || cut.start >= size)) throw call.error(`it takes a place outside of its input of ${shown(shape)}`);
      axes.push({ cut, dropped });
    }
  }
  whole(shape.length - axis);
  return axes;
}

/** A part with a beginning, an end and a step along each axis; places may be dropped and axes of length one added. */
export function stridedSlice(call: Call, masks: StridedMasks): Flow {
  const flow = call.input(0);
  const axes = stridedAxes(call, flow.shape, masks);
  const kept = axes.flatMap((axis) => (axis === 'new' ? [] : [axis]));
  const changes = axes.some((axis) => axis === 'new' || axis.dropped);
  const part = sliced(call, flow, kept.map(({ cut }) => cut), changes ? `${call.name}/part` : call.name);
  const sizes = part.shape.values();
  return reshaped(call, part, axes.flatMap((axis) => {
    if (axis === 'new') return [1];
    const size = sizes.next().value!;
    return axis.dropped ? [] : [size];
  }));
}

/** The places along an axis that the second input names. */
export function gathered(call: Call, at: number): Flow {
  const flow = call.input(0);
  const axis = call.axis(at, flow.shape.length);
  const indices = call.input(1);
  const shape = [...flow.shape.slice(0, axis), ...indices.shape, ...flow.shape.slice(axis + 1)];
  const keeps = indices.shape.length === 1;
  const name = call.op('Gather', [keeps ? flow.name : call.graph.plain(flow), call.graph.plain(indices)], { axis: keeps ? call.graph.axis(flow, axis) : axis }, call.name);
  return { name, shape, channelsFirst: keeps && flow.channelsFirst };
}

/** A value stretched to a shape: the second input, or `otherwise` where that is computed. */
export function broadcastTo(call: Call, otherwise: readonly number[]): Flow {
  const flow = call.input(0);
  const known = call.known(1);
  const shape = [...(known?.values ?? otherwise)];
  const whole = [...new Array<number>(Math.max(0, shape.length - flow.shape.length)).fill(1), ...flow.shape];
  if (whole.length !== shape.length || whole.some((dim, axis) => dim !== 1 && dim !== shape[axis])) throw call.error(`its input of ${shown(flow.shape)} cannot be stretched to ${shown(shape)}`);
  // One leaves an axis as it is: so the batch stays open.
  const wanted = shape.map((dim, axis) => (whole[axis] === dim ? 1 : dim));
  return { name: call.op('Expand', [call.graph.plain(flow), call.sizes(wanted, known?.batch, call.name)], {}, call.name), shape, channelsFirst: false };
}

/** A value repeated along each axis. */
export function tile(call: Call): Flow {
  const flow = call.input(0);
  const { values: times, batch } = call.known(1) ?? { values: call.integers(1) };
  if (times.length !== flow.shape.length || times.some((count) => count < 1)) throw call.error(`${shown(times)} times does not fit its input of ${shown(flow.shape)}`);
  const name = call.op('Tile', [call.graph.plain(flow), call.sizes(times, batch, call.name)], {}, call.name);
  return { name, shape: flow.shape.map((dim, axis) => dim * times[axis]!), channelsFirst: false };
}

/** One number in every place of a shape. */
export function fill(call: Call): Flow {
  const known = call.known(0);
  const shape = known?.values ?? call.integers(0);
  if (shape.some((dim) => dim < 1)) throw call.error(`its shape ${shown(shape)} cannot be`);
  const value = call.stored(1) ? call.fixed(1) : call.input(1).name;
  return { name: call.op('Expand', [value, call.sizes(shape, known?.batch, call.name)], {}, call.name), shape, channelsFirst: false };
}

/** A value cut into blocks that become pictures of their own, and back: how older converters write dilated convolutions. */
export function spaceToBatch(call: Call): Flow {
  const flow = call.input(0);
  const blocks = call.integers(1);
  const pads = call.integers(2);
  const [batch, , , channels] = flow.shape as [number, number, number, number];
  const spatial = flow.shape.slice(1, 3).map((dim, axis) => dim + pads[2 * axis]! + pads[2 * axis + 1]!);
  if (flow.shape.length !== 4 || !blocksFit(blocks, pads) || spatial.some((dim, axis) => dim % blocks[axis]! !== 0)) throw call.error(`its blocks do not fit its input of ${shown(flow.shape)}`);
  const [down, right] = blocks as [number, number];
  const [height, width] = [spatial[0]! / down, spatial[1]! / right];
  const { builder } = call.graph;
  const padded = call.op('Pad', [call.graph.plain(flow), builder.ints([0, pads[0]!, pads[2]!, 0, 0, pads[1]!, pads[3]!, 0])], { mode: 'constant' }, `${call.name}/padded`);
  const cut = call.op('Reshape', [padded, builder.ints([-1, height, down, width, right, channels])], {}, `${call.name}/blocks`);
  const moved = call.op('Transpose', [cut], { perm: [2, 4, 0, 1, 3, 5] }, `${call.name}/moved`);
  const shape = [batch * down * right, height, width, channels];
  return { name: call.op('Reshape', [moved, builder.ints(openFirst(shape))], {}, call.name), shape, channelsFirst: false };
}

/** The way back from `spaceToBatch`. */
export function batchToSpace(call: Call): Flow {
  const flow = call.input(0);
  const blocks = call.integers(1);
  const crops = call.integers(2);
  const [batch, height, width, channels] = flow.shape as [number, number, number, number];
  if (flow.shape.length !== 4 || !blocksFit(blocks, crops) || batch % (blocks[0]! * blocks[1]!) !== 0) throw call.error(`its blocks do not fit its input of ${shown(flow.shape)}`);
  const [down, right] = blocks as [number, number];
  const { builder } = call.graph;
  const cut = call.op('Reshape', [call.graph.plain(flow), builder.ints([down, right, -1, height, width, channels])], {}, `${call.name}/blocks`);
  const moved = call.op('Transpose', [cut], { perm: [2, 3, 0, 4, 1, 5] }, `${call.name}/moved`);
  const shape = [batch / (down * right), height * down, width * right, channels];
  const whole: Flow = { name: call.op('Reshape', [moved, builder.ints(openFirst(shape))], {}, `${call.name}/whole`), shape, channelsFirst: false };
  return sliced(call, whole, shape.map((size, axis) => (axis === 1 || axis === 2 ? { start: crops[2 * axis - 2]!, end: size - crops[2 * axis - 1]!, step: 1 } : { start: 0, end: size, step: 1 })), call.name);
}

function blocksFit(blocks: readonly number[], edges: readonly number[]): boolean {
  return blocks.length === 2 && blocks.every((size) => size >= 1) && edges.length === 4 && edges.every((size) => size >= 0);
}

/** The order of the places along some axes turned round. */
export function reverse(call: Call): Flow {
  const flow = call.input(0);
  const axes = call.integers(1).map((axis) => call.axis(axis, flow.shape.length));
  return sliced(call, flow, flow.shape.map((size, axis) => (axes.includes(axis) ? { start: size - 1, end: -1, step: -1 } : { start: 0, end: size, step: 1 })), call.name);
}
