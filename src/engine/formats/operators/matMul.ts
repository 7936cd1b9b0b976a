import { range } from '../layers/flow.ts';
import type { Flow } from '../layers/flow.ts';
import { shown, type Call } from './call.ts';
import { broadcastShape } from './elementwise.ts';

/** The last two axes exchanged where the operator says so. */
function factor(call: Call, index: number, exchanged: boolean): { name: string; shape: number[] } {
  const flow: Flow = call.input(index);
  const rank = flow.shape.length;
  if (rank < 2) throw call.error(`its input has the shape ${shown(flow.shape)}, it wants 2 axes or more`);
  const name = call.graph.plain(flow);
  if (!exchanged) return { name, shape: flow.shape };
  const order = [...range(0, rank - 2), rank - 1, rank - 2];
  return { name: call.op('Transpose', [name], { perm: order }, `${call.name}/exchanged`), shape: order.map((axis) => flow.shape[axis]!) };
}

/**
 * A matrix product over the last two axes, which may be exchanged in either factor first. `layerInput` changes the left factor's
 * value, which has its rank.
 */
export function batchMatMul(call: Call, exchanged: readonly [boolean, boolean], layerInput: (value: string, rank: number) => string = (value) => value): Flow {
  const left = factor(call, 0, exchanged[0]);
  const right = factor(call, 1, exchanged[1]);
  const batch = broadcastShape(call, [left.shape.slice(0, -2), right.shape.slice(0, -2)]);
  if (left.shape.at(-1) !== right.shape.at(-2)) throw call.error(`its inputs do not fit together: ${shown(left.shape)} and ${shown(right.shape)}`);
  const value = layerInput(left.name, left.shape.length);
  return { name: call.op('MatMul', [value, right.name], {}, call.name), shape: [...batch, left.shape.at(-2)!, right.shape.at(-1)!], channelsFirst: false };
}
