import type { Known } from '../operators/call.ts';
import { fold, type Arithmetic } from '../operators/fold.ts';
import type { OperatorCall } from './operators/operator.ts';

/** What an operator makes of whole numbers that are known without the picture; null where it depends on it or makes others. */
export function foldOperator(call: OperatorCall, dependsOnPicture: (tensor: number) => boolean): Known | null {
  const { name, inputs, outputs } = call.operator;
  const kind = arithmetic[name];
  if (!kind || outputs.length !== 1 || !['int32', 'int64'].includes(call.output().type)) return null;
  return fold({
    kind,
    inputShape: () => call.input(0).shape,
    depends: () => dependsOnPicture(inputs[0]!),
    inputs: () => inputs.map((_, index) => (call.has(index) ? call.known(index) : null)),
    rank: () => call.output().shape.length,
    keep: () => call.flag(0),
    masks: () => call.masks,
  });
}

const arithmetic: Record<string, Arithmetic | undefined> = {
  ADD: 'add', CAST: 'cast', CONCATENATION: 'concat', EXPAND_DIMS: 'expandDims', FLOOR_DIV: 'floorDivide', GATHER: 'gather', MAXIMUM: 'maximum',
  MINIMUM: 'minimum', MUL: 'multiply', PACK: 'stack', RANK: 'rank', REDUCE_MAX: 'reduceMax', REDUCE_PROD: 'reduceProduct', RESHAPE: 'reshape',
  SHAPE: 'shape', SLICE: 'slice', SQUEEZE: 'squeeze', STRIDED_SLICE: 'stridedSlice', SUB: 'subtract', SUM: 'reduceSum',
};
