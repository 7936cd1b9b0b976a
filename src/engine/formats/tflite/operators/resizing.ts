import { rearrangedBlocks, resized } from '../../operators/resizing.ts';
import type { OperatorKind } from './operator.ts';

/** Operators that change a picture's size. */
export const resizingKinds: readonly OperatorKind[] = [
  { name: 'DEPTH_TO_SPACE', build: (call) => rearrangedBlocks(call, true, call.option(0)) },
  { name: 'RESIZE_BILINEAR', build: (call) => resized(call, false, { corners: call.flag(2), centres: call.flag(3) }) },
  { name: 'RESIZE_NEAREST_NEIGHBOR', build: (call) => resized(call, true, { corners: call.flag(0), centres: call.flag(1) }) },
  { name: 'SPACE_TO_DEPTH', build: (call) => rearrangedBlocks(call, false, call.option(0)) },
];
