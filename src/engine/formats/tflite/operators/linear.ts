import { shown } from '../../operators/call.ts';
import { batchMatMul } from '../../operators/matMul.ts';
import { biasOf } from './convolution.ts';
import { activated } from './fusedActivation.ts';
import type { OperatorKind } from './operator.ts';

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

/** Matrix products. */
export const linearKinds: readonly OperatorKind[] = [
  { name: 'BATCH_MATMUL', build: (call) => batchMatMul(call, [call.flag(0), call.flag(1)], (value, rank) => call.layerInput(value, [0, 1], [rank - 1])) },
  fullyConnected,
];
