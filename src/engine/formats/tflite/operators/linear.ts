import type { Flow } from '../../layers/flow.ts';
import { range } from '../../layers/flow.ts';
import { biasOf } from './convolution.ts';
import { broadcastShape } from './elementwise.ts';
import { activated } from './fusedActivation.ts';
import { shown, type OperatorCall, type OperatorKind } from './operator.ts';

const fullyConnected: OperatorKind = {
  name: 'FULLY_CONNECTED',
  build: (call) => {
    const flow = call.input(0);
    const { shape, name } = call.tensor(1);
    const [outputs, inputs] = shape as [number, number];
    const total = flow.shape.reduce((product, dim) => product * dim, 1);
    if (shape.length !== 2 || outputs < 1 || inputs < 1 || total % inputs !== 0) throw call.error(`its weights ${name} of ${shown(shape)} do not fit its input of ${shown(flow.shape)}`);
    if (call.small(1) !== 0) throw call.error('its weights are stored in an order for one processor alone');
    const rows = total / inputs;
    const flat = flow.shape.length === 2 && flow.shape[1] === inputs;
    const value = flat ? call.graph.plain(flow) : call.op('Reshape', [call.graph.rowMajor(flow), call.graph.builder.ints([-1, inputs])], {}, `${call.name}/rows`);
    const keep = call.flag(2) && flow.shape.length > 2;
    const weights = call.stored(1) ? call.fixed(1) : call.graph.plain(call.input(1));
    return activated(call, call.small(0), (result) => {
      const input = call.layerInput(value, [0, 1], [1]);
      const made = call.op('Gemm', [input, weights, ...biasOf(call, 2, outputs)], { transB: 1 }, keep ? `${result}/product` : result);
      if (!keep) return { name: made, shape: [rows, outputs], channelsFirst: false };
      const whole = [...flow.shape.slice(0, -1), outputs];
      return { name: call.op('Reshape', [made, call.graph.builder.ints([-1, ...whole.slice(1)])], {}, result), shape: whole, channelsFirst: false };
    });
  },
};

/** The last two axes exchanged where the operator says so. */
function factor(call: OperatorCall, index: number, exchanged: boolean): { name: string; shape: number[] } {
  const flow: Flow = call.input(index);
  const rank = flow.shape.length;
  if (rank < 2) throw call.error(`its input has the shape ${shown(flow.shape)}, it wants 2 axes or more`);
  const name = call.graph.plain(flow);
  if (!exchanged) return { name, shape: flow.shape };
  const order = [...range(0, rank - 2), rank - 1, rank - 2];
  return { name: call.op('Transpose', [name], { perm: order }, `${call.name}/exchanged`), shape: order.map((axis) => flow.shape[axis]!) };
}

const batchMatMul: OperatorKind = {
  name: 'BATCH_MATMUL',
  build: (call) => {
    const left = factor(call, 0, call.flag(0));
    const right = factor(call, 1, call.flag(1));
    const batch = broadcastShape(call, [left.shape.slice(0, -2), right.shape.slice(0, -2)]);
    if (left.shape.at(-1) !== right.shape.at(-2)) throw call.error(`its inputs do not fit together: ${shown(left.shape)} and ${shown(right.shape)}`);
    const value = call.layerInput(left.name, [0, 1], [left.shape.length - 1]);
    return { name: call.op('MatMul', [value, right.name], {}, call.name), shape: [...batch, left.shape.at(-2)!, right.shape.at(-1)!], channelsFirst: false };
  },
};

/** Matrix products. */
export const linearKinds: readonly OperatorKind[] = [batchMatMul, fullyConnected];
