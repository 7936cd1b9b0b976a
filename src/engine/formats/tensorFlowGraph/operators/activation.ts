import { eachValue, joinedByValue } from '../../operators/elementwise.ts';
import type { NodeCall, NodeKind } from '../nodeCall.ts';
import type { Flow } from '../../layers/flow.ts';

const simple = (name: string, opType: string): NodeKind => ({ name, build: (call) => eachValue(call, (value) => call.op(opType, [value], {}, call.name)) });

/** Along the last axis, wherever that stands. */
const alongLast = (name: string, opType: string): NodeKind => ({
  name,
  build: (call) => {
    const flow = call.input(0);
    if (flow.shape.length === 0) throw call.error('its input is a single number');
    return { ...flow, name: call.op(opType, [flow.name], { axis: call.graph.axis(flow, -1) }, call.name) };
  },
});

/** A value between two numbers that are fixed or computed. */
function clipped(call: NodeCall): Flow {
  const bound = (input: number): string => {
    const stored = call.stored(input);
    if (stored && stored.shape.some((dim) => dim !== 1)) throw call.error('its bounds are arrays; single numbers can be opened');
    return stored ? call.fixed(input, { dims: [] }) : call.input(input).name;
  };
  return eachValue(call, (value) => call.op('Clip', [value, bound(1), bound(2)], {}, call.name));
}

/** An activation that a fused operator ends with; `alpha` is the slope of a LeakyRelu. Null where it is none of these. */
export function activation(call: NodeCall, kind: string, flow: Flow, name: string): Flow | null {
  const op = (opType: string, inputs: string[] = [], attributes = {}): Flow => ({ ...flow, name: call.op(opType, [flow.name, ...inputs], attributes, name) });
  const { builder } = call.graph;
  switch (kind) {
    case 'Elu': return op('Elu');
    case 'LeakyRelu': return op('LeakyRelu', [], { alpha: { float: call.int('leakyrelu_alpha', 0.2) } });
    case 'Relu': return op('Relu');
    case 'Relu6': return op('Clip', [builder.float(0), builder.float(6)]);
    case 'Sigmoid': return op('Sigmoid');
    case 'Tanh': return op('Tanh');
    default: return null;
  }
}

/** Activations that are nodes of their own. */
export const activationKinds: readonly NodeKind[] = [
  { name: 'ClipByValue', build: clipped },
  simple('Elu', 'Elu'),
  { name: 'LeakyRelu', build: (call) => eachValue(call, (value) => call.op('LeakyRelu', [value], { alpha: { float: call.int('alpha', 0.2) } }, call.name)) },
  alongLast('LogSoftmax', 'LogSoftmax'),
  { name: 'Prelu', build: (call) => joinedByValue(call, 'PRelu', call.name) },
  simple('Relu', 'Relu'),
  { name: 'Relu6', build: (call) => activation(call, 'Relu6', call.input(0), call.name)! },
  simple('Selu', 'Selu'),
  simple('Sigmoid', 'Sigmoid'),
  alongLast('Softmax', 'Softmax'),
  simple('Softplus', 'Softplus'),
  simple('Softsign', 'Softsign'),
  simple('Tanh', 'Tanh'),
];
