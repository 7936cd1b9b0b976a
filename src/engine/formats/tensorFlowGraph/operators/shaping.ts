import { joined, split, splitBySizes, stacked, unstacked } from '../../operators/joining.ts';
import { rearrangedBlocks, resized } from '../../operators/resizing.ts';
import {
  batchToSpace, broadcastTo, expandDims, fill, filledShape, gathered, mirrored, padded, reshaped, reverse, slice, spaceToBatch, squeezed, stridedSlice, tile, transpose,
} from '../../operators/shaping.ts';
import type { NodeCall, NodeKind } from '../nodeCall.ts';

const resize = (name: string, nearest: boolean): NodeKind => ({
  name,
  build: (call) => resized(call, nearest, { corners: call.flag('align_corners'), centres: call.flag('half_pixel_centers') }),
});

/** Joins all inputs but the one that says the axis. */
const concatenation = (name: string, axisFirst: boolean): NodeKind => ({
  name,
  build: (call) => {
    const last = call.keys.length - 1;
    const axis = call.integer(axisFirst ? 0 : last);
    const flows = call.keys.flatMap((_, index) => (index === (axisFirst ? 0 : last) ? [] : [call.input(index)]));
    return joined(call, flows, call.axis(axis, flows[0]?.shape.length ?? 0), call.name);
  },
});

function gatheredAlong(call: NodeCall): ReturnType<typeof gathered> {
  if (call.int('batch_dims', 0) !== 0) throw call.error('a gathering by batch cannot be opened');
  return gathered(call, call.keys.length > 2 ? call.integer(2) : 0);
}

/** Changes of shape, parts, paddings and joins. */
export const shapingKinds: readonly NodeKind[] = [
  { name: 'BatchToSpaceND', build: batchToSpace },
  { name: 'BroadcastTo', build: (call) => broadcastTo(call, call.integers(1)) },
  concatenation('Concat', true),
  concatenation('ConcatV2', false),
  { name: 'DepthToSpace', build: (call) => rearrangedBlocks(call, true, call.int('block_size', 0)) },
  { name: 'ExpandDims', build: expandDims },
  { name: 'Fill', build: fill },
  { name: 'Gather', build: gatheredAlong },
  { name: 'GatherV2', build: gatheredAlong },
  { name: 'MirrorPad', build: (call) => mirrored(call, call.text('mode') === 'SYMMETRIC') },
  { name: 'Pack', build: (call) => stacked(call, call.inputs, call.int('axis', 0)) },
  { name: 'Pad', build: (call) => padded(call, false) },
  { name: 'PadV2', build: (call) => padded(call, true) },
  {
    name: 'Reshape',
    build: (call) => {
      const flow = call.input(0);
      return reshaped(call, flow, filledShape(call.integers(1), flow));
    },
  },
  resize('ResizeBilinear', false),
  resize('ResizeNearestNeighbor', true),
  { name: 'ReverseV2', build: reverse },
  { name: 'Slice', build: slice },
  { name: 'SpaceToBatchND', build: spaceToBatch },
  { name: 'SpaceToDepth', build: (call) => rearrangedBlocks(call, false, call.int('block_size', 0)) },
  { name: 'Split', build: split },
  { name: 'SplitV', build: splitBySizes },
  { name: 'Squeeze', build: (call) => squeezed(call, call.ints('squeeze_dims')) },
  { name: 'StridedSlice', build: (call) => stridedSlice(call, call.masks) },
  { name: 'Tile', build: tile },
  { name: 'Transpose', build: transpose },
  { name: 'Unpack', build: (call) => unstacked(call, call.int('axis', 0)) },
];
