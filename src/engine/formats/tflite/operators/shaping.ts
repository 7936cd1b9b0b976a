import type { Flow } from '../../layers/flow.ts';
import {
  batchToSpace, broadcastTo, expandDims, fill, filledShape, gathered, mirrored, padded, reshaped, reverse, slice, spaceToBatch, squeezed, stridedSlice, tile, transpose,
} from '../../operators/shaping.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

/** The wanted shape is an input, an option, or, where it is computed, what the file says of the output. */
function wantedShape(call: OperatorCall, flow: Flow): number[] {
  return filledShape((call.has(1) ? call.known(1)?.values : call.operator.options?.int32s(0)) ?? call.output().shape, flow);
}

/** Changes of shape, parts and paddings. */
export const shapingKinds: readonly OperatorKind[] = [
  { name: 'BATCH_TO_SPACE_ND', build: batchToSpace },
  { name: 'BROADCAST_TO', build: (call) => broadcastTo(call, call.output().shape) },
  { name: 'EXPAND_DIMS', build: expandDims },
  { name: 'FILL', build: fill },
  {
    name: 'GATHER',
    build: (call) => {
      if (call.option(1) !== 0) throw call.error('a gathering by batch cannot be opened');
      return gathered(call, call.option(0));
    },
  },
  { name: 'MIRROR_PAD', build: (call) => mirrored(call, call.small(0) === 1) },
  { name: 'PAD', build: (call) => padded(call, false) },
  { name: 'PADV2', build: (call) => padded(call, true) },
  {
    name: 'RESHAPE',
    build: (call) => {
      const flow = call.input(0);
      return reshaped(call, flow, wantedShape(call, flow));
    },
  },
  { name: 'REVERSE_V2', build: reverse },
  { name: 'SLICE', build: slice },
  { name: 'SPACE_TO_BATCH_ND', build: spaceToBatch },
  { name: 'SQUEEZE', build: (call) => squeezed(call, call.operator.options?.int32s(0) ?? []) },
  { name: 'STRIDED_SLICE', build: (call) => stridedSlice(call, call.masks) },
  { name: 'TILE', build: tile },
  { name: 'TRANSPOSE', build: transpose },
];
