import { localResponse, reduction } from '../../operators/reduction.ts';
import { bounded } from './fusedActivation.ts';
import { meanOfIntegers, ofIntegers } from './integers.ts';
import type { OperatorKind } from './operator.ts';

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

const reducing = (name: string, opType: string, spatial?: string): OperatorKind => ({ name, build: (call) => reduction(call, opType, call.flag(0), { spatial }) });

/** Reductions and normalisations. */
export const reductionKinds: readonly OperatorKind[] = [
  l2Normalization,
  {
    name: 'LOCAL_RESPONSE_NORMALIZATION',
    build: (call) => localResponse(call, { radius: call.option(0), bias: call.float(1), alpha: call.float(2), beta: call.float(3) }),
  },
  {
    name: 'MEAN',
    build: (call) => (ofIntegers(call) ? meanOfIntegers(call) : reduction(call, 'ReduceMean', call.flag(0), { spatial: 'GlobalAveragePool' })),
  },
  reducing('REDUCE_MAX', 'ReduceMax', 'GlobalMaxPool'),
  reducing('REDUCE_MIN', 'ReduceMin'),
  reducing('REDUCE_PROD', 'ReduceProd'),
  reducing('SUM', 'ReduceSum'),
];
