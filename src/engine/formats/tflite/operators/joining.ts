import { joined, split, splitBySizes, stacked, unstacked } from '../../operators/joining.ts';
import { activated } from './fusedActivation.ts';
import type { OperatorKind } from './operator.ts';

const concatenation: OperatorKind = {
  name: 'CONCATENATION',
  build: (call) => activated(call, call.small(1), (result) => {
    const flows = call.inputs;
    return joined(call, flows, call.axis(call.option(0), flows[0]?.shape.length ?? 0), result);
  }),
};

/** Operators that join values or take them apart. */
export const joiningKinds: readonly OperatorKind[] = [
  concatenation,
  { name: 'PACK', build: (call) => stacked(call, call.inputs, call.option(1)) },
  { name: 'SPLIT', build: split },
  { name: 'SPLIT_V', build: splitBySizes },
  { name: 'UNPACK', build: (call) => unstacked(call, call.option(1)) },
];
