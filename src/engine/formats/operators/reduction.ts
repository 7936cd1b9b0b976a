import type { Flow } from '../layers/flow.ts';
import type { Call } from './call.ts';
import { openFirst } from './shaping.ts';

/**
 * A reduction over axes that the file knows, of the first input or the `flow` that stands for it; `spatial` is the operator
 * that does it over whole pictures, where there is one.
 */
export function reduction(call: Call, opType: string, keep: boolean, { spatial, flow = call.input(0) }: { spatial?: string | undefined; flow?: Flow } = {}): Flow {
  const rank = flow.shape.length;
  const axes = [...new Set(call.integers(1).map((axis) => call.axis(axis, rank)))].sort((left, right) => left - right);
  const kept = flow.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const shape = keep ? kept : flow.shape.filter((_, axis) => !axes.includes(axis));
  if (rank === 4 && axes.join() === '1,2' && spatial !== undefined) {
    const value = call.graph.channelsFirst(flow);
    if (keep) return { name: call.op(spatial, [value], {}, call.name), shape, channelsFirst: true };
    return { name: call.op('Flatten', [call.op(spatial, [value], {}, `${call.name}/pool`)], { axis: 1 }, call.name), shape, channelsFirst: false };
  }
  if (!flow.channelsFirst || keep) return { name: reduce(call, opType, flow, axes, keep, call.name), shape, channelsFirst: flow.channelsFirst };
  const reduced: Flow = { name: reduce(call, opType, flow, axes, true, `${call.name}/kept`), shape: kept, channelsFirst: true };
  return { name: call.op('Reshape', [call.graph.rowMajor(reduced), call.graph.builder.ints(openFirst(shape))], {}, call.name), shape, channelsFirst: false };
}

function reduce(call: Call, opType: string, flow: Flow, axes: readonly number[], keep: boolean, name: string): string {
  const places = axes.map((axis) => call.graph.axis(flow, axis));
  return call.op(opType, [flow.name, call.graph.builder.ints(places)], { keepdims: keep ? 1 : 0 }, name);
}

/** Local response normalisation over `2 · radius + 1` channels. ONNX divides alpha by the size of the window, TensorFlow does not. */
export function localResponse(call: Call, { radius, bias, alpha, beta }: { radius: number; bias: number; alpha: number; beta: number }): Flow {
  const flow = call.input(0);
  const size = 2 * radius + 1;
  if (flow.shape.length !== 4 || size < 1) throw call.error('it wants a picture and a radius');
  const attributes = { size, bias: { float: bias }, alpha: { float: alpha * size }, beta: { float: beta } };
  return { name: call.op('LRN', [call.graph.channelsFirst(flow)], attributes, call.name), shape: flow.shape, channelsFirst: true };
}
