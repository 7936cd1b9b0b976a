import type { Known } from '../operators/call.ts';
import { fold, type Arithmetic } from '../operators/fold.ts';
import type { NodeCall } from './nodeCall.ts';

/** What a node makes of whole numbers that are known without the picture; null where it depends on it or makes others. */
export function foldNode(call: NodeCall, dependsOnPicture: (key: string) => boolean): Known | null {
  const { op } = call.node;
  const kind = arithmetic[op];
  if (!kind || (op === 'Cast' && !['int32', 'int64'].includes(call.type('DstT')))) return null;
  // What only sets an axis is left out.
  const inputs = call.keys.slice(0, op === 'ConcatV2' ? -1 : undefined).map((_, index) => index);
  return fold({
    kind,
    inputShape: () => call.input(0).shape,
    depends: () => dependsOnPicture(call.keys[0] ?? ''),
    inputs: () => inputs.map((index) => call.known(index)),
    rank: () => call.known(1)?.values.length ?? Infinity,
    keep: () => call.flag('keep_dims'),
    masks: () => call.masks,
  });
}

const arithmetic: Record<string, Arithmetic | undefined> = {
  Add: 'add', AddV2: 'add', Cast: 'cast', ConcatV2: 'concat', ExpandDims: 'expandDims', FloorDiv: 'floorDivide', GatherV2: 'gather', Max: 'reduceMax',
  Maximum: 'maximum', Minimum: 'minimum', Mul: 'multiply', Pack: 'stack', Prod: 'reduceProduct', Rank: 'rank', Reshape: 'reshape', Shape: 'shape',
  Slice: 'slice', Squeeze: 'squeeze', StridedSlice: 'stridedSlice', Sub: 'subtract', Sum: 'reduceSum',
};
