import { reduction } from '../../operators/reduction.ts';
import type { NodeKind } from '../nodeCall.ts';

const reducing = (name: string, opType: string, spatial?: string): NodeKind => ({ name, build: (call) => reduction(call, opType, call.flag('keep_dims'), { spatial }) });

/** Reductions over axes. */
export const reductionKinds: readonly NodeKind[] = [
  reducing('Max', 'ReduceMax', 'GlobalMaxPool'),
  reducing('Mean', 'ReduceMean', 'GlobalAveragePool'),
  reducing('Min', 'ReduceMin'),
  reducing('Prod', 'ReduceProd'),
  reducing('Sum', 'ReduceSum'),
];
