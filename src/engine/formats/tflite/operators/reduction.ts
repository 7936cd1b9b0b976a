import type { Flow } from '../../layers/flow.ts';
import { bounded } from './fusedActivation.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

/** A reduction over axes that the file knows; `spatial` is the operator that does it over whole pictures, where there is one. */
const reduction = (name: string, opType: string, spatial?: string): OperatorKind => ({
  name,
  build: (call) => {
    const flow = call.input(0);
    const rank = flow.shape.length;
    const axes = [...new Set(call.integers(1).map((axis) => call.axis(axis, rank)))].sort((left, right) => left - right);
    const kept = flow.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const shape = call.flag(0) ? kept : flow.shape.filter((_, axis) => !axes.includes(axis));
    if (rank === 4 && axes.join() === '1,2' && spatial !== undefined) {
      const value = call.graph.channelsFirst(flow);
      if (call.flag(0)) return { name: call.op(spatial, [value], {}, call.name), shape, channelsFirst: true };
      return { name: call.op('Flatten', [call.op(spatial, [value], {}, `${call.name}/pool`)], { axis: 1 }, call.name), shape, channelsFirst: false };
    }
    if (!flow.channelsFirst || call.flag(0)) return { name: reduce(call, opType, flow, axes, call.flag(0), call.name), shape, channelsFirst: flow.channelsFirst };
    const reduced: Flow = { name: reduce(call, opType, flow, axes, true, `${call.name}/kept`), shape: kept, channelsFirst: true };
    return { name: call.op('Reshape', [call.graph.rowMajor(reduced), call.graph.builder.ints(openFirst(shape))], {}, call.name), shape, channelsFirst: false };
  },
});

function reduce(call: OperatorCall, opType: string, flow: Flow, axes: readonly number[], keep: boolean, name: string): string {
  const places = axes.map((axis) => call.graph.axis(flow, axis));
  return call.op(opType, [flow.name, call.graph.builder.ints(places)], { keepdims: keep ? 1 : 0 }, name);
}

/** A shape whose first dimension follows from the number of elements: it is the batch nearly always. */
export function openFirst(shape: readonly number[]): number[] {
  return shape.length === 0 ? [] : [-1, ...shape.slice(1)];
}

const l2Normalization: OperatorKind = {
  name: 'L2_NORMALIZATION',
  build: (call) => {
    const flow = call.input(0);
    const { builder } = call.graph;
    const square = call.op('Mul', [flow.name, flow.name], {}, `${call.name}/square`);
    const sum = call.op('ReduceSum', [square, builder.ints([call.graph.axis(flow, -1)])], { keepdims: 1 }, `${call.name}/sum`);
    const norm = call.op('Sqrt', [call.op('Max', [sum, builder.float(1e-12)], {}, `${call.name}/least`)], {}, `${call.name}/norm`);
    const code = call.small(0);
    const scaled = call.op('Div', [flow.name, norm], {}, code === 1 ? `${call.name}/linear` : call.name);
    return { ...flow, name: code === 1 ? bounded(call, scaled, [0, Infinity], call.name) : scaled };
  },
};

const localResponse: OperatorKind = {
  name: 'LOCAL_RESPONSE_NORMALIZATION',
  build: (call) => {
    const flow = call.input(0);
    const size = 2 * call.option(0) + 1;
    if (flow.shape.length !== 4 || size < 1) throw call.error('it wants a picture and a radius');
    // ONNX divides alpha by the size of the window, TensorFlow does not.
    const attributes = { size, bias: { float: call.float(1) }, alpha: { float: call.float(2) * size }, beta: { float: call.float(3) } };
    return { name: call.op('LRN', [call.graph.channelsFirst(flow)], attributes, call.name), shape: flow.shape, channelsFirst: true };
  },
};

/** Reductions and normalisations. */
export const reductionKinds: readonly OperatorKind[] = [
  l2Normalization,
  localResponse,
  reduction('MEAN', 'ReduceMean', 'GlobalAveragePool'),
  reduction('REDUCE_MAX', 'ReduceMax', 'GlobalMaxPool'),
  reduction('REDUCE_MIN', 'ReduceMin'),
  reduction('REDUCE_PROD', 'ReduceProd'),
  reduction('SUM', 'ReduceSum'),
];
