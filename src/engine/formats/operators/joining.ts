import type { Flow } from '../layers/flow.ts';
import { shown, type Call } from './call.ts';
import { openFirst } from './shaping.ts';

/** Values one after the other along an axis. */
export function joined(call: Call, flows: readonly Flow[], axis: number, name: string): Flow {
  const [first] = flows;
  const fits = first && flows.every(({ shape }) => shape.length === first.shape.length && shape.every((dim, place) => place === axis || dim === first.shape[place]));
  if (!fits) throw call.error(`its inputs do not fit together: ${flows.map(({ shape }) => shown(shape)).join(' and ')}`);
  const channelsFirst = flows.some((flow) => flow.channelsFirst);
  const names = flows.map((flow) => (channelsFirst ? call.graph.channelsFirst(flow) : flow.name));
  const shape = first.shape.map((dim, place) => (place === axis ? flows.reduce((sum, flow) => sum + flow.shape[axis]!, 0) : dim));
  const place = call.graph.axis({ ...first, channelsFirst }, axis);
  return { name: call.op('Concat', names, { axis: place }, name), shape, channelsFirst };
}

/** Parts of a value along one axis. */
function parted(call: Call, flow: Flow, axis: number, sizes: readonly number[]): Flow[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== flow.shape[axis] || sizes.length !== call.outputs || sizes.some((size) => size < 1)) {
    throw call.error(`parts of ${sizes.join(', ')} do not fit axis ${axis} of its input of ${shown(flow.shape)} and its ${call.outputs} outputs`);
  }
  const names = sizes.map((_, index) => call.graph.builder.unique(call.nameOf(index)));
  call.graph.builder.node('Split', [flow.name, call.graph.builder.ints([...sizes])], { axis: call.graph.axis(flow, axis) }, { name: names[0]!, outputs: names });
  return names.map((name, index) => ({ ...flow, name, shape: flow.shape.map((dim, place) => (place === axis ? sizes[index]! : dim)) }));
}

/** Values as the places of a new axis. */
export function stacked(call: Call, flows: readonly Flow[], at: number): Flow {
  const axis = call.axis(at, (flows[0]?.shape.length ?? 0) + 1);
  const raised = flows.map((flow) => {
    const shape = [...flow.shape.slice(0, axis), 1, ...flow.shape.slice(axis)];
    const name = call.op('Unsqueeze', [call.graph.plain(flow), call.graph.builder.ints([axis])], {}, `${call.name}/part`);
    return { name, shape, channelsFirst: false };
  });
  return joined(call, raised, axis, call.name);
}

/** The places of an axis as values of their own. */
export function unstacked(call: Call, at: number): Flow[] {
  const flow = call.input(0);
  const axis = call.axis(at, flow.shape.length);
  const value: Flow = { ...flow, name: call.graph.plain(flow), channelsFirst: false };
  return parted(call, value, axis, new Array<number>(Math.min(flow.shape[axis]!, call.outputs)).fill(1)).map((part) => {
    const shape = part.shape.filter((_, place) => place !== axis);
    return { name: call.op('Reshape', [part.name, call.graph.builder.ints(openFirst(shape))], {}, `${part.name}/part`), shape, channelsFirst: false };
  });
}

/** Equal parts; the axis is the first input. */
export function split(call: Call): Flow[] {
  const flow = call.input(1);
  const axis = call.axis(call.integer(0), flow.shape.length);
  return parted(call, flow, axis, new Array<number>(call.outputs).fill(flow.shape[axis]! / call.outputs));
}

/** Parts of given sizes, of which one may be −1: what is left. */
export function splitBySizes(call: Call): Flow[] {
  const flow = call.input(0);
  const axis = call.axis(call.integer(2), flow.shape.length);
  const sizes = call.integers(1);
  const rest = flow.shape[axis]! - sizes.filter((size) => size >= 0).reduce((sum, size) => sum + size, 0);
  return parted(call, flow, axis, sizes.map((size) => (size < 0 ? rest : size)));
}
